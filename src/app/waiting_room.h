// The time between opening a store and being able to serve from it: a database that is not adopted,
// or whose indexes are being built. The server's addresses answer already: /livez 200, everything
// else 503 with the reason. With store.adopt_on_start the adoption runs here.
//
//     WaitingRoom room(config, listen_room, engine);
//     auto usable = room.Wait();             // false: a signal came
//     …
//     auto listeners = room.TakeListeners();  // and lead them to the service; the room outlives it
//
// Threads: one; the answers come on threads of its own.
#pragma once

#include <memory>

#include "app/listen.h"
#include "base/result.h"
#include "config/config.h"
#include "store/engine.h"

namespace barracuda::app {

class WaitingRoom {
public:
    // Nothing is opened yet. All three live longer than the room.
    WaitingRoom(const config::Config& config, const ListenRoom& room, store::Engine& engine);
    ~WaitingRoom();

    // Blocks until the server can go on. True as soon as the store takes writes, which somebody
    // else may bring about; at once where it does already. False: a signal came first. Errors: an
    // address cannot be listened on, or the adoption has failed for good (kInvalid, kForbidden,
    // kInternal).
    Result<bool> Wait();

    // Open since the wait, so that nobody meets a closed door in between, and answering 503 until
    // they are led elsewhere. Where there was no wait they are opened now.
    Result<std::unique_ptr<Listeners>> TakeListeners();

private:
    class Reason;

    const config::Config& config_;
    const ListenRoom room_;
    store::Engine& engine_;
    std::unique_ptr<Reason> reason_;
    std::unique_ptr<Listeners> listeners_;
};

}  // namespace barracuda::app

// The received log: every write request and how it ended, for "did your postback arrive?".
//
// Taken on the io thread as plain values (a few moves), encoded on the log's own thread. It holds
// no secret (a key is named, never shown) and nothing of the persons behind the forms: of those
// requests no address and no value is kept. docs/formats/logs.md has the fields.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/object_id.h"
#include "base/time.h"
#include "domain/decide.h"
#include "store/log_writer.h"

namespace barracuda::api {

struct Service;
struct Call;

struct Received {
    static constexpr size_t kBodyBytesMax = 1024;

    const char* route = nullptr;  // a literal; nullptr: this request is not logged
    Time at{};
    std::string method{};
    std::string address{};  // the client's; empty for forms
    int status = 0;
    int64_t took_ms = 0;
    std::string refusal{};     // the answer's body when it is no 2xx, cut
    const char* verdict = "";  // a literal; empty: nothing was decided
    bool is_duplicate = false;
    domain::ConversionKey key{};
    std::optional<ObjectId> command{};
    std::string by{};
    std::vector<std::string> trace{};
    std::vector<domain::Conflict> conflicts{};
};

using ReceivedLog = store::LogWriter<Received>;

store::LogEntry EncodeReceived(const Received& received);

// From now on `call`'s answer is logged under `route`; `respond` is already in place.
void LogAnswer(Service& service, Call& call, const char* route);

// What decide() said, before the answer is given. `trace` is left to the call when it explains.
void NoteDecision(Call& call, domain::Decision& decision);

}  // namespace barracuda::api

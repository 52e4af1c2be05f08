// EventHub: tells pages that listen what happens (GET /api/admin/events, server-sent events). A
// page only learns by it that something has changed, and asks the routes what: so an event may be
// left out as long as the page is told to look anew (`reload`).
//
//     if (hub.Wanted()) hub.Publish(Topic::kConversion, json);   // one object, on one line
//
// While nobody listens an event costs one relaxed load. Everything is bounded: listeners, and what
// waits for each. One that reads too slowly loses what waits and gets `reload` in its place.
//
// Threads: every method from any; a thread of its own, `events`, writes. Events are of this node.
#pragma once

#include <atomic>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/repeater.h"
#include "base/thread_safety.h"
#include "http/response.h"

namespace barracuda::api {

enum class Topic { kConversion, kReceived, kDelivery, kNetwork, kJob };
inline constexpr Topic kTopics[] = {
    Topic::kConversion, Topic::kReceived, Topic::kDelivery, Topic::kNetwork, Topic::kJob};
const char* NameOf(Topic topic);

struct EventOptions {
    size_t listeners_max = 64;
    size_t waiting_max = 256;              // events of one listener, and those kept for a return
    std::chrono::milliseconds every{200};  // writes to one listener
    std::chrono::milliseconds ping{15'000};
    std::chrono::milliseconds life{300'000};  // then it comes back, and says again who it is
};

class EventHub {
public:
    explicit EventHub(EventOptions options = {});
    ~EventHub();

    void Start();
    void Stop();  // ends every stream; no listener is taken any more

    bool Wanted() const { return wanted_.load(std::memory_order_relaxed); }
    void Publish(Topic topic, std::string data);

    // A stream of these topics, for http::Response. `last_id`: of the last event that was had,
    // where somebody comes back; empty: nobody did. nullopt: as many listen as may.
    std::optional<std::function<void(http::NextChunk)>> Listen(
        std::vector<Topic> topics, std::string_view last_id
    );

private:
    using Clock = std::chrono::steady_clock;
    struct Event {
        uint64_t number;
        Topic topic;
        std::string data;
    };
    struct Listener;

    void Step();
    void Resume(Listener& listener, std::string_view last_id) REQUIRES(mutex_);
    void Add(Listener& listener, const Event& event) REQUIRES(mutex_);
    void DropGone() REQUIRES(mutex_);
    std::string TextOf(const char* name, uint64_t number, std::string_view data) const;

    const EventOptions options_;
    const std::string boot_;  // tells the numbers of this start from another's
    std::atomic<bool> wanted_ = false;
    mutable Mutex mutex_;
    bool stopped_ GUARDED_BY(mutex_) = false;
    uint64_t number_ GUARDED_BY(mutex_) = 0;  // of the last event, or of a gap
    std::deque<Event> recent_ GUARDED_BY(mutex_);
    uint64_t gap_ GUARDED_BY(mutex_) = 0;  // nothing up to here can be told again
    std::vector<std::weak_ptr<Listener>> listeners_ GUARDED_BY(mutex_);
    Repeater writer_;  // last: it uses everything above
};

}  // namespace barracuda::api

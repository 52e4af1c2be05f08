#include "api/event_hub.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "base/check.h"
#include "base/object_id.h"

namespace barracuda::api {

namespace {

constexpr std::string_view kPing = ": ping\n\n";
constexpr std::chrono::seconds kIdle{15};  // between two looks where nobody listens

}  // namespace

const char* NameOf(Topic topic) {
    static constexpr const char* kNames[] = {
        "conversion", "received", "delivery", "network", "job"};
    return kNames[static_cast<size_t>(topic)];
}

// Owned by its stream: a connection that ends takes it away.
struct EventHub::Listener {
    std::vector<Topic> topics;
    std::deque<std::string> waiting;
    bool reload = false;   // something was left out
    http::NextChunk next;  // set while the connection takes a piece
    Clock::time_point written, until;

    std::string Take() {
        std::string text;
        for (auto& one : waiting) text += one;
        waiting.clear();
        return text;
    }
};

EventHub::EventHub(EventOptions options)
    : options_(options), boot_(ObjectId::New().Hex().substr(8)) {
    BARRACUDA_CHECK(options_.waiting_max > 0 && options_.every.count() > 0);
}

EventHub::~EventHub() { Stop(); }

void EventHub::Start() {
    writer_.Start(
        "events", kIdle, [this] { Step(); }, Repeater::First::kAfterPause
    );
}

void EventHub::Stop() {
    writer_.Stop();
    std::vector<http::NextChunk> last;
    {
        MutexLock lock(mutex_);
        stopped_ = true;
        wanted_ = false;
        for (const auto& one : listeners_) {
            const auto listener = one.lock();
            if (listener && listener->next) last.push_back(std::exchange(listener->next, nullptr));
        }
        listeners_.clear();
    }
    for (auto& next : last) next(std::nullopt);
}

std::string EventHub::TextOf(const char* name, uint64_t number, std::string_view data) const {
    return fmt::format("event: {}\nid: {}-{}\ndata: {}\n\n", name, boot_, number, data);
}

void EventHub::Add(Listener& listener, const Event& event) {
    const auto& topics = listener.topics;
    if (std::find(topics.begin(), topics.end(), event.topic) == topics.end()) return;
    if (listener.waiting.size() >= options_.waiting_max) {
        listener.waiting.clear();
        listener.reload = true;
    }
    listener.waiting.push_back(TextOf(NameOf(event.topic), event.number, event.data));
    BARRACUDA_CHECK(listener.waiting.size() <= options_.waiting_max);
}

void EventHub::Publish(Topic topic, std::string data) {
    if (!Wanted()) return;
    MutexLock lock(mutex_);
    recent_.push_back({++number_, topic, std::move(data)});
    for (const auto& one : listeners_) {
        if (const auto listener = one.lock()) Add(*listener, recent_.back());
    }
    if (recent_.size() > options_.waiting_max) {
        gap_ = recent_.front().number;
        recent_.pop_front();
    }
    // One comes and one goes; who comes back finds what is behind the gap, and nothing before it.
    BARRACUDA_CHECK(recent_.size() <= options_.waiting_max);
    BARRACUDA_CHECK(gap_ < recent_.front().number && recent_.back().number == number_);
}

// Whoever comes back has what it missed, or is told that this is not known any more.
void EventHub::Resume(Listener& listener, std::string_view last_id) {
    if (last_id.empty()) return;
    uint64_t last = 0;
    const bool ours = last_id.starts_with(boot_ + "-");
    if (ours) {
        const auto digits = last_id.substr(boot_.size() + 1);
        std::from_chars(digits.data(), digits.data() + digits.size(), last);
    }
    if (!ours || last < gap_) {
        listener.reload = true;
        return;
    }
    for (const auto& event : recent_) {
        if (event.number > last) Add(listener, event);
    }
}

std::optional<std::function<void(http::NextChunk)>> EventHub::Listen(
    std::vector<Topic> topics, std::string_view last_id
) {
    auto listener = std::make_shared<Listener>();
    listener->topics = std::move(topics);
    listener->written = Clock::now();
    listener->until = listener->written + options_.life;
    {
        MutexLock lock(mutex_);
        DropGone();
        if (stopped_ || listeners_.size() >= options_.listeners_max) return std::nullopt;
        if (!Wanted()) {  // what happened meanwhile was told to nobody
            recent_.clear();
            gap_ = ++number_;
        }
        Resume(*listener, last_id);
        const bool new_here = listener->waiting.empty() && !listener->reload;
        if (new_here) listener->waiting.push_back(TextOf("hello", number_, "{}"));
        listeners_.push_back(listener);
        wanted_ = true;
    }
    writer_.Wake();
    return [this, listener](http::NextChunk next) {
        {
            MutexLock lock(mutex_);
            if (!stopped_) {
                listener->next = std::move(next);
                return;
            }
        }
        next(std::nullopt);
    };
}

void EventHub::DropGone() {
    std::erase_if(listeners_, [](const auto& one) { return one.expired(); });
    if (listeners_.empty()) wanted_ = false;
}

// One piece to everybody who takes one and has something to hear.
void EventHub::Step() {
    const auto now = Clock::now();
    std::vector<std::pair<http::NextChunk, std::optional<std::string>>> pieces;
    {
        MutexLock lock(mutex_);
        DropGone();
        for (const auto& one : listeners_) {
            const auto listener = one.lock();
            if (!listener || !listener->next) continue;
            const bool old = now >= listener->until;
            std::string text;
            if (listener->reload) text = TextOf("reload", number_, "{}");
            text += listener->Take();
            listener->reload = false;
            if (text.empty() && !old) {
                if (now < listener->written + options_.ping) continue;
                text = kPing;
            }
            listener->written = now;
            auto piece = text.empty() ? std::nullopt : std::optional(std::move(text));
            pieces.emplace_back(std::exchange(listener->next, nullptr), std::move(piece));
        }
        if (!listeners_.empty()) writer_.ComeBy(now + options_.every);
    }
    for (auto& [next, piece] : pieces) next(std::move(piece));
}

}  // namespace barracuda::api

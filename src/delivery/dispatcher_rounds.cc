// How the dispatcher finds what is due: its rounds over the work queue, and what it takes over.
#include <algorithm>

#include "delivery/dispatcher.h"

namespace barracuda::delivery {

namespace {

// Documents read at a time. Reading holds up the sending, so what fits nowhere is passed over in
// short pages.
constexpr size_t kPageLeast = 16, kPageMost = 512;
// A round begins so much before what the last one has seen: a commit takes its time.
constexpr int64_t kOverlapMs = 250;
// A take-over is a write: so many are under way at most, and there is a pause between their pages,
// for the ledger has the routes to serve as well.
constexpr size_t kTakingMax = 512, kTakePage = 256;
constexpr std::chrono::milliseconds kTakePause{50};

}  // namespace

// One page of one round. What is due while this node may not send is looked at when it may again.
void Dispatcher::Poll() {
    const Instant now = options_.steady();
    if (!ownership().MaySend(ledger_->node())) {
        for (Round* round : {&near_, &missed_round_, &far_}) round->next = now + options_.poll;
        return;
    }
    if (poll_now_.exchange(false)) {
        missed_round_.next = now;
        for (Round* round : {&near_, &far_}) {
            if (round->fruitful) round->next = now;
        }
    }
    if (now >= near_.next) return PollNear();
    if (now >= missed_round_.next) return PollMissed();
    if (now >= far_.next) PollFar();
}

// What became due since the last look.
void Dispatcher::PollNear() {
    if (!near_.until) {
        near_.until = options_.now();
        // A clock that was set back must lose nothing.
        near_.from = std::min(Time{looked_until_.ms - kOverlapMs}, *near_.until);
    }
    auto page = ReadPage(near_, *near_.until, near_.from);
    if (page && page->ended) looked_until_ = *near_.until;
    if (!page || page->ended) near_.until.reset();
}

// What networks that are well could not take when it was found, and what is due behind it.
void Dispatcher::PollMissed() {
    Round& round = missed_round_;
    if (!round.until) {
        std::lock_guard lock(mutex_);
        const Instant now = options_.steady();
        if (auto since = queues_.TakeMissed(now)) Miss(*since);
        round.next = now + options_.poll;
        if (!missed_) return;
        round.from = std::exchange(missed_, std::nullopt);
        round.until = options_.now();
    }
    auto page = ReadPage(round, *round.until, round.from);
    if (page && !page->ended) return;
    round.until.reset();
    std::lock_guard lock(mutex_);
    if (!page) Miss(*round.from);
}

// Everything that is due of this node.
void Dispatcher::PollFar() {
    auto page = ReadPage(far_, options_.now(), std::nullopt, &due_);
    if (page && page->ended) due_.End();
}

// A round goes on as fast as there is room; what finds none is passed over slowly, so that it does
// not stand in front of other networks'. nullopt: the store did not say; the round begins anew.
std::optional<WorkSweep::Page> Dispatcher::ReadPage(
    Round& round, Time until, std::optional<Time> start, DueTally* tally
) {
    const Instant begin = options_.steady();
    round.next = begin + options_.poll;
    size_t room = 0;
    {
        std::lock_guard lock(mutex_);
        room = queues_.Room(begin);
        settled_.clear();
    }
    const size_t limit = round.fruitful ? std::clamp(room, kPageLeast, kPageMost) : kPageLeast;
    auto page = round.sweep.Next(ledger_->node(), until, limit, start);
    if (page && page->first && tally) tally->Begin(page->items);
    if (!page || !ClaimAll(page->items, round.fruitful, tally)) {
        round.sweep.Keep({});
        return std::nullopt;
    }
    std::lock_guard lock(mutex_);
    hungry_ |= round.fruitful && !page->ended;
    if (page->ended) return std::move(*page);
    const Instant now = options_.steady();
    const bool go_on = round.fruitful && queues_.Room(now) >= kRoomToGoOn;
    round.next = go_on ? now : now + round.passing_over * (now - begin);
    return std::move(*page);
}

// Claims what is due of these documents. False: they could not be read.
bool Dispatcher::ClaimAll(
    const std::vector<store::WorkItem>& items, bool& fruitful, DueTally* tally
) {
    std::vector<store::Ref> refs;
    for (const auto& item : items) refs.push_back(item.ref);
    auto documents = engine_.Load(refs);
    fruitful = false;
    if (!documents) return false;
    for (const auto& document : *documents) {
        auto conversion = domain::DecodeConversion(document.value_or(""));
        if (!document || !conversion) continue;
        fruitful |= Claim(*conversion);
        if (!tally) continue;
        // What is in hand here does not stand still.
        std::lock_guard lock(mutex_);
        std::erase_if(conversion->deliveries, [this](const domain::Delivery& delivery) {
            return active_.contains(delivery.id) || settled_.contains(delivery.id);
        });
        tally->Add(*conversion, options_.now());
    }
    return true;
}

// What dead nodes owed (over RocksDB: earlier boots): all of it becomes ours, page by page, also
// what cannot be sent now, or it would stand in front of what can.
void Dispatcher::TakeOver() {
    FollowRules();
    size_t room = 0;
    {
        std::lock_guard lock(mutex_);
        room = taking_ < kTakingMax ? kTakingMax - taking_ : 0;
    }
    auto owners = ownership().Owners();
    if (!owners) {
        auto all = engine_.WorkOwners();
        if (!all) return;
        owners = std::move(*all);
    }
    owners->push_back(ledger_->node());
    far_.sweep.Keep(*owners);
    bool more = false;
    for (const auto& owner : *owners) {
        if (owner == ledger_->node() || !ownership().MayTake(owner)) continue;
        more |= room == 0;
        if (room == 0) break;
        auto page = far_.sweep.Next(owner, options_.now(), std::min(room, kTakePage));
        if (!page) continue;
        for (const auto& item : page->items) Take(item);
        more |= !page->ended;
        room -= std::min(room, page->items.size());
    }
    if (more) next_take_over_ = std::min(next_take_over_, options_.steady() + kTakePause);
}

// Of several nodes that try, one gets the document; Claim asks whose it is now.
void Dispatcher::Take(const store::WorkItem& item) {
    std::string mark = "take " + item.ref.key;
    {
        std::lock_guard lock(mutex_);
        if (!active_.insert(mark).second) return;
        ++taking_;
    }
    domain::TakeOver take{store::ConversionKeyOf(item.ref), item.owner};
    ledger_->SubmitInternal(take, [this, mark](Result<domain::Decision> decision) {
        {
            std::lock_guard lock(mutex_);
            active_.erase(mark);
            --taking_;
        }
        if (!decision || !decision->document) return;
        if (Claim(*decision->document)) client_.Post([] {});
    });
}

// Queues what is due of a document, if this node owns it. True: something was.
bool Dispatcher::Claim(const domain::Conversion& conversion) {
    const Instant now = options_.steady();
    const Time due_by = options_.now();
    std::lock_guard lock(mutex_);
    if (!beginning_ || !IsOurs(conversion)) return false;
    bool queued = false;
    for (const auto& delivery : conversion.deliveries) {
        if (!delivery.Due(due_by) || settled_.contains(delivery.id)) continue;
        queued |= Queue(conversion, delivery, now);
    }
    return queued;
}

}  // namespace barracuda::delivery

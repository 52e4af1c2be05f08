#include "delivery/due_finder.h"

#include <algorithm>
#include <utility>

#include "base/check.h"

namespace barracuda::delivery {

namespace {

// Documents read at a time. Reading holds up the sending, so what fits nowhere is passed over in
// short pages.
constexpr size_t kPageLeast = 16, kPageMost = 512;
// A round begins so much before the end of the last one: a commit takes its time.
constexpr int64_t kOverlapMs = 250;
// Other nodes' deliveries are due by their clocks, which may differ so much from this one.
constexpr int64_t kSkewMs = 60'000;
// A take-over is a write: so many are under way at most, and there is a pause between their pages,
// for the ledger has the routes to serve as well.
constexpr size_t kTakingMax = 512, kTakePage = 256;
constexpr std::chrono::milliseconds kTakePause{50};
constexpr Time kAnyTime{253'402'300'799'000};  // the year 9999

static_assert(kPageLeast <= kPageMost && kTakePage <= kTakingMax);

}  // namespace

DueFinder::DueFinder(store::Engine& engine, DueTaker& taker, Options options)
    : engine_(engine),
      taker_(taker),
      options_(std::move(options)),
      near_{WorkSweep(engine), kPassingOverNew},
      late_{WorkSweep(engine), kPassingOverNew},
      missed_round_{WorkSweep(engine), kPassingOverNew},
      far_{WorkSweep(engine), kPassingOverOld} {}

void DueFinder::Attach(ledger::Ledger& ledger, const nodes::Ownership& ownership) {
    ledger_ = &ledger;
    ownership_ = &ownership;
    looked_until_ = options_.now();
}

Instant DueFinder::next() const {
    return std::min({near_.next, late_.next, missed_round_.next, far_.next, next_take_over_});
}

void DueFinder::Miss(Time due) {
    MutexLock lock(mutex_);
    missed_ = std::min(missed_.value_or(due), due);
}

void DueFinder::PollSoon() {
    hungry_ = false;
    poll_now_ = true;
}

void DueFinder::Poll() {
    BARRACUDA_CHECK(ledger_ && ownership_);
    const Instant now = options_.steady();
    if (!ownership_->MaySend(ledger_->node())) {
        for (Round* round : {&near_, &late_, &missed_round_, &far_}) {
            round->next = now + options_.poll;
        }
        return;
    }
    if (poll_now_.exchange(false)) {
        missed_round_.next = now;
        for (Round* round : {&near_, &far_}) {
            if (round->fruitful) round->next = now;
        }
    }
    // One page a call, the newest first: between two of them the dispatcher sends.
    if (now >= near_.next) return PollNear();
    if (now >= late_.next) return PollLate();
    if (now >= missed_round_.next) return PollMissed();
    if (now >= far_.next) PollFar();
}

void DueFinder::PollNear() {
    if (!near_.until) {
        near_.until = options_.now();
        // A clock that was set back must lose nothing.
        near_.from = std::min(Time{looked_until_.ms - kOverlapMs}, *near_.until);
    }
    auto page = ReadPage(near_, *near_.until, near_.from);
    if (page && page->ended) looked_until_ = *near_.until;
    if (!page || page->ended) near_.until.reset();
}

// Documents that a round has read already are not read again: they cost their entry in the queue.
void DueFinder::PollLate() {
    if (!late_.until) {
        late_.until = looked_until_;
        late_.from = Time{looked_until_.ms - kSkewMs};
    }
    auto page = ReadPage(late_, *late_.until, late_.from);
    if (!page || page->ended) late_.until.reset();
}

void DueFinder::PollMissed() {
    Round& round = missed_round_;
    if (!round.until && !BeginMissed()) return;
    BARRACUDA_CHECK(round.from && round.until);
    EndMissed(ReadPage(round, *round.until, round.from));
}

bool DueFinder::BeginMissed() {
    Round& round = missed_round_;
    const Instant now = options_.steady();
    round.next = now + options_.poll;
    if (auto since = taker_.TakeMissed(now)) Miss(*since);
    {
        MutexLock lock(mutex_);
        round.from = std::exchange(missed_, std::nullopt);
    }
    for_probe_ = !round.from;
    if (for_probe_) round.from = taker_.MissedProbe(now);
    if (!round.from) return false;
    round.until = options_.now();
    return true;
}

void DueFinder::EndMissed(const std::optional<WorkSweep::Page>& page) {
    Round& round = missed_round_;
    const Instant now = options_.steady();
    const bool found = for_probe_ && !taker_.MissedProbe(now);
    if (page && !page->ended && !found) return;
    round.until.reset();
    round.sweep.Keep({});
    if (for_probe_) {
        if (page && page->ended) taker_.NothingToProbe(now);
    } else if (!page) {
        Miss(*round.from);  // the store did not answer: the same is looked for again
    }
}

void DueFinder::PollFar() {
    auto page = ReadPage(far_, options_.now(), std::nullopt, true);
    if (page && page->ended) tally_.End();
}

// A round goes on as fast as there is room; what finds none is passed over slowly, so that it does
// not stand in front of other networks'. nullopt: the store did not answer; the round begins anew.
std::optional<WorkSweep::Page> DueFinder::ReadPage(
    Round& round, Time until, std::optional<Time> start, bool counting
) {
    const Instant begin = options_.steady();
    round.next = begin + options_.poll;
    const size_t room = taker_.BeginPage(begin);
    const bool late = &round == &late_;
    const size_t least = late ? kPageMost : kPageLeast;
    const size_t limit = round.fruitful ? std::clamp(room, least, kPageMost) : least;
    auto page = round.sweep.Next(ledger_->node(), until, limit, start);
    if (page && page->first && counting) tally_.Begin(page->items);
    if (page && late) {
        std::erase_if(page->items, [this](const auto& item) { return seen_.Has(item); });
    }
    if (!page || !ClaimAll(page->items, round.fruitful, counting)) {
        round.sweep.Keep({});
        return std::nullopt;
    }
    if (page->ended) return std::move(*page);
    if (round.fruitful) hungry_ = true;
    const Instant now = options_.steady();
    const bool go_on = round.fruitful && taker_.Room(now) >= kRoomToGoOn;
    round.next = go_on ? now : now + round.passing_over * (now - begin);
    return std::move(*page);
}

// Claims what is due of these documents. False: they could not be read.
bool DueFinder::ClaimAll(const std::vector<store::WorkItem>& items, bool& fruitful, bool counting) {
    std::vector<store::Ref> refs;
    for (const auto& item : items) refs.push_back(item.ref);
    auto documents = engine_.Load(refs);
    fruitful = false;
    if (!documents) return false;
    BARRACUDA_CHECK(documents->size() == items.size());
    const Instant now = options_.steady();
    for (const auto& item : items) {
        if (item.due.ms >= looked_until_.ms - 2 * kSkewMs) seen_.Add(item, now);
    }
    for (const auto& document : *documents) {
        auto conversion = domain::DecodeConversion(document.value_or(""));
        if (!document || !conversion) continue;  // gone, or not readable: verify names it
        fruitful |= taker_.Claim(*conversion);
        if (counting) Count(std::move(*conversion));
    }
    return true;
}

// A delivery that is in hand here does not stand still: it is not counted as due.
void DueFinder::Count(domain::Conversion conversion) {
    std::erase_if(conversion.deliveries, [this](const domain::Delivery& delivery) {
        return taker_.InHand(delivery.id);
    });
    tally_.Add(conversion, options_.now());
}

// All of it becomes this node's, page by page, also what cannot be sent now, or it would stand in
// front of what can. Of dead nodes also what is not due yet: every owner costs all nodes a look,
// for as long as anything is its. Earlier boots over RocksDB cost none.
void DueFinder::TakeOver() {
    BARRACUDA_CHECK(ledger_ && ownership_);
    next_take_over_ = options_.steady() + options_.poll;
    size_t room = 0;
    {
        MutexLock lock(mutex_);
        room = kTakingMax - std::min(taking_.size(), kTakingMax);
    }
    auto owners = ownership_->Owners();
    const Time until = owners ? kAnyTime : options_.now();
    if (!owners) {
        auto all = engine_.WorkOwners();
        if (!all) return;  // the store's trouble: the next poll asks again
        owners = std::move(*all);
    }
    owners->push_back(ledger_->node());
    far_.sweep.Keep(*owners);
    bool more = false;
    for (const auto& owner : *owners) {
        if (owner == ledger_->node() || !ownership_->MayTake(owner)) continue;
        more |= room == 0;
        if (room == 0) break;
        auto page = far_.sweep.Next(owner, until, std::min(room, kTakePage));
        if (!page) continue;
        for (const auto& item : page->items) Take(item);
        more |= !page->ended;
        room -= std::min(room, page->items.size());
    }
    if (more) next_take_over_ = std::min(next_take_over_, options_.steady() + kTakePause);
}

// Of several nodes that try, exactly one gets the document; Claim asks who owns it now.
void DueFinder::Take(const store::WorkItem& item) {
    {
        MutexLock lock(mutex_);
        if (!taking_.insert(item.ref).second) return;
    }
    domain::TakeOver take{store::ConversionKeyOf(item.ref), item.owner};
    ledger_->SubmitInternal(take, [this, ref = item.ref](Result<domain::Decision> decision) {
        {
            MutexLock lock(mutex_);
            const size_t taken = taking_.erase(ref);
            BARRACUDA_CHECK(taken == 1);  // the ledger answers a command once
        }
        // An error is dropped: the document is still the dead node's, and found again.
        if (!decision || !decision->document) return;
        if (taker_.Claim(*decision->document)) taker_.Wake();
    });
}

}  // namespace barracuda::delivery

#include "demo/fill.h"

#include <deque>
#include <thread>

#include "base/check.h"
#include "base/thread_name.h"
#include "base/thread_safety.h"
#include "demo/contacts.h"
#include "store/copy.h"
#include "store/document_ref.h"

namespace barracuda::demo {

namespace {

using store::Collection;
using store::Write;
using Batch = std::vector<Write>;

constexpr size_t kBatch = 4'096;   // documents
constexpr size_t kBatchesMax = 4;  // made and not written yet
constexpr const char* kMaker = "demo";

// Batches between the thread that makes them and the one that writes them.
class Belt {
public:
    // False: nobody takes any more.
    bool Put(Batch batch) {
        MutexLock lock(mutex_);
        changed_.wait(lock, [this]() REQUIRES(mutex_) {
            return batches_.size() < kBatchesMax || over_;
        });
        if (over_) return false;
        batches_.push_back(std::move(batch));
        changed_.notify_all();
        return true;
    }
    // Empty: no more comes.
    Batch Take() {
        MutexLock lock(mutex_);
        changed_.wait(lock, [this]() REQUIRES(mutex_) { return !batches_.empty() || over_; });
        if (batches_.empty()) return {};
        Batch batch = std::move(batches_.front());
        batches_.pop_front();
        changed_.notify_all();
        return batch;
    }
    // Of either side.
    void End() {
        MutexLock lock(mutex_);
        over_ = true;
        changed_.notify_all();
    }

private:
    Mutex mutex_;
    Condition changed_;
    std::deque<Batch> batches_ GUARDED_BY(mutex_);
    bool over_ GUARDED_BY(mutex_) = false;
};

struct Ended {
    Belt& belt;
    ~Ended() { belt.End(); }
};

Write Insert(Collection collection, std::string document) {
    auto ref = store::RefOfDocument(collection, document);
    return {std::move(ref), std::nullopt, std::move(document)};
}

Write Insert(const domain::Conversion& conversion) {
    return {store::RefOf(conversion.key), std::nullopt, domain::Encode(conversion)};
}

void MakeAll(const ConversionOptions& options, Belt& belt) {
    Conversions made(options);
    Batch batch;
    for (size_t i = 0; i < made.count(); ++i) {
        if (batch.empty()) batch.reserve(kBatch);
        batch.push_back(Insert(made.Next()));
        if (batch.size() < kBatch && i + 1 < made.count()) continue;
        if (!belt.Put(std::exchange(batch, {}))) return;
    }
    belt.End();
}

template <typename Entity>
Write Saved(Entity entity, Time at) {
    domain::Amend(entity.meta, {}, Flat(entity), at, kMaker);
    return Insert(Collection::kSettings, Encode(entity));
}

// What stands in the store before the first conversion; the visitors' own come with them.
Batch Surroundings(const FillOptions& options) {
    const auto& of = options.conversions;
    constexpr int64_t kAgoMs = int64_t{22} * 24 * 3'600'000;  // before the first was told
    const Time set_up{of.end.ms - kAgoMs};
    Batch batch;
    for (auto& network : Networks(options.sandbox)) batch.push_back(Saved(network, set_up));
    for (auto& offer : Offers()) batch.push_back(Saved(offer, set_up));
    batch.push_back(Saved(QualifiedGoal(), set_up));
    for (const auto& visitor : Visitors(options.contacts, of.end, of.seed)) {
        batch.push_back(Insert(Collection::kContacts, Encode(visitor.contact)));
        for (const auto& conversion : visitor.conversions) batch.push_back(Insert(conversion));
    }
    return batch;
}

Result<bool> WriteAll(store::Engine& engine, const Batch& batch) {
    auto states = engine.Commit(batch);
    if (!states) return Fail(states.error());
    for (const auto& state : *states) {
        if (state == store::WriteState::kApplied) continue;
        return Fail(ErrorCode::kConflict, "two documents of the demo have one key");
    }
    return true;
}

size_t ConversionsIn(const Batch& batch) {
    size_t count = 0;
    for (const auto& write : batch) count += write.ref.collection == Collection::kConversions;
    return count;
}

Result<bool> IsEmpty(store::Engine& engine) {
    auto content = store::AnyContent(engine);
    if (!content) return Fail(content.error());
    if (!*content) return true;
    return Fail(ErrorCode::kConflict, "a demo is written into an empty store only");
}

}  // namespace

Result<size_t> Fill(store::Engine& engine, const FillOptions& options) {
    if (auto empty = IsEmpty(engine); !empty) return Fail(empty.error());
    Belt belt;
    std::jthread maker([&] {
        NameThread("demo-maker");
        MakeAll(options.conversions, belt);
    });
    const Ended ended{belt};  // whatever happens, the maker waits no longer
    Batch batch = Surroundings(options);
    size_t count = 0;
    Result<bool> written = true;
    while (written && !batch.empty()) {
        written = WriteAll(engine, batch);
        count += ConversionsIn(batch);
        const bool go_on = !options.go_on || options.go_on(count);
        if (written && !go_on) written = Fail(ErrorCode::kUnavailable, "the demo was broken off");
        if (written) batch = belt.Take();
    }
    if (!written) return Fail(written.error());
    return count;
}

}  // namespace barracuda::demo

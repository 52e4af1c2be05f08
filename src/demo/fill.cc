#include "demo/fill.h"

#include <algorithm>
#include <deque>
#include <thread>

#include "base/check.h"
#include "base/thread_name.h"
#include "base/thread_safety.h"
#include "demo/contacts.h"
#include "store/copy.h"
#include "store/document_ref.h"
#include "store/fillable.h"

namespace barracuda::demo {

namespace {

using store::Collection;
using store::NewDocument;
using Batch = std::vector<NewDocument>;

constexpr size_t kBatchesMax = 1;  // made and not taken yet
constexpr unsigned kWritersLeast = 2, kWritersMost = 4;
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

NewDocument Insert(Collection collection, std::string document) {
    auto ref = store::RefOfDocument(collection, document);
    return {std::move(ref), std::move(document)};
}

NewDocument Insert(const domain::Conversion& conversion) {
    return {store::RefOf(conversion.key), domain::Encode(conversion)};
}

void MakeAll(const FillOptions& options, Belt& belt) {
    Conversions made(options.conversions);
    Batch batch;
    for (size_t i = 0; i < made.count(); ++i) {
        if (batch.empty()) batch.reserve(std::min(options.batch, made.count() - i));
        batch.push_back(Insert(made.Next()));
        if (batch.size() < options.batch && i + 1 < made.count()) continue;
        if (!belt.Put(std::exchange(batch, {}))) return;
    }
    belt.End();
}

template <typename Entity>
NewDocument Saved(Entity entity, Time at) {
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

size_t ConversionsIn(const Batch& batch) {
    size_t count = 0;
    for (const auto& document : batch) count += document.ref.collection == Collection::kConversions;
    return count;
}

// What several writers have done together.
class Progress {
public:
    explicit Progress(const std::function<bool(size_t)>& go_on) : go_on_(go_on) {}

    // False: that is enough.
    bool Add(const Result<bool>& written, size_t conversions) {
        MutexLock lock(mutex_);
        if (!ended_) return false;
        if (!written) {
            ended_ = Fail(written.error());
            return false;
        }
        *ended_ += conversions;
        if (!go_on_ || go_on_(*ended_)) return true;
        ended_ = Fail(ErrorCode::kUnavailable, "the demo was broken off");
        return false;
    }
    Result<size_t> Ended() {
        MutexLock lock(mutex_);
        return ended_;
    }

private:
    const std::function<bool(size_t)>& go_on_;
    Mutex mutex_;
    Result<size_t> ended_ GUARDED_BY(mutex_) = 0;
};

void WriteAll(store::Fillable& store, Belt& belt, Progress& progress) {
    const Ended ended{belt};  // whatever happens, nobody waits for this one
    for (Batch batch = belt.Take(); !batch.empty(); batch = belt.Take()) {
        const size_t conversions = ConversionsIn(batch);
        if (!progress.Add(store.Insert(std::move(batch)), conversions)) return;
    }
}

Result<bool> IsEmpty(store::Engine& engine) {
    auto content = store::AnyContent(engine);
    if (!content) return Fail(content.error());
    if (!*content) return true;
    return Fail(ErrorCode::kConflict, "a demo is written into an empty store only");
}

}  // namespace

Result<size_t> Fill(store::Engine& engine, const FillOptions& options) {
    auto* store = store::FillableOf(engine);
    if (!store) return Fail(ErrorCode::kConflict, "this store cannot be filled");
    if (auto empty = IsEmpty(engine); !empty) return Fail(empty.error());
    Progress progress(options.go_on);
    Batch first = Surroundings(options);
    const size_t conversions = ConversionsIn(first);
    if (!progress.Add(store->Insert(std::move(first)), conversions)) return progress.Ended();
    Belt belt;
    std::vector<std::jthread> threads;
    threads.emplace_back([&] {
        NameThread("demo-maker");
        MakeAll(options, belt);
    });
    const auto writers =
        std::clamp(std::thread::hardware_concurrency(), kWritersLeast, kWritersMost);
    for (unsigned i = 1; i < writers; ++i) {
        threads.emplace_back([&] {
            NameThread("demo-writer");
            WriteAll(*store, belt, progress);
        });
    }
    WriteAll(*store, belt, progress);
    threads.clear();  // once all have ended
    return progress.Ended();
}

}  // namespace barracuda::demo

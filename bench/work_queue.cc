// What a poll of the work queue costs after many finished deliveries, in RocksDB's own counts.
//
//     bench_work_queue [finished] [stuck: 0 | 1]
//
// `stuck`: one delivery that is due waits at the front the whole time, as behind a network that
// hangs, so that every poll reads past it.
#include <fmt/format.h>
#include <rocksdb/perf_context.h>
#include <rocksdb/perf_level.h>

#include <chrono>

#include "directory.h"
#include "domain/conversion.h"
#include "store/kv_engine.h"
#include "store/rocks/rocks_kv.h"

namespace barracuda {
namespace {

constexpr size_t kBatch = 1'000;

std::string DocumentOf(size_t number, int64_t rev, std::optional<int64_t> due) {
    domain::Conversion c;
    c.id = ObjectId::New();
    c.key = {ClickId(fmt::format("c{}", number)), GoalId("6"), ""};
    c.rev = rev;
    if (due) {
        c.due = Time{*due};
        c.owner = "0123456789abcdef";
    }
    return domain::Encode(c);
}

void Must(bool done) {
    if (!done) throw std::runtime_error("the store failed");
}

void Finish(store::Engine& engine, size_t from, size_t count) {
    std::vector<store::Write> owed, done;
    for (size_t i = from; i < from + count; ++i) {
        auto waiting = DocumentOf(i, 1, static_cast<int64_t>(i));
        const store::Ref ref = store::RefOf({ClickId(fmt::format("c{}", i)), GoalId("6"), ""});
        owed.push_back({ref, std::nullopt, waiting});
        done.push_back({ref, waiting, DocumentOf(i, 2, std::nullopt)});
    }
    Must(engine.Commit(owed).has_value());
    Must(engine.Commit(done).has_value());
}

struct Cost {
    uint64_t skipped = 0;
    double ms = 0;
};

template <typename Call>
Cost Measure(Call call) {
    rocksdb::get_perf_context()->Reset();
    auto begin = std::chrono::steady_clock::now();
    call();
    std::chrono::duration<double, std::milli> took = std::chrono::steady_clock::now() - begin;
    return {rocksdb::get_perf_context()->internal_delete_skipped_count, took.count()};
}

Cost Poll(store::Engine& engine) {
    return Measure([&] { Must(engine.Work({.until = Time::Now(), .limit = 320}).has_value()); });
}

// What a poll would be that remembers nothing.
Cost PollFromTheFront(store::Kv& kv) {
    return Measure([&] {
        auto it = kv.Iterate(store::Space::kWork);
        for (it->Seek(""); it->Valid(); it->Next()) {
        }
        Must(it->Status().has_value());
    });
}

int Run(size_t finished, bool stuck) {
    bench::Directory directory("work");
    {
        auto kv = store::OpenRocks({.directory = directory.path() + "/db"});
        Must(kv.has_value());
        store::Kv& lent = **kv;
        auto engine = store::KvEngine::Open(std::move(*kv));
        Must(engine.has_value());
        rocksdb::SetPerfLevel(rocksdb::PerfLevel::kEnableCount);
        if (stuck) {
            const store::Ref ref = store::RefOf({ClickId("c0"), GoalId("6"), ""});
            std::vector<store::Write> write = {{ref, std::nullopt, DocumentOf(0, 1, 0)}};
            Must((*engine)->Commit(write).has_value());
        }
        Cost worst, all, plain;
        size_t polls = 0;
        for (size_t i = 1; i < finished; i += kBatch) {
            Finish(**engine, i, kBatch);
            Cost cost = Poll(**engine);
            worst.skipped = std::max(worst.skipped, cost.skipped);
            worst.ms = std::max(worst.ms, cost.ms);
            all.skipped += cost.skipped;
            all.ms += cost.ms;
            plain.skipped = std::max(plain.skipped, PollFromTheFront(lent).skipped);
            ++polls;
        }
        Cost last = Poll(**engine);
        fmt::print(
            "{} finished{}: a poll every {} passes {} tombstones ({:.3f} ms), at most {} ({:.3f} "
            "ms), one more {} ({:.3f} ms); from the front it would be up to {}\n",
            finished,
            stuck ? ", one stuck at the front" : "",
            kBatch,
            all.skipped / polls,
            all.ms / static_cast<double>(polls),
            worst.skipped,
            worst.ms,
            last.skipped,
            last.ms,
            plain.skipped
        );
    }
    return 0;
}

}  // namespace
}  // namespace barracuda

int main(int argc, char** argv) {
    try {
        return barracuda::Run(
            argc > 1 ? std::stoul(argv[1]) : 1'000'000, argc > 2 && std::string(argv[2]) == "1"
        );
    } catch (const std::exception& failed) {
        fmt::print(stderr, "bench_work_queue: {}\n", failed.what());
        return 2;
    }
}

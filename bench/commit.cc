// The commit path alone (lane, load, decide, encode, index entries, one synced batch, answers)
// beside a bare RocksDB writer that puts exactly the same bytes: the changes are recorded from a
// run of the ledger over memory, then replayed as plain WriteBatches with the same options.
//
//     bench_commit [COMMANDS [IN_FLIGHT [ROUNDS]]]
//
// Ours and theirs alternate, so that the ratio is of one machine in one state; the last line is
// JSON, for programs. Directories are made in the working directory, on the disk that is measured,
// and removed. BENCH_SLOWED_US makes each answer of ours cost so much CPU more: the negative
// control of bench/guard.py.
#include <fmt/format.h>

#include <algorithm>
#include <condition_variable>
#include <cstdlib>
#include <mutex>
#include <string>
#include <vector>

#include "directory.h"
#include "ledger/ledger.h"
#include "recording_kv.h"
#include "store/kv_engine.h"
#include "store/rocks/rocks_kv.h"

namespace barracuda {
namespace {

using bench::Batches;
using bench::Measure;
using bench::Measured;
using bench::Must;
using bench::RecordingKv;

// Spends CPU, as a slower ledger would.
void Burn(double us) {
    if (us <= 0) return;
    for (double until = bench::CpuSeconds() + us / 1e6; bench::CpuSeconds() < until;) {
    }
}

domain::Report ReportOf(size_t number) {
    domain::Report report;
    report.route = "postback";
    // Clicks come in no order of their bytes.
    std::string click = fmt::format("{:08x}-{}", number * 2654435761u % (1ull << 32), number);
    report.key = {ClickId(click), GoalId("5"), ""};
    report.goal_type = domain::GoalType::kRegistration;
    report.given.Set(domain::Field::kAffiliateId, std::to_string(number % 100));
    report.defaults.Set(domain::Field::kAmount, "0");
    report.defaults.Set(domain::Field::kCurrency, "USD");
    report.new_id = ObjectId::New();
    report.command_id = ObjectId::New();
    report.by = "open";
    return report;
}

// Keeps `in_flight` commands under way until all are answered; the number of batches.
size_t Drive(store::Engine& engine, size_t commands, size_t in_flight) {
    ledger::Options options;
    options.node = "bench";
    const char* given = std::getenv("BENCH_SLOWED_US");
    const double slowed_us = given ? std::stod(given) : 0;
    std::mutex mutex;
    std::condition_variable all;
    size_t sent = 0, answered = 0, recorded = 0;
    std::unique_ptr<ledger::Ledger> ledger;
    std::function<void(Result<domain::Decision>)> done = [&](Result<domain::Decision> decision) {
        Burn(slowed_us);
        size_t next;
        {
            std::lock_guard lock(mutex);
            recorded += decision && decision->verdict == domain::Verdict::kRecorded;
            if (++answered == commands) all.notify_one();
            next = sent < commands ? sent++ : commands;
        }
        if (next < commands) (void)ledger->Submit(ReportOf(next), 0, done);
    };
    ledger = std::make_unique<ledger::Ledger>(engine, options, ledger::Hooks{});
    for (size_t i = 0; i < in_flight; ++i) {
        size_t next;
        {
            std::lock_guard lock(mutex);
            if (sent == commands) break;
            next = sent++;
        }
        (void)ledger->Submit(ReportOf(next), 0, done);
    }
    std::unique_lock lock(mutex);
    all.wait(lock, [&] { return answered == commands; });
    lock.unlock();
    ledger->Stop();
    if (recorded != commands) throw std::runtime_error("not every command was recorded");
    return ledger->counters().batches;
}

Measured Ours(size_t commands, size_t in_flight) {
    bench::Directory directory("commit");
    auto engine = Must(store::KvEngine::Open(Must(store::OpenRocks({directory.path() + "/db"}))));
    return Measure(commands, [&] { return Drive(*engine, commands, in_flight); });
}

Measured Bare(const Batches& batches, size_t commands) {
    bench::Directory directory("commit");
    auto kv = Must(store::OpenRocks({directory.path() + "/db"}));
    return Measure(commands, [&] {
        for (const auto& batch : batches) Must(kv->Apply(batch));
        return batches.size();
    });
}

void Print(const char* name, const Measured& measured, size_t commands) {
    fmt::print(
        "{:<22} {:>9.0f} conversions/s  {:5.1f} us CPU each  batches of {:.0f}\n",
        name,
        static_cast<double>(commands) / measured.seconds,
        measured.cpu_us_each,
        static_cast<double>(commands) / static_cast<double>(measured.batches)
    );
}

// Of `number` of each round.
template <typename Number>
double Median(size_t rounds, Number number) {
    std::vector<double> all;
    for (size_t i = 0; i < rounds; ++i) all.push_back(number(i));
    std::sort(all.begin(), all.end());
    return all[all.size() / 2];
}

std::string Json(const std::vector<Measured>& measured, size_t commands) {
    const auto median = [&](auto member) {
        return Median(measured.size(), [&](size_t i) { return measured[i].*member; });
    };
    return fmt::format(
        R"({{"rate": {:.1f}, "cpu_us": {:.2f}, "bytes": {:.1f}}})",
        static_cast<double>(commands) / median(&Measured::seconds),
        median(&Measured::cpu_us_each),
        median(&Measured::bytes_each)
    );
}

void Conclude(
    const std::vector<Measured>& ours, const std::vector<Measured>& bare, size_t commands
) {
    const size_t rounds = ours.size();
    const double rate = Median(rounds, [&](size_t i) { return bare[i].seconds / ours[i].seconds; });
    const double cpu =
        Median(rounds, [&](size_t i) { return ours[i].cpu_us_each / bare[i].cpu_us_each; });
    fmt::print("commit path : bare writer = {:.2f} (median of {} rounds)\n", rate, rounds);
    fmt::print(
        R"(RESULT {{"rate_ratio": {:.3f}, "cpu_ratio": {:.3f}, "commit": {}, "writer": {}}})"
        "\n",
        rate,
        cpu,
        Json(ours, commands),
        Json(bare, commands)
    );
}

int Run(size_t commands, size_t in_flight, int rounds) {
    Batches batches;
    {
        auto engine = Must(store::KvEngine::Open(std::make_unique<RecordingKv>(batches)));
        Drive(*engine, commands, in_flight);
    }
    std::vector<Measured> ours, bare;
    for (int round = 0; round < rounds; ++round) {
        ours.push_back(Ours(commands, in_flight));
        bare.push_back(Bare(batches, commands));
        Print("commit path", ours.back(), commands);
        Print("bare RocksDB writer", bare.back(), commands);
    }
    Conclude(ours, bare, commands);
    return 0;
}

}  // namespace
}  // namespace barracuda

int main(int argc, char** argv) {
    auto number = [&](int at, size_t otherwise) {
        return argc > at ? std::stoul(argv[at]) : otherwise;
    };
    try {
        return barracuda::Run(number(1, 100'000), number(2, 64), static_cast<int>(number(3, 3)));
    } catch (const std::exception& failed) {
        fmt::print(stderr, "bench_commit: {}\n", failed.what());
        return 2;
    }
}

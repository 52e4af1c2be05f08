// How long reports of very many conversions take, and what keeping their cells costs a write.
//
//     bench_reports [COUNT [DIRECTORY | mongodb://…]]
//
// Fills an empty store as bench_lists does, prints each question with its median of nine and what
// is wanted; then, over RocksDB, what a conversion's share of a batch costs with cells and without,
// in turns. 1: some question took longer.
#include <fmt/format.h>
#include <sys/resource.h>

#include "report/conversions.h"
#include "report/grouped.h"
#include "store/cells.h"
#include "stored.h"
#include "table.h"

namespace barracuda {
namespace {

using bench::kBegin;
using bench::kDay;
using bench::Must;
using report::Group;
using report::GroupedQuery;

class Reports : public bench::Table {
public:
    explicit Reports(store::Engine& engine) : Table(50), engine_(engine) {}

    void Ask(const std::string& name, GroupedQuery query, bool wanted = true) {
        query.from = kBegin;
        query.to = Time{kBegin.ms + 90 * kDay};
        auto* cells = store::CellsOf(engine_);
        Measure(name, wanted, [&] {
            const auto report = Must(ReportOf(*cells, query));
            return fmt::format(
                "{} rows, {} conversions",
                report.rows.size() + report.rest_rows,
                report.total.now.conversions
            );
        });
    }
    void AskStats() {
        Measure("old statistics", true, [&] {
            return fmt::format(
                "{} conversions", Must(report::ConversionStatsOf(engine_, kBegin)).total.count
            );
        });
    }

private:
    store::Engine& engine_;
};

int Ask(store::Engine& engine) {
    const auto berlin = *report::Zone::Named("Europe/Berlin");
    Reports table(engine);
    table.AskStats();
    table.Ask(
        "dashboard: day and goal, Berlin", {.zone = berlin, .groups = {Group::kDay, Group::kGoal}}
    );
    for (Group group : report::kGroups) {
        table.Ask(fmt::format("by {}", NameOf(group)), {.groups = {group}});
        table.Ask(fmt::format("by {}, Berlin", NameOf(group)), {.zone = berlin, .groups = {group}});
    }
    table.Ask(
        "by affiliate, approved alone",
        {.filter = {.statuses = {domain::Status::kApproved}}, .groups = {Group::kAffiliate}}
    );
    table.Ask("by affiliate and offer", {.groups = {Group::kAffiliate, Group::kOffer}}, false);
    table.Ask(
        "an affiliate's days",
        {.filter = {.affiliates = {"100"}}, .zone = berlin, .groups = {Group::kDay}},
        false
    );
    return table.missed() > 0 ? 1 : 0;
}

// A store that forgets cells on their way to RocksDB.
class WithoutCells final : public store::Kv {
public:
    explicit WithoutCells(std::unique_ptr<store::Kv> inner) : inner_(std::move(inner)) {}
    Result<std::vector<std::optional<std::string>>> MultiGet(
        store::Space space, std::span<const std::string> keys
    ) override {
        return inner_->MultiGet(space, keys);
    }
    Result<bool> Apply(std::span<const store::KvChange> changes) override {
        std::vector<store::KvChange> kept;
        kept.reserve(changes.size());
        for (const auto& change : changes) {
            if (!change.key.starts_with(store::kCellPrefix)) kept.push_back(change);
        }
        return inner_->Apply(kept);
    }
    std::unique_ptr<store::KvIterator> Iterate(store::Space space) override {
        return inner_->Iterate(space);
    }
    std::unique_ptr<store::KvSnapshot> Snapshot() override { return inner_->Snapshot(); }
    Result<bool> Backup(const std::string& to) override { return inner_->Backup(to); }

private:
    std::unique_ptr<store::Kv> inner_;
};

double CpuMicros() {
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    const auto of = [](const timeval& at) { return 1e6 * at.tv_sec + at.tv_usec; };
    return of(usage.ru_utime) + of(usage.ru_stime);
}

constexpr size_t kWritten = 60'000, kTogether = 30, kRounds = 5;  // a batch as route 5's are

using Writes = std::vector<store::Write>;
std::vector<Writes> Batches(bool human) {
    std::mt19937_64 random(7);
    std::vector<Writes> batches(kWritten / kTogether);
    for (size_t i = 0; i < kWritten; ++i) {
        auto c = bench::Made(random, i, kWritten);
        // They come as time goes by: thousands of them in one quarter of an hour.
        c.created = c.updated = Time{kBegin.ms + static_cast<int64_t>(i)};
        if (!human) {
            const auto key = c.key;
            c = domain::Conversion();
            c.key = {key.click, GoalId("5"), ""};
            c.id = ObjectId::New();
            c.goal_type = domain::GoalType::kRegistration;
            c.status = domain::Status::kApproved;
            c.fields.Set(domain::Field::kAffiliateId, "7");
            c.created = c.updated = kBegin;
            c.rev = 1;
        }
        batches[i / kTogether].push_back({store::RefOf(c.key), std::nullopt, domain::Encode(c)});
    }
    return batches;
}

double Committed(const std::vector<Writes>& batches, bool cells) {
    bench::Directory directory("reports");
    auto kv = Must(store::OpenRocks({.directory = directory.path() + "/db"}));
    if (!cells) kv = std::make_unique<WithoutCells>(std::move(kv));
    auto engine = Must(store::KvEngine::Open(std::move(kv)));
    const double begin = CpuMicros();
    for (const auto& batch : batches) Must(engine->Commit(batch));
    return (CpuMicros() - begin) / kWritten;
}

// What is done for cells before RocksDB.
double Counted(const std::vector<Writes>& batches) {
    const double begin = CpuMicros();
    size_t bytes = 0;
    for (const auto& batch : batches) {
        store::CellBatch cells;
        for (const auto& write : batch) {
            cells.Change({}, store::CountedOf(domain::TopFields(*write.after)));
        }
        cells.Each([&](std::string_view key, const std::string& rows) {
            bytes += std::string(key).size() + rows.size();
        });
    }
    if (bytes == 0) throw std::runtime_error("nothing was counted");
    return (CpuMicros() - begin) / kWritten;
}

void Write(const char* shape, bool human) {
    const auto batches = Batches(human);
    std::vector<double> with, without;
    for (size_t i = 0; i < kRounds; ++i) {
        with.push_back(Committed(batches, true));
        without.push_back(Committed(batches, false) - Counted(batches));
    }
    std::sort(with.begin(), with.end());
    std::sort(without.begin(), without.end());
    const double a = with[kRounds / 2], b = without[kRounds / 2];
    fmt::print(
        "a conversion in a batch of {}, {}: {:.2f} us CPU with cells, {:.2f} without: {:.2f} "
        "more\n",
        kTogether,
        shape,
        a,
        b,
        a - b
    );
}

int Run(size_t count, const std::string& where) {
    int status = 0;
    {
        bench::Stored stored("reports", count, where);
        if (stored.mongo()) {
            Must(dynamic_cast<store::MongoEngine&>(stored.engine()).SweepCells(Time::Now()));
        }
        status = Ask(stored.engine());
        if (stored.mongo()) return status;
    }
    Write("of human shape", true);
    Write("of one affiliate", false);
    return status;
}

}  // namespace
}  // namespace barracuda

int main(int argc, char** argv) {
    return barracuda::bench::Main(argc, argv, "bench_reports", barracuda::Run);
}

// `barracuda import` into a store that nobody serves from, beside a bare RocksDB writer that puts
// exactly the same bytes in the same batches: read, parsed, checked, decided, encoded and indexed
// against put.
//
//     bench_import [LINES [ROUNDS]]
//
// Ours and theirs alternate, so that the ratio is of one machine in one state. CSV and NDJSON have
// a round each. Files are made beside the program, on the disk that is measured, and removed.
#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <string>
#include <vector>

#include "app/import_source.h"
#include "app/import_target.h"
#include "config/settings.h"
#include "directory.h"
#include "recording_kv.h"
#include "store/kv_engine.h"
#include "store/rocks/rocks_kv.h"

namespace barracuda {
namespace {

using bench::Measure;
using bench::Measured;
using bench::Must;

// Clicks come in no order of their bytes, as networks send them.
std::string ClickOf(size_t number) {
    return fmt::format("{:08x}{:024x}", number * 2654435761u % (1ull << 32), number);
}

void WriteFile(const std::string& path, bool csv, size_t lines) {
    std::ofstream to(path);
    if (csv) to << "Click ID,goal_id,affiliate_id,amount,currency,country,status,sub1\n";
    for (size_t i = 0; i < lines; ++i) {
        constexpr const char* kCsv = "{},{},{},{}.50,EUR,DE,approved,campaign-{}\n";
        constexpr const char* kJson =
            R"({{"click_id":"{}","goal_id":"{}","affiliate_id":"{}","amount":{}.50,"currency":"EUR","country":"DE","status":"approved","sub1":"campaign-{}"}})"
            "\n";
        to << fmt::format(
            fmt::runtime(csv ? kCsv : kJson), ClickOf(i), 5 + i % 2, i % 100, i % 500, i % 40
        );
    }
    if (!to.flush()) throw std::runtime_error("cannot write " + path);
}

// The number of batches that the ledger made of the file.
size_t Import(
    store::Engine& engine, const config::Config& config, const std::string& path, size_t lines
) {
    const auto rules = Must(app::RulesOfStore(engine, config));
    const auto alone = app::OptionsAlone();
    ledger::Ledger ledger(engine, alone.ledger, {});
    auto source = Must(app::ImportSource::Open({path, "", {}}));
    std::vector<std::string> chunk;
    size_t recorded = 0;
    auto record = [&] {
        for (const auto& one : app::RecordLines(ledger, rules, chunk, {.many = alone.many})) {
            recorded += one.fate == app::LineResult::Fate::kRecorded;
        }
        chunk.clear();
    };
    for (app::SourceLine line; source->Next(line);) {
        chunk.push_back(std::move(line.json));
        if (chunk.size() == alone.lines) record();
    }
    record();
    ledger.Stop();
    if (recorded != lines) throw std::runtime_error("not every line was recorded");
    return ledger.counters().batches;
}

void Print(const char* name, const Measured& measured, size_t lines) {
    fmt::print(
        "{:<22} {:>9.0f} conversions/s  {:5.1f} us CPU each  batches of {:.0f}\n",
        name,
        static_cast<double>(lines) / measured.seconds,
        measured.cpu_us_each,
        static_cast<double>(lines) / static_cast<double>(measured.batches)
    );
}

int Run(size_t lines, int rounds) {
    const bench::Directory directory("import");
    const auto config = Must(config::Load(std::nullopt, {}, {{"store.data", directory.path()}}));
    for (const bool csv : {false, true}) {
        const std::string path = directory.path() + (csv ? "/lines.csv" : "/lines.jsonl");
        WriteFile(path, csv, lines);
        bench::Batches batches;
        {
            auto engine =
                Must(store::KvEngine::Open(std::make_unique<bench::RecordingKv>(batches)));
            Import(*engine, config, path, lines);
        }
        std::vector<double> ratios;
        for (int round = 0; round < rounds; ++round) {
            Measured ours, bare;
            {
                const bench::Directory at("import-ours");
                auto engine =
                    Must(store::KvEngine::Open(Must(store::OpenRocks({at.path() + "/db"}))));
                ours = Measure(lines, [&] { return Import(*engine, config, path, lines); });
            }
            {
                const bench::Directory at("import-bare");
                auto kv = Must(store::OpenRocks({at.path() + "/db"}));
                bare = Measure(lines, [&] {
                    for (const auto& batch : batches) Must(kv->Apply(batch));
                    return batches.size();
                });
            }
            Print(csv ? "import of CSV" : "import of NDJSON", ours, lines);
            Print("bare RocksDB writer", bare, lines);
            ratios.push_back(bare.seconds / ours.seconds);
        }
        std::sort(ratios.begin(), ratios.end());
        fmt::print(
            "import of {} : bare writer = {:.2f} (median of {} rounds)\n",
            csv ? "CSV" : "NDJSON",
            ratios[ratios.size() / 2],
            rounds
        );
    }
    return 0;
}

}  // namespace
}  // namespace barracuda

int main(int argc, char** argv) {
    auto number = [&](int at, size_t otherwise) {
        return argc > at ? std::stoul(argv[at]) : otherwise;
    };
    try {
        return barracuda::Run(number(1, 200'000), static_cast<int>(number(2, 3)));
    } catch (const std::exception& failed) {
        fmt::print(stderr, "bench_import: {}\n", failed.what());
        return 2;
    }
}

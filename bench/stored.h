// Conversions of human shape in a store, for what measures questions about very many of them.
//
// Threads: one.
#pragma once

#include <fmt/format.h>

#include <chrono>
#include <memory>
#include <optional>
#include <random>
#include <stdexcept>
#include <string>
#include <vector>

#include "directory.h"
#include "domain/conversion.h"
#include "store/kv_engine.h"
#include "store/mongo/mongo_engine.h"
#include "store/rocks/rocks_kv.h"

namespace barracuda::bench {

using domain::Field;

inline constexpr size_t kBatch = 1'000;
inline constexpr int64_t kDay = 86'400'000;
inline const Time kBegin = *Time::ParseIso("2026-06-01");

template <typename Value>
Value Must(Result<Value> result) {
    if (!result) throw std::runtime_error(result.error().message);
    return std::move(*result);
}

// A few have much, most have little, as with people.
inline size_t Few(std::mt19937_64& random, size_t most) {
    const double at = std::uniform_real_distribution<>(0, 1)(random);
    return static_cast<size_t>(at * at * at * static_cast<double>(most));
}

inline domain::Conversion Made(std::mt19937_64& random, size_t number, size_t count) {
    domain::Conversion c;
    c.id = ObjectId::New();
    const size_t affiliate = Few(random, 100), kind = random() % 100;
    c.key = {
        ClickId(fmt::format("{:016x}{:08x}", random(), number)), GoalId(kind < 70 ? "5" : "6"), ""};
    c.goal_type = kind < 70 ? domain::GoalType::kRegistration : domain::GoalType::kDeposit;
    c.status = static_cast<domain::Status>(kind < 5 ? 2 : kind < 30 ? 0 : 1);
    c.provenance = domain::Provenance::kReported;
    c.fields.Set(Field::kAffiliateId, std::to_string(100 + affiliate));
    c.fields.Set(Field::kOfferId, std::to_string(1 + Few(random, 40)));
    c.fields.Set(Field::kAmount, kind < 70 ? "0" : std::to_string(10 + random() % 490));
    c.fields.Set(Field::kCurrency, random() % 4 == 0 ? "EUR" : "USD");
    static constexpr const char* kCountries[] = {"DE", "RO", "PL", "BR", "IN", "US", "FR", "ES"};
    c.fields.Set(Field::kCountry, kCountries[Few(random, std::size(kCountries))]);
    c.fields.Set(Field::kSource, fmt::format("source-{}", Few(random, 30)));
    c.created = Time{kBegin.ms + static_cast<int64_t>(number * 90 * kDay / count)};
    c.updated = Time{c.created.ms + static_cast<int64_t>(random() % kDay)};
    // What hardly anybody has, as the needle of every haystack.
    if (number % 200'000 == 77'777) {
        c.key.goal.value =
            std::string("9");  // g++ 12 sees an overlap in the assignment of a literal
        c.fields.Set(Field::kOfferId, "rare");
        c.fields.Set(Field::kTransactionId, fmt::format("t-{}", number));
        c.fields.Set(Field::kCountry, "IS");
        c.fields.Set(Field::kAffiliateId, "7");
        c.provenance = domain::Provenance::kForm;
    }
    c.rev = 1;
    return c;
}

inline void Fill(store::Engine& engine, size_t count) {
    std::mt19937_64 random(1);
    std::vector<store::Write> writes;
    for (size_t i = 0; i < count; ++i) {
        auto c = Made(random, i, count);
        writes.push_back({store::RefOf(c.key), std::nullopt, domain::Encode(c)});
        if (writes.size() < kBatch && i + 1 < count) continue;
        Must(engine.Commit(writes));
        writes.clear();
    }
}

// A store that is named and kept, one made here and removed, or a database of a server.
class Stored {
public:
    // `where`: a directory, a mongodb:// address, or empty. Throws what goes wrong.
    Stored(const char* name, size_t count, const std::string& where) {
        mongo_ = where.starts_with("mongodb://");
        if (mongo_) {
            store::MongoEngineOptions options;
            options.client.uri = where;
            options.client.database = std::string("barracuda_bench_") + name;
            engine_ = Must(store::MongoEngine::Open(options));
        } else {
            if (where.empty()) made_.emplace(name);
            const std::string directory = made_ ? made_->path() + "/db" : where;
            engine_ = Must(store::KvEngine::Open(Must(store::OpenRocks({.directory = directory}))));
        }
        store::ScanRequest any;
        any.limit = 1;
        if (!Must(engine_->Scan(any)).documents.empty()) return;
        const auto begin = std::chrono::steady_clock::now();
        Fill(*engine_, count);
        const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
        fmt::print("{} conversions written in {:.0f} s\n", count, took.count());
    }

    store::Engine& engine() { return *engine_; }
    bool mongo() const { return mongo_; }

private:
    std::optional<Directory> made_;  // outlives the engine in it
    std::unique_ptr<store::Engine> engine_;
    bool mongo_ = false;
};

// `run` over a program's arguments, [COUNT [DIRECTORY | mongodb://…]]; -> its exit code, 2 with a
// line where it threw.
inline int Main(int argc, char** argv, const char* name, int (*run)(size_t, const std::string&)) {
    try {
        return run(argc > 1 ? std::stoul(argv[1]) : 1'000'000, argc > 2 ? argv[2] : "");
    } catch (const std::exception& failed) {
        fmt::print(stderr, "{}: {}\n", name, failed.what());
        return 2;
    }
}

}  // namespace barracuda::bench

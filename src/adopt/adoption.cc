#include "adopt/adoption.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <thread>

#include "adopt/planner.h"
#include "adopt/record.h"
#include "adopt/rows.h"
#include "adopt/writer.h"
#include "base/check.h"
#include "domain/bson.h"
#include "store/mongo/address.h"
#include "store/mongo/setup.h"

namespace barracuda::adopt {

namespace {

constexpr std::chrono::milliseconds kPause{500};
constexpr std::chrono::minutes kPatience{5};  // with a server that stays away
constexpr int kPlansMax = 20;                 // of one page

constexpr const char* kSteps[] = {"conversions", "postbacks", "ftds", "contacts", "admins"};

class Adoption {
public:
    Adoption(store::MongoClient& client, const AdoptOptions& options)
        : client_(client),
          options_(options),
          rows_(client, options.rules),
          writer_(client),
          record_(client),
          planner_(rows_, options.rules, options.dry_run) {}

    Result<AdoptReport> Run() {
        auto state = Retry([&] { return LookAt(client_); });
        if (!state) return Fail(state.error());
        report_.found = state->kind;
        if (state->kind == store::DatabaseKind::kForeign)
            return Fail(ErrorCode::kInvalid, state->why);
        if (state->kind == store::DatabaseKind::kEmpty ||
            state->kind == store::DatabaseKind::kOurs) {
            return report_;
        }
        if (auto done = options_.dry_run ? Steps() : Really(); !done) return Fail(done.error());
        if (auto told = Tell(); !told) return Fail(told.error());
        return std::move(report_);
    }

private:
    // The same again while the server stays away.
    template <typename Ask>
    auto Retry(Ask ask) -> decltype(ask()) {
        auto until = std::chrono::steady_clock::now() + kPatience;
        for (;;) {
            auto told = ask();
            if (told || told.error().code != ErrorCode::kUnavailable) return told;
            if (options_.stop.stop_requested() || std::chrono::steady_clock::now() >= until) {
                return told;
            }
            std::this_thread::sleep_for(kPause);
        }
    }

    Result<bool> Really() {
        auto taken = Retry([&] { return record_.Take(options_.waiting, options_.stop); });
        if (!taken) return taken;
        if (!*taken) {
            report_.found = store::DatabaseKind::kOurs;
            return true;
        }
        if (auto built = Retry([&] { return rows_.BuildHelpers(); }); !built) return built;
        if (auto ended = Retry([&] { return writer_.EndRenewals(); }); !ended) return ended;
        if (auto done = Steps(); !done) return done;
        Show("indexes", 0, 1);
        if (auto dropped = Retry([&] { return rows_.DropHelpers(); }); !dropped) return dropped;
        if (auto built = Retry([&] { return BuildIndexes(client_); }); !built) return built;
        if (options_.several_per_click) {
            if (auto gone = Retry([&] { return DropNarrowIndex(client_); }); !gone) return gone;
        }
        if (auto finished = Retry([&] { return record_.Finish(); }); !finished) return finished;
        // The marker comes last: from here on nodes serve.
        return Retry([&] { return Prepare(client_); });
    }

    Result<bool> Steps() {
        const auto* first = std::find(std::begin(kSteps), std::end(kSteps), record_.step);
        if (first == std::end(kSteps)) first = std::begin(kSteps);
        for (const auto* step = first; step != std::end(kSteps); ++step) {
            if (auto done = Step(*step); !done) return done;
        }
        return true;
    }

    Result<bool> Step(const char* step) {
        if (auto begun = Begin(step); !begun) return begun;
        for (;;) {
            if (options_.stop.stop_requested()) return Fail(ErrorCode::kUnavailable, "stopped");
            auto page = Retry([&] {
                return rows_.Page(step, record_.cursor, record_.page_until, options_.page);
            });
            if (!page) return Fail(page.error());
            if (page->empty() && record_.page_until.empty()) return true;
            if (auto done = OnePage(step, std::move(*page)); !done) return done;
            Show(step, record_.done, record_.total);
        }
    }

    Result<bool> Begin(const char* step) {
        if (step == std::string_view("contacts")) {
            auto read = Retry([&] { return rows_.ReadContacts(); });
            if (!read) return read;
            // Before the first key is set: two contacts of one e-mail must not both get it.
            if (!options_.dry_run) {
                auto built = Retry([&] { return BuildIndexes(client_); });
                if (!built) return built;
            }
        }
        if (record_.step == step) return true;  // a killed run was here
        auto total = Retry([&] { return rows_.Count(step); });
        if (!total) return Fail(total.error());
        record_.step = step;
        record_.cursor.clear();
        record_.done = 0;
        record_.total = *total;
        Show(step, 0, *total);
        return Save();
    }

    // Saves the counts of a page before the page is written: a run that was killed in the middle
    // finds half of the page written and could not count it any more.
    Result<bool> OnePage(const char* step, Rows page) {
        for (int tries = 0; tries < kPlansMax; ++tries) {
            auto plan = Retry([&] { return planner_.Plan(step, page); });
            if (!plan) return Fail(plan.error());
            if (record_.page_until.empty()) {
                record_.page_until = IdOnly(page.back());
                record_.page_documents = static_cast<int64_t>(page.size());
                record_.page_counts = plan->counts;
                if (auto saved = Save(); !saved) return saved;
            }
            if (options_.dry_run) {
                Keep(plan->writes.asides);
                return EndPage();
            }
            auto applied = writer_.Apply(plan->writes);
            if (applied && applied->all) return EndPage();
            if (!applied && applied.error().code != ErrorCode::kUnavailable) {
                return Fail(applied.error());
            }
            if (applied) planner_.Refused(plan->writes, applied->taken);
            std::this_thread::sleep_for(kPause);
            auto again = Retry([&] {
                return rows_.Page(step, record_.cursor, record_.page_until, options_.page);
            });
            if (!again) return Fail(again.error());
            page = std::move(*again);
        }
        return Fail(
            ErrorCode::kConflict,
            fmt::format(
                "documents of {} change while they are adopted: stop the old application, then "
                "run barracuda adopt again, it goes on where it stopped",
                step
            )
        );
    }

    Result<bool> EndPage() {
        Add(record_.counts, record_.page_counts);
        record_.done += record_.page_documents;
        record_.cursor = std::move(record_.page_until);
        record_.page_until.clear();
        record_.page_counts.clear();
        record_.page_documents = 0;
        return Save();
    }

    Result<bool> Save() {
        if (options_.dry_run) return true;
        return Retry([&] { return record_.Save(); });
    }

    void Show(std::string step, int64_t done, int64_t total) {
        if (options_.progress) options_.progress({std::move(step), done, total});
    }

    void Keep(std::vector<Aside>& asides) {
        for (auto& aside : asides) {
            aside.document.clear();
            if (kept_.size() < 3 * kListedMax) kept_.push_back(std::move(aside));
        }
    }

    // From what stands aside: also what an earlier, killed run did.
    Result<bool> Tell() {
        report_.counts = record_.counts;
        if (!options_.dry_run) {
            for (const char* reason : {"merged", "differs", "no key"}) {
                auto asides = Retry([&] { return writer_.Listed({reason}, kListedMax); });
                if (!asides) return Fail(asides.error());
                kept_.insert(kept_.end(), asides->begin(), asides->end());
            }
        }
        for (const auto& aside : kept_) List(aside);
        auto narrow = Retry([&] { return NarrowIndex(client_); });
        if (!narrow) return Fail(narrow.error());
        report_.narrow_index_kept = !narrow->empty();
        return true;
    }

    static void Put(std::vector<std::string>& list, std::string line) {
        if (list.size() < kListedMax) list.push_back(std::move(line));
    }

    void List(const Aside& aside) {
        std::string key =
            fmt::format("click {} goal {}", aside.key.click.value, aside.key.goal.value);
        if (aside.reason == "merged") {
            Put(report_.merged, fmt::format("{}: {} is part of {}", key, aside.where, aside.into));
        }
        if (aside.reason == "no key") {
            Put(report_.set_aside, fmt::format("{}: {}", aside.where, aside.why));
        }
        for (const auto& difference : aside.differences) {
            Put(report_.differing,
                fmt::format(
                    "{}: {} {} kept, {} in {}",
                    key,
                    difference.field,
                    difference.kept.empty() ? "none" : difference.kept,
                    difference.said,
                    aside.where
                ));
        }
    }

    store::MongoClient& client_;
    const AdoptOptions& options_;
    AdoptionRows rows_;
    AdoptionWriter writer_;
    AdoptionRecord record_;
    AdoptionPlanner planner_;
    AdoptReport report_;
    std::vector<Aside> kept_;
};

}  // namespace

Result<AdoptReport> Adopt(store::MongoClient& client, const AdoptOptions& options) {
    return Adoption(client, options).Run();
}

}  // namespace barracuda::adopt

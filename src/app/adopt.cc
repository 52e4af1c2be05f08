#include "app/adopt.h"

#include <fmt/format.h>

#include <chrono>
#include <cstdio>

#include "app/mongo_options.h"
#include "domain/conversion.h"
#include "store/mongo/privileges.h"
#include "store/mongo/setup.h"

namespace barracuda::app {

namespace {

constexpr std::chrono::minutes kIndexPatience{10};  // an index over many documents takes its time
constexpr std::chrono::seconds kPrimaryPatience{15};
constexpr std::chrono::seconds kSayEvery{1};

adopt::AdoptRules RulesOf(const config::Config& config) {
    adopt::AdoptRules rules{.now = Time::Now()};
    rules.registration_goal = config.GoalOfType("registration")->id;
    rules.deposit_goal = config.GoalOfType("deposit")->id;
    for (const auto& goal : config.goals) {
        auto type = domain::GoalTypeNamed(goal.type);
        if (type) rules.goal_types[goal.id] = *type;
    }
    return rules;
}

// One line a second, and one at the beginning of each step.
class Progress {
public:
    explicit Progress(const AdoptWatch& watch) : watch_(watch) {}

    void operator()(const adopt::AdoptProgress& now) {
        auto at = std::chrono::steady_clock::now();
        bool begins = now.done == 0 || now.done >= now.total;
        if (!watch_.say || (!begins && at < next_)) return;
        next_ = at + kSayEvery;
        if (now.step == "indexes") return watch_.say("building indexes");
        watch_.say(fmt::format("{}: {} of about {}", now.step, now.done, now.total));
    }

private:
    const AdoptWatch& watch_;
    std::chrono::steady_clock::time_point next_{};
};

struct Line {
    const char* count;
    const char* text;
};

// In the order of the report; what is not indented begins a part and is always there.
constexpr Line kLines[] = {
    {"conversions.read", "conversions read"},
    {"conversions.unchanged", "  left as they are"},
    {"conversions.ids_made_text", "  ids made text"},
    {"conversions.ids_trimmed", "  ids trimmed"},
    {"conversions.dates_set", "  createdAt set"},
    {"conversions.types_set", "  goal_type set"},
    {"conversions.statuses_set", "  status set"},
    {"conversions.merged", "  merged into another of the same click and goal"},
    {"conversions.delivered", "  finished deliveries, from metadata"},
    {"conversions.ids_renewed", "  given an ObjectId"},
    {"conversions.set_aside", "  set aside: no usable click or goal"},
    {"postbacks.read", "postbacks read"},
    {"postbacks.recorded", "  made a conversion"},
    {"postbacks.completed", "  completed one"},
    {"postbacks.known", "  said nothing new"},
    {"postbacks.set_aside", "  without usable click or goal"},
    {"ftds.read", "ftds read"},
    {"ftds.recorded", "  made a conversion, reported"},
    {"ftds.confirmed", "  confirmed one, reported"},
    {"ftds.known", "  said nothing new"},
    {"ftds.set_aside", "  without usable click"},
    {"differences", "values that differ within one click and goal"},
    {"contacts.read", "contacts read"},
    {"contacts.unchanged", "  left as they are"},
    {"contacts.email_keys_set", "  email_key set"},
    {"contacts.same_email", "  of an e-mail that an older one has"},
    {"contacts.without_email", "  without an e-mail"},
    {"contacts.ids_made_text", "  ids made text"},
    {"contacts.ids_trimmed", "  ids trimmed"},
    {"contacts.clicks_found", "  click found by e-mail"},
    {"contacts.flags_recomputed", "  flags recomputed from the conversions"},
    {"contacts.dates_set", "  createdAt set"},
    {"contacts.ids_renewed", "  given an ObjectId"},
    {"admins.read", "admins read"},
    {"admins.without_password", "  need a new password: barracuda admin password"},
};

void AddList(std::string& text, const char* name, const std::vector<std::string>& lines) {
    for (const auto& line : lines) text += fmt::format("{}: {}\n", name, line);
    if (lines.size() == adopt::kListedMax) {
        text += fmt::format("{}: and perhaps more, see adoption_aside\n", name);
    }
}

}  // namespace

Result<adopt::AdoptReport> AdoptDatabase(
    const config::Config& config, bool dry_run, const AdoptWatch& watch
) {
    if (!config.store.IsMongo()) {
        return Fail(
            ErrorCode::kInvalid,
            "there is nothing to adopt in RocksDB: name the old database with --store "
            "mongodb://…"
        );
    }
    auto options = MongoOptionsOf(config);
    options.socket = kIndexPatience;
    auto client = store::MongoClient::Open(options);
    if (!client) return Fail(client.error());
    auto usable = store::CheckServer(**client, config.store.allow_standalone, kPrimaryPatience);
    if (!usable) return Fail(usable.error());
    if (!dry_run) {
        auto may = store::CheckPrivileges(**client, true);
        if (!may) return Fail(may.error());
    }
    adopt::AdoptOptions adopt{.rules = RulesOf(config)};
    adopt.dry_run = dry_run;
    adopt.several_per_click = SeveralPerClick(config);
    adopt.progress = Progress(watch);
    adopt.waiting = watch.say;
    adopt.stop = watch.stop;
    return adopt::Adopt(**client, adopt);
}

std::string ReportText(const adopt::AdoptReport& report, bool dry_run) {
    if (report.found == store::DatabaseKind::kEmpty)
        return "the database is empty: nothing to adopt\n";
    if (report.found == store::DatabaseKind::kOurs) return "the database is adopted already\n";
    std::string text = dry_run ? "dry run: nothing was written; this would be done\n" : "";
    for (const auto& line : kLines) {
        auto at = report.counts.find(line.count);
        bool part = line.text[0] != ' ';
        if (at == report.counts.end() && !part) continue;
        if (at == report.counts.end() && line.count == std::string_view("differences")) continue;
        text +=
            fmt::format("{:<52}{:>10}\n", line.text, at == report.counts.end() ? 0 : at->second);
    }
    AddList(text, "merged", report.merged);
    AddList(text, "differs", report.differing);
    AddList(text, "set aside", report.set_aside);
    if (report.narrow_index_kept) {
        text += "the old unique index on click and goal stays, while every goal counts once\n";
    }
    if (!dry_run) text += "adopted: barracuda serve\n";
    return text;
}

int AdoptCommand(const config::Config& config, bool dry_run) {
    AdoptWatch watch{
        .say = [](const std::string& line) { std::fprintf(stderr, "%s\n", line.c_str()); }};
    auto report = AdoptDatabase(config, dry_run, watch);
    if (!report) {
        std::fprintf(stderr, "barracuda: %s\n", report.error().message.c_str());
        bool begun = report.error().code != ErrorCode::kInvalid &&
                     report.error().code != ErrorCode::kForbidden;
        return begun ? 1 : 2;
    }
    const std::string text = ReportText(*report, dry_run);
    return std::fputs(text.c_str(), stdout) >= 0 && std::fflush(stdout) == 0 ? 0 : 2;
}

}  // namespace barracuda::app

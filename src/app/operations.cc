#include "app/operations.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <chrono>
#include <filesystem>
#include <future>
#include <set>

#include "app/doctor.h"
#include "base/object_id.h"
#include "base/text.h"
#include "delivery/delivery_list.h"
#include "delivery/flag_check.h"
#include "delivery/schedule_check.h"
#include "domain/conversion.h"
#include "domain/email.h"
#include "domain/given_id.h"
#include "store/document_file.h"

namespace barracuda::app {

namespace json = boost::json;

namespace {

constexpr std::chrono::seconds kLedgerPatience{30};
constexpr size_t kNameMax = 64;
constexpr size_t kListedMax = 10'000;
constexpr size_t kPage = 500;

Answer Refused(std::string why) { return {1, {}, std::move(why)}; }

Answer Refused(const Error& error) {
    return Refused(error.where.empty() ? error.message : error.message + ": " + error.where);
}

// Waits for an answer that comes on the ledger's thread. The promise is shared: an answer after
// our patience still has somewhere to go.
template <typename T, typename Start>
Result<T> Await(Start start) {
    auto promise = std::make_shared<std::promise<Result<T>>>();
    auto future = promise->get_future();
    start([promise](Result<T> result) { promise->set_value(std::move(result)); });
    if (future.wait_for(kLedgerPatience) != std::future_status::ready) {
        return Fail(ErrorCode::kUnavailable, "no answer from the ledger; it may still be done");
    }
    return future.get();
}

// Text of others on a terminal: one line, no control bytes.
std::string Printable(std::string text) {
    for (char& c : text) {
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = ' ';
    }
    return text.empty() ? "-" : text;
}

std::string Counted(size_t count, const char* one, const char* many) {
    return fmt::format("{} {}", count, count == 1 ? one : many);
}

const char* NameOf(api::Scope scope) { return scope == api::Scope::kAdmin ? "admin" : "ingest"; }

bool IsName(const std::string& text) {
    return !text.empty() && text.size() <= kNameMax && IsUtf8(text) && !HasControl(text);
}

std::string ProblemOfNewKey(const Ask& ask) {
    if (ask.scope != "ingest" && ask.scope != "admin") {
        return "--scope: ingest or admin is expected";
    }
    if (ask.affiliate.empty()) return {};
    if (ask.scope == "admin") return "--affiliate: only with --scope ingest";
    const auto problem = domain::ProblemOfId(ask.affiliate);  // as a report would name it
    return problem.empty() ? "" : fmt::format("--affiliate: {}", problem);
}

Answer CreateKey(Workplace& at, const Ask& ask) {
    api::KeyRing::NewKey key;
    key.name = ask.name;
    key.scope = ask.scope == "admin" ? api::Scope::kAdmin : api::Scope::kIngest;
    key.affiliate = ask.affiliate;
    auto made = Await<std::string>([&](auto done) {
        at.keys.Create(at.ledger, std::move(key), std::move(done));
    });
    if (!made) return Refused(made.error());
    return {0, *made + "\n", {}};
}

Answer ListKeys(Workplace& at) {
    auto keys = at.keys.List();
    std::sort(keys.begin(), keys.end(), [](const auto& a, const auto& b) {
        return a.created < b.created;
    });
    std::string out = fmt::format(
        "{:<12}  {:<6}  {:<7}  {:<24}  {:<16}  {}\n",
        "ID",
        "SCOPE",
        "STATE",
        "CREATED",
        "AFFILIATE",
        "NAME"
    );
    for (const auto& key : keys) {
        out += fmt::format(
            "{:<12}  {:<6}  {:<7}  {:<24}  {:<16}  {}\n",
            key.id,
            NameOf(key.scope),
            key.revoked ? "revoked" : "active",
            key.created.Iso(),
            Printable(key.affiliate),
            Printable(key.name)
        );
    }
    return {0, out, keys.empty() ? "no keys yet: barracuda key create --help" : ""};
}

Answer RevokeKeys(Workplace& at, const Ask& ask) {
    Answer answer;
    // A wrong one keeps none of the others alive.
    auto refuse = [&answer](const std::string& why) {
        answer.exit = 1;
        answer.note += (answer.note.empty() ? "" : "\n") + why;
    };
    for (const auto& id : ask.ids) {
        auto keys = at.keys.List();
        auto same = std::count_if(keys.begin(), keys.end(), [&](const auto& key) {
            return !key.revoked && (key.id == id || key.name == id);
        });
        if (same > 1) {
            refuse(fmt::format("{} keys are called '{}': name one by its ID", same, Printable(id)));
            continue;
        }
        auto revoked = Await<bool>([&](auto done) { at.keys.Revoke(at.ledger, id, done); });
        if (revoked) {
            answer.out += "revoked " + Printable(id) + "\n";
        } else {
            refuse(Refused(revoked.error()).note);
        }
    }
    return answer;
}

Answer CreateAdmin(Workplace& at, const Ask& ask) {
    const std::string email = Lower(Trim(ask.email));
    auto made = Await<api::Admin>([&](auto done) {
        at.admins.Create(at.ledger, email, ask.name, ask.password_hash, std::move(done));
    });
    if (!made) return Refused(made.error());
    return {0, "admin " + email + " may log in now\n", {}};
}

Answer SetPassword(Workplace& at, const Ask& ask) {
    const std::string email = Lower(Trim(ask.email));
    auto set = Await<api::Admin>([&](auto done) {
        at.admins.SetPassword(at.ledger, email, ask.password_hash, std::move(done));
    });
    if (!set) return Refused(set.error());
    // The new password has ended them already; this takes them out of the store.
    const size_t ended = at.sessions.EndAllOf(at.ledger, email);
    const std::string sessions = Counted(ended, "session", "sessions");
    return {0, fmt::format("admin {} has a new password; {} ended\n", email, sessions), {}};
}

// Dead deliveries until now, oldest first; one that dies again meanwhile is not met twice.
delivery::DeliveryQuery AllDead() {
    delivery::DeliveryQuery query;
    query.filter.state = domain::DeliveryState::kDead;
    query.filter.to = Time::Now();
    query.oldest_first = true;
    query.exact_times = true;
    query.limit = kPage;
    return query;
}

// Calls `visit` with every page of them, which may fail and end it.
template <typename Visit>
Result<bool> ForEachPage(store::Engine& engine, delivery::DeliveryQuery query, Visit visit) {
    do {
        auto page = delivery::ListDeliveries(engine, query);
        if (!page) return Fail(page.error());
        if (auto going = visit(*page); !going) return Fail(going.error());
        query.cursor = page->cursor;
    } while (!query.cursor.empty());
    return true;
}

constexpr const char* kDeliveryRow = "{:<32}  {:<24}  {:<16}  {:<13}  {:>8}  {:>6}  {}  {}  {}\n";

Answer ListDeliveries(Workplace& at) {
    Answer answer;
    size_t found = 0;
    auto visit = [&](const delivery::DeliveryPage& page) -> Result<bool> {
        for (const auto& row : page.rows) {
            if (++found > kListedMax) continue;
            const auto& delivery = row.delivery();
            answer.out += fmt::format(
                kDeliveryRow,
                delivery.id,
                delivery.last_at.Iso(),
                Printable(delivery.destination),
                delivery.kind,
                delivery.attempts,
                delivery.status,
                Printable(row.conversion.key.click.value),
                Printable(row.conversion.key.goal.value),
                Printable(delivery.error)
            );
        }
        return true;
    };
    auto listed = ForEachPage(at.engine, AllDead(), visit);
    if (!listed) return Refused(listed.error());
    if (found > 0) {
        answer.out = fmt::format(
                         kDeliveryRow,
                         "ID",
                         "DIED",
                         "NETWORK",
                         "KIND",
                         "ATTEMPTS",
                         "STATUS",
                         "CLICK",
                         "GOAL",
                         "ERROR"
                     ) +
                     answer.out;
    }
    answer.note = Counted(found, "dead delivery", "dead deliveries");
    if (found > kListedMax) answer.note += fmt::format(", the first {} shown", kListedMax);
    return answer;
}

Answer RetryDeliveries(Workplace& at, const Ask& ask) {
    std::set<std::string> missing(ask.ids.begin(), ask.ids.end());
    const bool all = missing.empty();
    size_t sent = 0;
    auto visit = [&](delivery::DeliveryPage& page) -> Result<bool> {
        std::erase_if(page.rows, [&](const auto& row) {
            return !all && missing.erase(row.delivery_id) == 0;
        });
        auto woken = delivery::ReplayRows(at.ledger, page.rows, "cli", {});
        if (!woken) return Fail(woken.error());
        sent += *woken;
        return true;
    };
    auto listed = ForEachPage(at.engine, AllDead(), visit);
    Answer answer;
    answer.out = Counted(sent, "delivery", "deliveries") + " will be sent again\n";
    if (!listed) {
        answer.exit = 1;
        answer.note = listed.error().message;
    }
    for (const auto& id : missing) {
        answer.exit = 1;
        answer.note += (answer.note.empty() ? "" : "\n") + ("no dead delivery " + Printable(id));
    }
    return answer;
}

Answer Backup(Workplace& at, const Ask& ask) {
    std::error_code ec;
    if (std::filesystem::exists(ask.directory, ec)) {
        return Refused("backup: this directory exists already: " + ask.directory);
    }
    auto made = at.engine.Backup(ask.directory);
    if (!made) return Refused(made.error());
    return {0, "backed up to " + ask.directory + "\n", {}};
}

Answer Export(Workplace& at, const Ask& ask) {
    auto written = store::WriteDocuments(at.engine, ask.directory);
    if (!written) return Refused(written.error());
    return {0, Counted(*written, "document", "documents") + " in " + ask.directory + "\n", {}};
}

delivery::Mend MendBy(ledger::Ledger& ledger) {
    return [&ledger](store::Ref ref, ledger::EditFunction change) {
        return Await<ledger::EditState>([&](auto done) {
            ledger.Edit(std::move(ref), std::move(change), std::move(done));
        });
    };
}

// What the store keeps beside the documents, what a conversion keeps beside its deliveries, and
// what a contact keeps of its conversions: last, for mending the others may change it.
Result<std::vector<std::string>> FindWrong(Workplace& at, bool rebuild, bool mend) {
    auto findings = at.engine.Verify(rebuild);
    if (!findings) return findings;
    const delivery::Mend edit = mend ? MendBy(at.ledger) : delivery::Mend();
    auto schedules = delivery::CheckSchedules(at.engine, at.ledger.node(), edit, *findings);
    if (!schedules) return Fail(schedules.error());
    auto flags = delivery::CheckFlags(at.engine, {.trail = at.flags_trail}, edit, *findings);
    if (!flags) return Fail(flags.error());
    return findings;
}

Answer Verify(Workplace& at, const Ask& ask) {
    // What is beside the documents is rebuilt behind the ledger's back: only with no server.
    auto findings = FindWrong(at, ask.repair && !at.serving, ask.repair);
    if (!findings) return Refused(findings.error());
    if (findings->empty()) return {0, "the store is sound\n", {}};
    Answer answer{1, {}, {}};
    if (ask.repair) {
        for (const auto& line : *findings) answer.out += "found: " + Printable(line) + "\n";
        findings = FindWrong(at, false, false);
        if (!findings) return Refused(findings.error());
    }
    for (const auto& line : *findings) answer.out += Printable(line) + "\n";
    answer.exit = findings->empty() ? 0 : 1;
    answer.note = Counted(findings->size(), "finding", "findings") + " left";
    if (ask.repair && at.serving && answer.exit != 0) {
        answer.note += ": stop the server, verify --repair then rebuilds indexes too";
    }
    return answer;
}

// A backup is of one moment, and flags follow their conversions a moment later: what trailed then
// is no damage of the backup. A start would have them follow too, and nobody else writes yet.
Answer VerifyRestored(Workplace& at) {
    std::vector<std::string> trailing;
    auto followed = delivery::CheckFlags(at.engine, {}, MendBy(at.ledger), trailing);
    if (!followed) return Refused(followed.error());
    Answer answer = Verify(at, {});
    if (*followed > 0) {
        const auto contacts = Counted(*followed, "contact follows", "contacts follow");
        answer.note += (answer.note.empty() ? "" : "\n") + contacts + " the ledger again";
    }
    return answer;
}

// Of a running server's store; findings as rows, which the asking side puts among its own.
Answer Doctor(Workplace& at) {
    if (!at.config) return Refused("doctor: ask without a server");
    Findings findings;
    if (auto trouble = at.engine.Trouble()) {
        findings.Fail("store", *trouble, "docs/operating/runbook.md has this line");
    } else {
        findings.Ok("store", "open in the running server");
    }
    ExamineContent(
        *at.config, [&](const auto& request) { return at.engine.Scan(request); }, findings
    );
    return {0, findings.Rows(), {}};
}

std::string TextOf(const json::object& from, std::string_view name) {
    const auto* value = from.if_contains(name);
    return value && value->is_string() ? std::string(value->as_string()) : std::string();
}

Result<json::object> ParseObject(std::string_view line) {
    boost::system::error_code ec;
    auto value = json::parse(json::string_view(line.data(), line.size()), ec);
    if (ec || !value.is_object()) return Fail(ErrorCode::kInvalid, "one JSON object is expected");
    return std::move(value.as_object());
}

}  // namespace

std::string Encode(const Ask& ask) {
    json::array ids;
    for (const auto& id : ask.ids) ids.emplace_back(id);
    json::object to{{"command", ask.command}};
    auto put = [&](const char* name, const std::string& value) {
        if (!value.empty()) to[name] = value;
    };
    put("name", ask.name);
    put("scope", ask.scope);
    put("affiliate", ask.affiliate);
    put("directory", ask.directory);
    put("email", ask.email);
    put("password_hash", ask.password_hash);
    if (!ids.empty()) to["ids"] = std::move(ids);
    if (ask.repair) to["repair"] = true;
    return json::serialize(to);
}

std::string Encode(const Answer& answer) {
    return json::serialize(json::object{
        {"exit", answer.exit}, {"out", answer.out}, {"note", answer.note}});
}

Result<Ask> DecodeAsk(std::string_view line) {
    auto from = ParseObject(line);
    if (!from) return Fail(from.error());
    Ask ask{.command = TextOf(*from, "command")};
    if (ask.command.empty()) return Fail(ErrorCode::kInvalid, "no command named", "command");
    ask.name = TextOf(*from, "name");
    ask.scope = TextOf(*from, "scope");
    ask.affiliate = TextOf(*from, "affiliate");
    ask.directory = TextOf(*from, "directory");
    ask.email = TextOf(*from, "email");
    ask.password_hash = TextOf(*from, "password_hash");
    if (const auto* ids = from->if_contains("ids")) {
        if (!ids->is_array()) return Fail(ErrorCode::kInvalid, "a list is expected", "ids");
        for (const auto& id : ids->as_array()) {
            if (!id.is_string()) return Fail(ErrorCode::kInvalid, "texts are expected", "ids");
            ask.ids.emplace_back(id.as_string());
        }
    }
    const auto* repair = from->if_contains("repair");
    ask.repair = repair && repair->is_bool() && repair->as_bool();
    return ask;
}

Result<Answer> DecodeAnswer(std::string_view line) {
    auto from = ParseObject(line);
    if (!from) return Fail(from.error());
    const auto* exit = from->if_contains("exit");
    if (!exit || !exit->is_int64()) return Fail(ErrorCode::kInvalid, "a number", "exit");
    return Answer{static_cast<int>(exit->as_int64()), TextOf(*from, "out"), TextOf(*from, "note")};
}

std::string ProblemOf(const Ask& ask) {
    const bool admin = ask.command == "admin.create";
    if ((admin || ask.command == "key.create") && !IsName(ask.name)) {
        return "--name: 1 to 64 printable characters are expected";
    }
    if (admin && !domain::IsHtmlEmail(Lower(Trim(ask.email)))) {
        return "--email: this is no e-mail address";
    }
    if (ask.command == "key.create") return ProblemOfNewKey(ask);
    const bool copies = ask.command == "backup" || ask.command == "export";
    if (copies && ask.directory.empty()) return ask.command + ": a place to write to is expected";
    return {};
}

Answer Execute(Workplace& at, const Ask& ask) {
    if (auto problem = ProblemOf(ask); !problem.empty()) return Refused(problem);
    if (ask.command == "ping") return {0, "here\n", {}};
    if (ask.command == "key.create") return CreateKey(at, ask);
    if (ask.command == "key.list") return ListKeys(at);
    if (ask.command == "key.revoke") return RevokeKeys(at, ask);
    if (ask.command == "admin.create") return CreateAdmin(at, ask);
    if (ask.command == "admin.password") return SetPassword(at, ask);
    if (ask.command == "deliveries.list") return ListDeliveries(at);
    if (ask.command == "deliveries.retry") return RetryDeliveries(at, ask);
    if (ask.command == "backup") return Backup(at, ask);
    if (ask.command == "export") return Export(at, ask);
    if (ask.command == "verify") return Verify(at, ask);
    if (ask.command == "restored") return VerifyRestored(at);
    if (ask.command == "doctor") return Doctor(at);
    return Refused("unknown command " + Printable(ask.command));
}

}  // namespace barracuda::app

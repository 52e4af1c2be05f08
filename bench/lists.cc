// How long lists of very many conversions take, beside what is wanted of them.
//
//     bench_lists [COUNT [DIRECTORY | mongodb://…]]
//
// Fills an empty store (a directory made here and removed, or one that is named and kept and used
// again; or a database of this name on a server) with COUNT conversions of ninety days and a fifth
// as many contacts, and prints each question with its median of nine and what is wanted. 1: some
// question took longer.
#include <fmt/format.h>

#include <chrono>
#include <random>
#include <string>

#include "domain/contact.h"
#include "report/contacts.h"
#include "report/conversion_csv.h"
#include "report/conversions.h"
#include "stored.h"
#include "table.h"

namespace barracuda {
namespace {

using bench::kBegin;
using bench::kDay;
using bench::Must;
using report::ConversionQuery;

class Lists : public bench::Table {
public:
    Lists(store::Engine& engine, double most_ms) : Table(most_ms), engine_(engine) {}

    void Ask(const char* name, const ConversionQuery& asked, bool wanted = true) {
        ConversionQuery query = asked;
        std::string said;
        Measure(name, wanted, [&] {
            if (query.Summed()) {
                auto stats = Must(report::ConversionStatsOf(engine_, Time{}, query));
                query.fitting = {{static_cast<size_t>(stats.Asked()), true}, stats.asked};
            }
            auto page = Must(SelectConversions(engine_, query));
            said = fmt::format(
                "{} rows of {}{}{}",
                page.rows.size(),
                page.fitting.total.exact ? "" : "at least ",
                page.fitting.total.count,
                page.complete ? "" : ", says it is not complete"
            );
            return said;
        });
    }
    // A page in the middle, by cursor, which is what a reader of a long list asks for.
    void AskDeep(const char* name, ConversionQuery query, int pages) {
        query.limit = 200;
        for (int i = 0; i < pages; ++i) {
            auto page = Must(SelectConversions(engine_, query));
            if (page.next_cursor.empty()) break;
            query.cursor = page.next_cursor;
            query.fitting = {page.fitting.total};
        }
        query.limit = 50;
        Ask(name, query);
    }

private:
    store::Engine& engine_;
};

// People of the forms: a few affiliates brought most, and one in three has deposited.
void FillContacts(store::Engine& engine, size_t count) {
    store::ScanRequest any;
    any.collection = store::Collection::kContacts;
    any.limit = 1;
    if (!Must(engine.Scan(any)).documents.empty()) return;
    const auto begin = std::chrono::steady_clock::now();
    std::mt19937_64 random(2);
    std::vector<store::Write> writes;
    for (size_t i = 0; i < count; ++i) {
        domain::Contact c;
        c.id = ObjectId::New();
        c.name = fmt::format("Person {}", i);
        c.email = c.email_key = fmt::format("person-{}@mail.example", i);
        c.type = i % 2 ? "user" : "affiliate";
        c.status = "new";
        c.click_id = fmt::format("{:016x}", random());
        c.affiliate_id = std::to_string(100 + bench::Few(random, 100));
        c.ftd = i % 3 == 0;
        c.created = c.updated = Time{kBegin.ms + static_cast<int64_t>(i * 90 * kDay / count)};
        c.rev = 1;
        writes.push_back(
            {{store::Collection::kContacts, c.id.Hex()}, std::nullopt, domain::Encode(c)}
        );
        if (writes.size() < bench::kBatch && i + 1 < count) continue;
        Must(engine.Commit(writes));
        writes.clear();
    }
    const std::chrono::duration<double, std::micro> took = std::chrono::steady_clock::now() - begin;
    fmt::print("{} contacts written, {:.1f} us each\n", count, took.count() / count);
}

class Contacts : public bench::Table {
public:
    Contacts(store::Engine& engine, double most_ms) : Table(most_ms), engine_(engine) {}

    void Ask(const char* name, const report::ContactQuery& asked, bool wanted = true) {
        Measure(name, wanted, [&] {
            report::ContactQuery query = asked;
            auto stats = Must(report::ContactStatsOf(engine_, Time{}, query));
            if (query.Summed()) {
                query.fitting = {{static_cast<size_t>(stats.Asked()), true}, stats.asked};
            }
            auto page = Must(SelectContacts(engine_, query));
            const auto& total = page.fitting.total;
            return fmt::format(
                "{} rows of {}{}", page.rows.size(), total.exact ? "" : "at least ", total.count
            );
        });
    }

private:
    store::Engine& engine_;
};

int AskContacts(store::Engine& engine, bool mongo) {
    Contacts table(engine, mongo ? 50 : 20);
    table.Ask("contacts", {});
    table.Ask("contacts of an affiliate", {.filter = {.affiliates = {"150"}}});
    table.Ask("contacts of three", {.filter = {.affiliates = {"100", "150", "199"}}});
    table.Ask("contacts who deposited", {.filter = {.ftd = true}});
    table.Ask("contacts who did not", {.filter = {.ftd = false}});
    table.Ask("of an affiliate, deposited", {.filter = {.affiliates = {"150"}, .ftd = true}});
    const Time day{kBegin.ms + 45 * kDay};
    table.Ask(
        "deposited, came within a day",
        {.filter = {.ftd = true, .from = day, .to = Time{day.ms + kDay}}}
    );
    return table.missed();
}

int Ask(store::Engine& engine, bool mongo) {
    using report::Filter;
    using enum domain::Status;
    Lists table(engine, mongo ? 50 : 20);
    table.Ask("no filter", {});
    table.AskDeep("no filter, page 200 by cursor", {}, 50);
    table.Ask("by click id", {.sort = "click_id", .descending = false});
    table.Ask("last changed first", {.sort = "updatedAt"});
    table.AskDeep("last changed, page 200 by cursor", {.sort = "updatedAt"}, 50);
    table.Ask("search, 3 characters", {.filter = {.click_prefix = "abc"}});
    table.Ask("search, 1 character", {.filter = {.click_prefix = "a"}});
    table.Ask("status", {.filter = {.statuses = {kRejected}}});
    table.Ask("goal", {.filter = {.goals = {"6"}}});
    table.Ask("goal, rare", {.filter = {.goals = {"9"}}});
    table.Ask("offer", {.filter = {.offers = {"1"}}});
    table.Ask("offer, rare", {.filter = {.offers = {"rare"}}});
    table.Ask("affiliate", {.filter = {.affiliates = {"100"}}});
    table.Ask("affiliates, three", {.filter = {.affiliates = {"100", "150", "199"}}});
    table.Ask("provenance, rare", {.filter = {.provenances = {domain::Provenance::kForm}}});
    table.Ask("transaction id", {.filter = {.transactions = {"t-77777"}}});
    table.Ask("affiliate and status", {.filter = {.statuses = {kRejected}, .affiliates = {"150"}}});
    table.Ask("goal and rare affiliate", {.filter = {.goals = {"9"}, .affiliates = {"7"}}});
    const Time day{kBegin.ms + 45 * kDay};
    table.Ask("one day", {.filter = {.from = day, .to = Time{day.ms + kDay}}});
    table.Ask(
        "changed within an hour",
        {.filter = {.changed_from = day, .changed_to = Time{day.ms + kDay / 24}}}
    );
    table.Ask("country", {.filter = {.countries = {"RO"}}});
    table.Ask("country, rare: no index", {.filter = {.countries = {"IS"}}}, false);
    table.Ask("by amount: in blocks", {.sort = "amount"}, false);
    table.Measure("export of a day", false, [&] {
        report::ConversionCsv csv(engine, {.filter = {.from = day, .to = Time{day.ms + kDay}}});
        Must(csv.Begin());
        size_t bytes = 0;
        for (bool ended = false; !ended;) {
            auto part = Must(csv.Next());
            bytes += part.text.size();
            ended = part.ended;
        }
        return fmt::format("{} bytes", bytes);
    });
    return table.missed() > 0 ? 1 : 0;
}

int Run(size_t count, const std::string& where) {
    bench::Stored stored("lists", count, where);
    FillContacts(stored.engine(), count / 5);
    const int missed = Ask(stored.engine(), stored.mongo());
    return AskContacts(stored.engine(), stored.mongo()) > 0 ? 1 : missed;
}

}  // namespace
}  // namespace barracuda

int main(int argc, char** argv) {
    return barracuda::bench::Main(argc, argv, "bench_lists", barracuda::Run);
}

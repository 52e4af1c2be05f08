// Random reports of conversions, edits and erasures; then every report, with every grouping, filter
// and zone, is what a walk over all documents gives, over every engine. A store that loses one cell
// is found out.
#include <fmt/format.h>

#include <map>
#include <random>

#include "report/changed_cells.h"
#include "report/grouped.h"
#include "store/engine_fixture.h"

namespace barracuda::report {
namespace {

using domain::Conversion;
using domain::Field;

constexpr int64_t kDay = store::kCellDayMs;
// Within these days clocks change in three of the zones.
const Time kBegin = *Time::ParseIso("2025-03-01");
constexpr int kDays = 45;
constexpr const char* kZones[] = {
    "UTC", "Europe/Berlin", "America/New_York", "Asia/Kathmandu", "Australia/Lord_Howe"};

using Rows = std::map<std::vector<std::string>, ReportRow>;

// What a walk over documents says a conversion adds to a row, from the document itself.
void AddTo(Measures& to, const Conversion& c) {
    const auto type = c.goal_type;
    const bool rejected = c.status == domain::Status::kRejected;
    ++to.conversions;
    to.registrations += type == domain::GoalType::kRegistration;
    to.ftds += type == domain::GoalType::kDeposit && c.key.occurrence.empty() && !rejected;
    to.approved += c.status == domain::Status::kApproved;
    to.pending += c.status == domain::Status::kPending;
    to.rejected += rejected;
    const auto micros = [&](Field field) {
        const auto sum = Money::Parse(c.fields.Get(field, "0"));
        return sum ? sum->micros : 0;
    };
    const auto currency = c.fields.Get(Field::kCurrency);
    to.amount.Add(currency, micros(Field::kAmount));
    to.payout.Add(currency, micros(Field::kPayout));
    to.revenue.Add(currency, micros(Field::kRevenue));
}

std::string KeyIn(const Conversion& c, Group group, Time at, const Zone& zone, int64_t days_later) {
    switch (group) {
        case Group::kDay: {
            const std::string day = zone.Iso(at).substr(0, 10);
            return Time{Time::ParseIso(day)->ms + days_later * kDay}.Iso().substr(0, 10);
        }
        case Group::kGoal:
            return c.key.goal.value;
        case Group::kAffiliate:
            return std::string(c.fields.Get(Field::kAffiliateId));
        case Group::kOffer:
            return std::string(c.fields.Get(Field::kOfferId));
        case Group::kCountry:
            return std::string(c.fields.Get(Field::kCountry));
        case Group::kSource:
            return std::string(c.fields.Get(Field::kSource));
        case Group::kStatus:
            return domain::NameOf(c.status);
    }
    return {};
}

// A source that keeps back one cell in all it gives.
class Losing final : public store::CellSource {
public:
    explicit Losing(store::CellSource& from) : from_(from) {}
    Result<bool> ReadCells(store::CellView view, Time from, Time to, const store::TakeCell& take)
        override {
        bool lost = false;
        return from_.ReadCells(view, from, to, [&](const store::Cell& cell) {
            return std::exchange(lost, true) ? take(cell) : true;
        });
    }
    Result<Time> CellsAsOf(Time now) override { return from_.CellsAsOf(now); }

private:
    store::CellSource& from_;
};

class GroupedProperty : public testing::TestWithParam<store::Kind> {
protected:
    store::AnyStore store_{GetParam()};
    std::mt19937 random_{20'262};
    std::map<std::string, Conversion> conversions_;
    bool by_change_ = false;  // what is asked for, and over the same days what is written

    bool mongo() const { return GetParam() == store::Kind::kMongo; }
    int Below(int most) { return std::uniform_int_distribution<>(0, most - 1)(random_); }
    void Maybe(Conversion& c, Field field, std::initializer_list<const char*> values) {
        const int chosen = Below(static_cast<int>(values.size()) + 1);
        c.fields.Remove(field);
        if (chosen > 0) c.fields.Set(field, values.begin()[chosen - 1]);
    }

    // A quarter of an hour that changes is a write to a server: there within fewer days.
    int AnyMinute() {
        constexpr int kMinutes = 24 * 60, kFew = 10;
        return mongo() ? (kDays / 2 + Below(kFew)) * kMinutes + Below(kMinutes)
                       : Below(kDays * kMinutes);
    }
    void Edit(Conversion& c) {
        c.status = static_cast<domain::Status>(Below(3));
        c.provenance = static_cast<domain::Provenance>(Below(5));
        Maybe(c, Field::kOfferId, {"1", "2"});
        Maybe(c, Field::kCurrency, {"USD", "EUR"});
        Maybe(c, Field::kCountry, {"DE", "RO", "=1+1"});
        Maybe(c, Field::kSource, {"s 1", "s,2", "\xc3\xa9"});
        if (Below(8) == 0) c.fields.Set(Field::kSource, std::string(300, 'x'));
        Maybe(c, Field::kAmount, {"0", "1.5", "1000000000000"});
        Maybe(c, Field::kPayout, {"0.000001", "2"});
        Maybe(c, Field::kRevenue, {"3.25"});
        c.fields.Remove(Field::kIsTest);
        if (Below(8) == 0) c.fields.Set(Field::kIsTest, "true");
        c.updated = by_change_ ? Time{kBegin.ms + AnyMinute() * 60'000LL} : Time::Now();
    }
    // A new one, an edit, or (what an erasure may do) a document that goes, or loses its fields.
    void Step(std::vector<store::Write>& writes) {
        Conversion c;
        c.key = {
            ClickId(fmt::format("c{}", Below(mongo() ? 40 : 150))),
            GoalId(std::to_string(5 + Below(2))),
            ""};
        if (Below(4) == 0) c.key.occurrence = "again";
        const auto ref = store::RefOf(c.key);
        std::optional<std::string> before;
        if (auto at = conversions_.find(ref.key); at != conversions_.end()) {
            before = domain::Encode(at->second);
            c = at->second;
            ++c.rev;
            if (!mongo() && Below(10) == 0) {
                conversions_.erase(at);
                return writes.push_back({ref, before, std::nullopt});
            }
        } else {
            c.id = ObjectId::New();
            c.goal_type = static_cast<domain::GoalType>(Below(3));
            c.fields.Set(Field::kAffiliateId, std::to_string(7 + Below(3)));
            c.created = Time{kBegin.ms + AnyMinute() * 60'000LL + Below(60'000)};
            c.rev = 1;
        }
        Edit(c);
        writes.push_back({ref, before, domain::Encode(c)});
        conversions_[ref.key] = c;
    }
    void Write(int steps) {
        for (int i = 0; i < steps;) {
            std::vector<store::Write> writes;
            for (int size = 1 + Below(20); size > 0; --size, ++i) Step(writes);
            auto states = store_.engine().Commit(writes);
            ASSERT_TRUE(states) << states.error().message;
            for (const auto& state : *states) ASSERT_EQ(state, store::WriteState::kApplied);
        }
        if (!mongo()) return;
        auto swept = dynamic_cast<store::MongoEngine&>(store_.engine()).SweepCells(Time::Now());
        ASSERT_TRUE(swept) << swept.error().message;
    }

    template <typename Value>
    void MaybeAny(std::vector<Value>& to, std::initializer_list<Value> values) {
        if (Below(4)) return;
        for (int i = 1 + Below(2); i > 0; --i) {
            to.push_back(values.begin()[Below(static_cast<int>(values.size()))]);
        }
    }
    GroupedQuery AnyQuery() {
        using Text = std::string;
        GroupedQuery query;
        query.zone = *Zone::Named(kZones[Below(static_cast<int>(std::size(kZones)))]);
        const auto moment = [&](int first, int last) {
            const int64_t ms = kBegin.ms + (first + Below(last - first)) * kDay;
            return Below(3) ? query.zone.At(ms) : Time{ms + Below(96) * store::kQuarterMs};
        };
        query.from = moment(15, 30);
        query.to = moment(30, kDays);
        if (query.to <= query.from) query.to = Time{query.from.ms + kDay};
        for (int i = 1 + Below(3); i > 0; --i) {
            const Group group = kGroups[Below(static_cast<int>(std::size(kGroups)))];
            if (std::find(query.groups.begin(), query.groups.end(), group) == query.groups.end()) {
                query.groups.push_back(group);
            }
        }
        query.changed = by_change_;
        if (!by_change_ && Below(3) == 0) query.compare = Compare::kPrevious;
        auto& f = query.filter;
        MaybeAny(f.goals, {Text("5"), Text("6"), Text("9")});
        MaybeAny(f.affiliates, {Text("7"), Text("8")});
        MaybeAny(f.offers, {Text("1"), Text("2")});
        MaybeAny(f.countries, {Text("DE"), Text("RO")});
        MaybeAny(f.sources, {Text("s,2"), Text(300, 'x')});
        MaybeAny(f.currencies, {Text("USD"), Text("EUR")});
        MaybeAny(f.statuses, {domain::Status::kPending, domain::Status::kApproved});
        MaybeAny(f.goal_types, {domain::GoalType::kDeposit, domain::GoalType::kOther});
        MaybeAny(f.provenances, {domain::Provenance::kForm, domain::Provenance::kUnknown});
        query.limit = 100'000;
        return query;
    }

    void Walk(
        const GroupedQuery& query,
        Period period,
        Measures ReportRow::*into,
        int64_t later,
        Rows& rows
    ) const {
        for (const auto& [key, c] : conversions_) {
            if (c.fields.Get(Field::kIsTest) == "true" || !Matches(query.filter, c)) continue;
            const Time at = query.changed ? c.updated : c.created;
            if (at < period.from || at >= period.to) continue;
            std::vector<std::string> keys;
            for (Group group : query.groups) {
                keys.push_back(store::CellText(KeyIn(c, group, at, query.zone, later)));
            }
            AddTo(rows[keys].*into, c);
        }
    }
    Rows Expected(const GroupedQuery& query) const {
        Rows rows;
        Walk(query, {query.from, query.to}, &ReportRow::now, 0, rows);
        if (query.compare == Compare::kNone) return rows;
        const Period before = BeforeOf(query);
        const auto day = [&](Time at) {
            return Time::ParseIso(query.zone.Iso(at).substr(0, 10))->ms / kDay;
        };
        Walk(query, before, &ReportRow::before, day(query.from) - day(before.from), rows);
        return rows;
    }
    // How many of `count` reports differ from the walk.
    int Differing(store::CellSource& cells, int count, bool said) {
        int differing = 0;
        for (int i = 0; i < count; ++i) {
            const auto query = AnyQuery();
            auto report = ReportOf(cells, query);
            EXPECT_TRUE(report) << report.error().message;
            if (!report) return count;
            Rows shown;
            for (const auto& row : report->rows) {
                auto& one = shown[row.keys];
                one.now = row.now;
                one.before = row.before;
            }
            const auto expected = Expected(query);
            const bool same = shown == expected;
            differing += !same;
            if (said) {
                EXPECT_TRUE(same) << query.from.Iso() << ' ' << query.to.Iso() << ", "
                                  << shown.size() << " rows, expected " << expected.size();
            }
        }
        return differing;
    }
};

TEST_P(GroupedProperty, EveryReportIsAWalkOverAllDocuments) {
    for (int round = 0; round < (mongo() ? 2 : 4); ++round) {
        Write(mongo() ? 50 : 300);
        auto* cells = store::CellsOf(store_.engine());
        ASSERT_NE(cells, nullptr);
        EXPECT_EQ(Differing(*cells, mongo() ? 25 : 150, true), 0);
        auto findings = store_.engine().Verify(false);
        ASSERT_TRUE(findings);
        EXPECT_THAT(*findings, testing::IsEmpty());
        if (round % 2 == 1) store_.Reopen();
    }
    auto* cells = store::CellsOf(store_.engine());
    Losing losing(*cells);
    EXPECT_GT(Differing(losing, 20, false), 0) << "the control: a lost cell is not noticed";
}

TEST_P(GroupedProperty, ByChangeTooAndARefusalWhereThereIsTooMuch) {
    by_change_ = true;
    for (int round = 0; round < 2; ++round) {
        Write(mongo() ? 50 : 300);
        ChangedCells cells(store_.engine());
        EXPECT_EQ(Differing(cells, mongo() ? 20 : 100, true), 0);
        Losing losing(cells);
        EXPECT_GT(Differing(losing, 20, false), 0) << "the control: a lost one is not noticed";
    }
    ChangedCells few(store_.engine(), 5);
    GroupedQuery query;
    query.from = kBegin;
    query.to = Time{kBegin.ms + kDays * kDay};
    query.groups = {Group::kGoal};
    query.changed = true;
    auto refused = ReportOf(few, query);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::kInvalid);
    EXPECT_EQ(refused.error().where, "from");
}

INSTANTIATE_TEST_SUITE_P(
    Engines,
    GroupedProperty,
    testing::ValuesIn(store::Kinds()),
    [](const auto& info) { return std::string(store::NameOf(info.param)); }
);

}  // namespace
}  // namespace barracuda::report

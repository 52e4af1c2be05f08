#include "store/cells.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace barracuda::store {
namespace {

using Map = std::map<std::string, std::string>;

Counted Sale(const char* affiliate, __int128 amount) {
    Counted counted;
    counted.at = Time{1'780'000'000'000};
    counted.goal = "6";
    counted.texts = {affiliate, "1", "DE", ""};
    counted.kind = {
        domain::GoalType::kDeposit,
        domain::Status::kApproved,
        domain::Provenance::kReported,
        false};
    counted.currency = "EUR";
    counted.sums = {1, {amount, 2, -3}};
    return counted;
}

Map CellsIn(CellBatch& batch) {
    Map cells;
    batch.Each([&](std::string_view key, std::string rows) {
        EXPECT_TRUE(cells.emplace(key, std::move(rows)).second) << "a cell is given once";
    });
    return cells;
}

TEST(Cells, ReadAsTheyWereCounted) {
    CellBatch batch;
    const auto sale = Sale("7", (__int128{1} << 100) + 5);
    batch.Add(sale, +1);
    const auto cells = CellsIn(batch);
    ASSERT_EQ(cells.size(), std::size(kCellViews));
    for (const auto& [key, rows] : cells) {
        const auto view = static_cast<CellView>(key[1]);
        size_t count = 0;
        const auto read = EachRow(key, rows, [&](const Cell& cell) {
            ++count;
            EXPECT_EQ(cell.begin, BeginOfCell(view, sale.at));
            EXPECT_EQ(cell.goal, "6");
            EXPECT_EQ(cell.kind, sale.kind);
            EXPECT_EQ(cell.currency, "EUR");
            EXPECT_EQ(cell.sums, sale.sums);
            const bool affiliate = view == CellView::kAll || view == CellView::kAffiliate;
            EXPECT_EQ(cell.texts[0], affiliate ? "7" : "");
            return true;
        });
        EXPECT_EQ(read, CellRead::kDone);
        EXPECT_EQ(count, 1u);
        EXPECT_TRUE(key.starts_with(CellPrefix(view, sale.at)));
    }
}

// A table takes no others, and a sum that came twice would count once.
TEST(Cells, AreGivenInTheOrderOfTheirKeys) {
    CellBatch batch;
    Map alone;  // each as it is by itself, added one by one
    for (int i = 0; i < 600; ++i) {
        auto sale = Sale(std::to_string(i % 37).c_str(), i);
        sale.at.ms += i % 11 * kQuarterMs;
        sale.goal = std::string(1 + i % 3, static_cast<char>('5' + i % 2));
        sale.currency = i % 4 ? "EUR" : "BRL";
        batch.Add(sale, +1);
        CellBatch one;
        one.Add(sale, +1);
        for (const auto& [key, rows] : CellsIn(one)) alone[key] = *AddRows(alone[key], rows);
    }
    std::string before;
    Map together;
    batch.Each([&](std::string_view key, std::string rows) {
        EXPECT_LT(before, key);
        before = key;
        together.emplace(key, std::move(rows));
    });
    EXPECT_EQ(together, alone);
}

TEST(Cells, EqualOnesAreAddedBefore) {
    CellBatch batch;
    for (int i = 0; i < 10; ++i) batch.Add(CellView::kAll, Sale("7", 100), +1);
    batch.Add(CellView::kAll, Sale("8", 1), +1);
    batch.Add(CellView::kAll, Sale("8", 1), -1);
    const auto cells = CellsIn(batch);
    ASSERT_EQ(cells.size(), 1u) << "what came to nothing is left out";
    EachRow(cells.begin()->first, cells.begin()->second, [](const Cell& cell) {
        EXPECT_EQ(cell.sums, (CellSums{10, {1000, 20, -30}}));
        return true;
    });
}

// Many more cells than places are made for at once, each met again and again; and once more after
// they were given.
TEST(Cells, EachOfManyCountsItsOwn) {
    CellBatch batch;
    for (int64_t met = 1; met <= 5; ++met) {
        for (int i = 0; i < 700; ++i) {
            batch.Add(CellView::kAll, Sale(std::to_string(i).c_str(), i), +1);
        }
        if (met < 4) continue;
        const auto cells = CellsIn(batch);
        ASSERT_EQ(cells.size(), 700u);
        for (const auto& [key, rows] : cells) {
            EachRow(key, rows, [&](const Cell& cell) {
                const auto amount = std::stoll(std::string(cell.texts[0]));
                EXPECT_EQ(cell.sums, (CellSums{met, {met * amount, 2 * met, -3 * met}}));
                return true;
            });
        }
    }
}

TEST(Cells, AChangeThatMovesNoSumHasNone) {
    CellBatch batch;
    batch.Change(Sale("7", 100), Sale("7", 100));
    EXPECT_TRUE(batch.empty());
    batch.Change(Sale("7", 100), Sale("7", 101));
    EXPECT_FALSE(batch.empty());
}

TEST(Cells, RowsAddInAnyOrder) {
    auto rows = [](domain::Status status, int64_t amount, int sign) {
        auto sale = Sale("7", amount);
        sale.kind.status = status;
        CellBatch batch;
        batch.Add(CellView::kAll, sale, sign);
        return CellsIn(batch).begin()->second;
    };
    const auto approved = rows(domain::Status::kApproved, 5, +1);
    const auto rejected = rows(domain::Status::kRejected, 7, +1);
    const auto both = AddRows(approved, rejected);
    ASSERT_TRUE(both);
    EXPECT_EQ(both, AddRows(rejected, approved));
    EXPECT_EQ(AddRows(*both, rows(domain::Status::kRejected, 7, -1)), approved);
    EXPECT_EQ(AddRows(approved, rows(domain::Status::kApproved, 5, -1)), "");
    EXPECT_EQ(AddRows("", approved), approved);
}

TEST(Cells, BytesThatAreNoneAreFound) {
    CellBatch batch;
    batch.Add(CellView::kAll, Sale("7", 100), +1);
    const auto [key, rows] = *CellsIn(batch).begin();
    const TakeCell all = [](const Cell&) { return true; };
    for (size_t size = 0; size < key.size(); ++size) {
        EXPECT_EQ(EachRow(key.substr(0, size), rows, all), CellRead::kDamaged) << size;
    }
    for (size_t size = 1; size < rows.size(); ++size) {
        EXPECT_EQ(EachRow(key, rows.substr(0, size), all), CellRead::kDamaged) << size;
        EXPECT_EQ(AddRows(rows, rows.substr(0, size)), std::nullopt) << size;
    }
    EXPECT_EQ(EachRow(key + "x", rows, all), CellRead::kDamaged);
    EXPECT_EQ(EachRow(key, std::string(30, '\xff'), all), CellRead::kDamaged);
    EXPECT_EQ(EachRow(key, rows, [](const Cell&) { return false; }), CellRead::kEnough);
}

TEST(Cells, LongTextsAreCutAndStayApart) {
    const std::string text(500, 'a');
    const auto cut = CellText(text);
    EXPECT_LE(cut.size(), 120u);
    EXPECT_NE(cut, CellText(text + "b"));
    EXPECT_EQ(cut, CellText(text));
    EXPECT_EQ(CellText(std::string(120, 'a')), std::string(120, 'a'));
}

TEST(Cells, TimesOutsideAreTheFirstAndTheLast) {
    EXPECT_EQ(BeginOfCell(CellView::kAll, Time{-5}), Time{});
    EXPECT_EQ(
        CellBegin(CellPrefix(CellView::kTime, Time{INT64_MAX})),
        BeginOfCell(CellView::kTime, Time{INT64_MAX})
    );
    const Time at = *Time::ParseIso("2026-03-29T01:44:59.999Z");
    EXPECT_EQ(BeginOfCell(CellView::kTime, at).Iso(), "2026-03-29T01:30:00.000Z");
    EXPECT_EQ(BeginOfCell(CellView::kSource, at).Iso(), "2026-03-29T00:00:00.000Z");
}

TEST(Cells, WhatIsCountedIsWhatADocumentIsReadAs) {
    domain::BsonWriter to;
    to.Int("goal_id", 6);
    to.Text("status", "no word");
    to.Text("amount", "12.5");
    to.Date("createdAt", Time{5});
    const std::string document = to.Take();
    const auto counted = CountedOf(domain::TopFields(document));
    ASSERT_TRUE(counted);
    EXPECT_EQ(counted->goal, "6");
    EXPECT_EQ(counted->kind, CellKind());
    EXPECT_EQ(counted->currency, "USD");
    EXPECT_EQ(counted->sums, (CellSums{1, {12'500'000, 0, 0}}));
    domain::BsonWriter undated, test;
    undated.Text("goal_id", "6");
    test.Date("createdAt", Time{5});
    test.Bool("is_test", true);
    const std::string without = undated.Take(), tried = test.Take();
    EXPECT_FALSE(CountedOf(domain::TopFields(without)));
    EXPECT_FALSE(CountedOf(domain::TopFields(tried)));
}

TEST(Cells, AKindIsItsNumber) {
    for (uint64_t number = 0; number < 0x200; ++number) {
        const auto kind = CellKind::Of(number);
        if (kind) {
            EXPECT_EQ(kind->Number(), number);
        }
    }
    EXPECT_FALSE(CellKind::Of(3)) << "no such type";
    EXPECT_FALSE(CellKind::Of(0x100)) << "a later version's";
}

}  // namespace
}  // namespace barracuda::store

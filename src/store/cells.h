// Cells: what reports are made of. Sums of conversions by a quarter of an hour (every time zone's
// offset is a multiple of it) or a day, derived from the documents like index entries
// (docs/formats/cells.md has the bytes).
//
//     CellBatch batch;                      // of one commit
//     batch.Change(CountedOf(before), CountedOf(after));
//     batch.Each([&](std::string key, std::string rows) { … });
//
//     auto* cells = CellsOf(engine);
//     cells->ReadCells(CellView::kTime, from, to, [&](const Cell& cell) { …; return true; });
//
// Threads: plain values; a CellSource is thread-safe.
#pragma once

#include <array>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "domain/bson.h"
#include "domain/conversion.h"

namespace barracuda::store {

class Engine;

inline constexpr int64_t kQuarterMs = 15 * 60 * 1000, kCellDayMs = 24 * 60 * 60 * 1000;
// Raise when a cell's bytes, or what is counted, change: then they are built anew.
inline constexpr int kCellVersion = 1;

// By what a cell is told apart, besides its time, goal, kind and currency. Two are of a quarter of
// an hour: one by everything, one by nothing else; the others are of a day in UTC. Numbers above
// kSource are for clicks, and for the time of a conversion's click.
enum class CellView : uint8_t { kAll = 1, kTime, kAffiliate, kOffer, kCountry, kSource };
inline constexpr CellView kCellViews[] = {
    CellView::kAll,
    CellView::kTime,
    CellView::kAffiliate,
    CellView::kOffer,
    CellView::kCountry,
    CellView::kSource};
inline constexpr int64_t LengthOf(CellView view) {
    return view <= CellView::kTime ? kQuarterMs : kCellDayMs;
}

// The fields whose text a caller chooses. A cell holds a long text cut, with a hash (CellText).
enum class CellField : uint8_t { kAffiliate, kOffer, kCountry, kSource };
inline constexpr size_t kCellFields = 4;
using CellTexts = std::array<std::string, kCellFields>;
std::string CellText(std::string_view text);

// The fields of closed vocabularies: one number, with room above for what is counted beyond a cap.
struct CellKind {
    domain::GoalType type = domain::GoalType::kOther;
    domain::Status status = domain::Status::kPending;
    domain::Provenance provenance = domain::Provenance::kUnknown;
    bool again = false;  // of a goal that counts several times a click
    auto operator<=>(const CellKind&) const = default;
    uint64_t Number() const;
    static std::optional<CellKind> Of(uint64_t number);
};

// Signed: what is taken back counts below nothing. Money in micro-units.
struct CellSums {
    int64_t count = 0;
    std::array<__int128, 3> money = {};  // amount, payout, revenue
    void Add(const CellSums& other, int sign = 1);
    bool Nothing() const { return *this == CellSums(); }
    bool operator==(const CellSums&) const = default;
};

// A conversion as it is counted.
struct Counted {
    Time at;  // createdAt
    std::string goal;
    CellTexts texts;
    CellKind kind;
    std::string currency;
    CellSums sums;
    bool operator==(const Counted&) const = default;
};

// How a conversion's document is counted; nullopt: not at all, as a test or without a date of
// creation.
std::optional<Counted> CountedOf(const domain::TopFields& document);

// One row of a cell, as it is read. Texts that the view does not hold are empty; it looks into what
// it was read from.
struct Cell {
    Time begin;
    std::string_view goal;
    std::array<std::string_view, kCellFields> texts;
    CellKind kind;
    std::string_view currency;
    CellSums sums;
};
using TakeCell = std::function<bool(const Cell&)>;  // false: it is enough

// How a reading ended: kEnough where a TakeCell said so, kDamaged where bytes are no cell.
enum class CellRead { kDone, kEnough, kDamaged };
CellRead EachRow(std::string_view key, std::string_view rows, const TakeCell& take);

// Where a view's cells from a time on stand among the keys; the same for every time within one.
std::string CellPrefix(CellView view, Time at);
inline constexpr char kCellPrefix = '\x7e';  // above every IndexId, below the rollups
std::optional<Time> CellBegin(std::string_view key);
Time BeginOfCell(CellView view, Time at);

// Sums of the same key: rows of equal kind and currency add, those that come to nothing go.
std::optional<std::string> AddRows(std::string_view one, std::string_view other);

// Collects conversions, then gives every cell once: equal ones are added before.
class CellBatch {
public:
    void Change(const std::optional<Counted>& before, const std::optional<Counted>& after);
    void Add(const Counted& counted, int sign);
    // In one view alone.
    void Add(CellView view, const Counted& counted, int sign);
    bool empty() const { return rows_.empty(); }
    // In the order of keys; a cell to which nothing was added in the end is left out.
    void Each(const std::function<void(std::string_view key, std::string rows)>& take);

private:
    struct Row {
        size_t at;          // in bytes_: key, then kind and currency
        uint32_t key, all;  // bytes of the key, and with kind and currency
        CellSums sums;
    };
    std::string_view KeyOf(const Row& row) const { return {bytes_.data() + row.at, row.key}; }
    std::string_view AllOf(const Row& row) const { return {bytes_.data() + row.at, row.all}; }
    Row& Find(const Row& row);
    uint32_t& PlaceOf(std::string_view all);
    void Spread();

    std::string bytes_;
    std::vector<Row> rows_;
    std::vector<uint32_t> places_;  // by the hash of their bytes: a row's number from 1; 0: none
};

// Of engines that keep cells, which are all that serve.
class CellSource {
public:
    virtual ~CellSource() = default;
    // The cells of a view that begin in [from, to), in the order of time. Both lie on the view's
    // grain. Errors: kUnavailable, also while they are being built.
    virtual Result<bool> ReadCells(CellView view, Time from, Time to, const TakeCell& take) = 0;
    // Up to when what was recorded and changed is in them: `now` where they change with their
    // documents.
    virtual Result<Time> CellsAsOf(Time now) = 0;
};

// nullptr: this one keeps none.
CellSource* CellsOf(Engine& engine);

}  // namespace barracuda::store

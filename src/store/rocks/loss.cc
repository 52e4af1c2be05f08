#include "store/rocks/loss.h"

#include <fmt/format.h>

#include <algorithm>

#include "store/rocks/rocks_options.h"
#include "store/rocks/sight.h"
#include "store/rocks/store_files.h"
#include "store/rocks/torn_end.h"

namespace barracuda::store {

namespace {

constexpr const char* kToDo =
    "put the missing files back, restore a backup into another directory, or go on with what is "
    "left by --accept-loss (docs/operating/damage.md)";

std::string Writes(uint64_t count) {
    return count == 1 ? "1 write is missing" : fmt::format("{} writes are missing", count);
}

std::string TextOf(
    uint64_t absent, const std::optional<HighWater>& mark, uint64_t after, const Left& left
) {
    std::string text = Writes(absent + after);
    if (after == 0) return text + " in the middle: a log or a part of the manifest is gone";
    text += fmt::format(", made until {}", mark->at.Iso());
    if (left.newest) text += fmt::format(" and since {}", left.newest->Iso());
    if (mark->conversions > left.conversions) {
        text += fmt::format(
            " ({} of {} conversions)", mark->conversions - left.conversions, mark->conversions
        );
    }
    return text;
}

// Made durable before RocksDB forgets that anything was missing.
Result<bool> NoteAccepting(
    const std::string& directory,
    const std::optional<HighWater>& mark,
    uint64_t end,
    uint64_t writes
) {
    HighWater to = mark.value_or(HighWater{});
    to.sequence = end;
    to.accepting += writes;
    to.logged_from = to.first_log = 0;
    auto file = HighWaterFile::Open(directory, to);
    if (!file) return Fail(file.error());
    return true;
}

// Writes that were in the first log, where RocksDB would read it and it holds none: the tables of
// one family may reach as far as it did, and others lack what it held.
uint64_t LostWithFirstLog(const Sight& sight, const std::optional<HighWater>& mark) {
    if (!mark || mark->first_log == 0 || mark->sequence < mark->logged_from) return 0;
    if (sight.needed_log > mark->first_log) return 0;
    if (sight.first_log != 0 && sight.first_log <= mark->first_log) return 0;
    const uint64_t now = sight.first == 0 ? sight.end + 1 : sight.first;
    return now > mark->logged_from ? now - mark->logged_from : 0;
}

uint64_t AbsentIn(const Sight& sight, const std::optional<HighWater>& mark) {
    return sight.gaps + std::max(sight.front, LostWithFirstLog(sight, mark));
}

Error CannotOpen(const std::string& directory, const std::string& why) {
    return {
        ErrorCode::kUnavailable, "cannot open the store in " + directory + ": " + why, directory};
}

}  // namespace

Result<Judged> JudgeLoss(const std::string& directory, rocksdb::Env* env, bool accept) {
    Judged judged{.mark = ReadHighWater(directory), .mode = OurOptions().wal_recovery_mode};
    auto sight = LookAt(directory, env, judged.mode);
    bool damaged = LostItsLog(directory);
    if (!sight && EndIsTorn(directory).value_or(false)) {
        // The mark, and the sequences, go on to say whether anything else is missing.
        judged.mode = rocksdb::WALRecoveryMode::kPointInTimeRecovery;
        sight = LookAt(directory, env, judged.mode);
    }
    if (!sight && accept) {
        judged.mode = rocksdb::WALRecoveryMode::kPointInTimeRecovery;
        sight = LookAt(directory, env, judged.mode);
        damaged = true;
    }
    if (!sight) return Fail(CannotOpen(directory, sight.error().message));
    uint64_t after = 0;
    if (judged.mark && judged.mark->sequence > sight->end) {
        after = judged.mark->sequence - sight->end;
    }
    if (judged.mark) judged.accepting = judged.mark->accepting;
    uint64_t absent = AbsentIn(*sight, judged.mark);
    if (absent + after == 0 && !damaged) return judged;
    auto left = CountLeft(directory, env, judged.mode);
    if (!left) return Fail(CannotOpen(directory, left.error().message));
    if (judged.mark && judged.mark->losses < left->accepted.times) {
        after = 0;  // a mark of before the loss that was accepted
        judged.mark.reset();
        absent = AbsentIn(*sight, judged.mark);
    }
    if (absent + after == 0 && !damaged) return judged;
    if (!accept) {
        return Fail(CannotOpen(
            directory, fmt::format("{}: {}", TextOf(absent, judged.mark, after, *left), kToDo)
        ));
    }
    // Of a damaged or absent log without a mark nobody knows how much it held.
    const uint64_t writes = std::max<uint64_t>(absent + after, 1);
    if (auto noted = NoteAccepting(directory, judged.mark, sight->end, writes); !noted) {
        return Fail(noted.error());
    }
    judged.accepting += writes;
    judged.mark.reset();  // it is counted anew
    return judged;
}

}  // namespace barracuda::store

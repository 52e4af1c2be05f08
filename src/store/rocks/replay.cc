#include "store/rocks/replay.h"

#include <fmt/format.h>
#include <rocksdb/db.h>

#include <memory>

#include "store/rocks/followed_log.h"
#include "store/rocks/rocks_info_log.h"
#include "store/rocks/rocks_options.h"

namespace barracuda::store {

namespace {

constexpr size_t kDiaryBytesMax = 1 << 20;

class Target {
public:
    explicit Target(const std::string& directory) : directory_(directory) {}
    ~Target() {
        for (auto* family : families_) db_->DestroyColumnFamilyHandle(family);
    }
    Target(const Target&) = delete;
    Target& operator=(const Target&) = delete;

    Result<bool> Open() {
        auto options = OurOptions();
        options.info_log = MakeInfoLog(directory_, kDiaryBytesMax);
        rocksdb::DB* opened = nullptr;
        auto status = rocksdb::DB::Open(options, directory_, OurFamilies(), &families_, &opened);
        if (!status.ok()) return Fail(RocksErrorOf(status));
        db_.reset(opened);
        return true;
    }

    // False: the store holds it already.
    Result<bool> Take(const FollowedBatch& one) {
        const uint64_t now = db_->GetLatestSequenceNumber(), last = one.sequence + one.count - 1;
        if (last <= now) return false;
        if (one.sequence != now + 1) return Fail(DoesNotFollow(one, now));
        rocksdb::WriteBatch batch{std::string(one.bytes)};
        // Not synced one by one: a crash leaves what has to be restored again.
        auto status = db_->Write({}, &batch);
        if (!status.ok()) return Fail(RocksErrorOf(status));
        if (db_->GetLatestSequenceNumber() != last) return Fail(DoesNotFollow(one, last));
        return true;
    }

    Result<bool> End() {
        auto status = db_->Flush({}, families_);
        if (status.ok()) status = db_->FlushWAL(true);
        if (!status.ok()) return Fail(RocksErrorOf(status));
        return true;
    }

private:
    static Error DoesNotFollow(const FollowedBatch& one, uint64_t now) {
        return {
            ErrorCode::kInvalid,
            fmt::format("the log goes on at write {}, the backup ends at {}", one.sequence, now),
            {}};
    }

    const std::string& directory_;
    Families families_;
    std::unique_ptr<rocksdb::DB> db_;
};

}  // namespace

Result<Replayed> Replay(
    const std::string& directory, const std::string& log, std::optional<Time> until
) {
    auto reach = ReachOf(log);
    if (!reach) return Fail(reach.error());
    if (until && *until > *reach) {
        return Fail(
            ErrorCode::kInvalid,
            fmt::format(
                "the log of this backup knows of nothing later than {}: name a time until then, or "
                "none for all of it",
                reach->Iso()
            )
        );
    }
    Target target(directory);
    if (auto opened = target.Open(); !opened) return Fail(opened.error());
    Replayed done;
    auto read = ReadFollowedLog(log, [&](const FollowedBatch& one) -> Result<bool> {
        if (until && one.at > *until) return true;
        auto taken = target.Take(one);
        if (!taken || !*taken) return taken;
        ++done.batches;
        done.writes += one.count;
        done.last = one.at;
        return true;
    });
    if (!read) return Fail(read.error());
    done.reached = read->reached;
    if (auto ended = target.End(); !ended) return Fail(ended.error());
    return done;
}

}  // namespace barracuda::store

#include "store/rocks/rocks_log.h"

#include <rocksdb/convenience.h>
#include <rocksdb/db.h>
#include <rocksdb/table.h>

#include <algorithm>
#include <cstring>

#include "base/check.h"
#include "store/engine.h"
#include "store/index.h"
#include "store/rocks/log_database.h"
#include "store/rocks/store_files.h"

namespace barracuda::store {

namespace {

constexpr uint64_t kSegmentsPerBound = 16;  // a log is cut a sixteenth of its bound at a time
// Stands in place of an erased record, so that the others keep their places.
constexpr std::string_view kErasedRecord("\5\0\0\0\0", 5);
constexpr char kMeta = 'm', kAbout = 'a', kBlock = 'r';

void AppendNumber(std::string& key, uint64_t number) {
    for (int shift = 56; shift >= 0; shift -= 8) key.push_back(static_cast<char>(number >> shift));
}

// 0 where the bytes end before: of a disk's own making.
uint64_t NumberAt(std::string_view key, size_t at) {
    if (key.size() < at + 8) return 0;
    uint64_t number = 0;
    for (size_t i = 0; i < 8; ++i) number = number << 8 | static_cast<unsigned char>(key[at + i]);
    return number;
}

std::string SegmentKey(LogId log, uint64_t segment) {
    std::string key(1, static_cast<char>(log));
    AppendNumber(key, segment);
    return key;
}

std::string KeyIn(LogId log, uint64_t segment, char kind) {
    return SegmentKey(log, segment) + kind;
}

std::string BlockKey(LogId log, uint64_t segment, uint64_t block) {
    std::string key = KeyIn(log, segment, kBlock);
    AppendNumber(key, block);
    return key;
}

// The documents of a block, in order; each begins with its own length.
std::vector<std::string_view> DocumentsOf(std::string_view block) {
    std::vector<std::string_view> documents;
    while (block.size() >= 5) {
        uint32_t length;
        std::memcpy(&length, block.data(), sizeof length);
        if (length < 5 || length > block.size()) break;  // damaged: what is readable is shown
        documents.push_back(block.substr(0, length));
        block.remove_prefix(length);
    }
    return documents;
}

}  // namespace

std::string RocksLog::Segment::Bytes() const {
    std::string bytes;
    for (uint64_t number :
         {blocks,
          records,
          this->bytes,
          static_cast<uint64_t>(first_ms),
          static_cast<uint64_t>(last_ms)}) {
        AppendNumber(bytes, number);
    }
    return bytes;
}

RocksLog::Segment RocksLog::Segment::Parse(uint64_t number, std::string_view bytes) {
    Segment segment;
    segment.number = number;
    if (bytes.size() != 40) return segment;
    segment.blocks = NumberAt(bytes, 0);
    segment.records = NumberAt(bytes, 8);
    segment.bytes = NumberAt(bytes, 16);
    segment.first_ms = static_cast<int64_t>(NumberAt(bytes, 24));
    segment.last_ms = static_cast<int64_t>(NumberAt(bytes, 32));
    return segment;
}

void RocksLog::Segment::Count(const LogEntry& entry) {
    first_ms = records == 0 ? entry.at.ms : std::min(first_ms, entry.at.ms);
    last_ms = records == 0 ? entry.at.ms : std::max(last_ms, entry.at.ms);
    ++records;
    bytes += entry.bson.size();
}

RocksLog::RocksLog(std::unique_ptr<LogDatabase> database, std::map<LogId, LogBounds> bounds)
    : database_(std::move(database)), bounds_(std::move(bounds)) {}

RocksLog::~RocksLog() = default;

Result<std::unique_ptr<RocksLog>> RocksLog::Open(
    const std::string& directory, std::map<LogId, LogBounds> bounds
) {
    bool damaged = false;
    auto log = OpenWhole(directory, bounds, damaged);
    if (log || !damaged) return log;
    const std::string why = log.error().message;
    if (auto removed = RemoveStoreFiles(directory); !removed) return Fail(removed.error());
    log = OpenWhole(directory, bounds, damaged);
    if (log) (*log)->lost_ = why;
    return log;
}

Result<std::unique_ptr<RocksLog>> RocksLog::OpenWhole(
    const std::string& directory, const std::map<LogId, LogBounds>& bounds, bool& damaged
) {
    auto database = LogDatabase::Open(directory, damaged);
    if (!database) return Fail(database.error());
    std::unique_ptr<RocksLog> log(new RocksLog(std::move(*database), bounds));
    MutexLock lock(log->mutex_);
    for (LogId id : kLogIds) {
        damaged = true;
        if (auto loaded = log->LoadSegments(id); !loaded) return Fail(loaded.error());
    }
    return log;
}

Result<bool> RocksLog::LoadSegments(LogId log) {
    auto db = database_->Get();
    if (!db) return Fail(db.error());
    std::unique_ptr<rocksdb::Iterator> it((*db)->NewIterator({}));
    std::string prefix(1, static_cast<char>(log));
    for (it->Seek(prefix); it->Valid() && it->key().starts_with(prefix);) {
        if (it->key().size() < prefix.size() + 8) {
            it->Next();  // no key of ours
            continue;
        }
        uint64_t number = NumberAt(it->key().ToStringView(), 1);
        std::string meta;
        auto status = (*db)->Get({}, KeyIn(log, number, kMeta), &meta);
        if (!status.ok() && !status.IsNotFound()) return Fail(LogDatabase::ErrorOf(status));
        segments_[log].push_back(Segment::Parse(number, meta));
        it->Seek(SegmentKey(log, number + 1));
    }
    if (!it->status().ok()) return Fail(LogDatabase::ErrorOf(it->status()));
    return true;
}

// The segment that takes the next batch: the newest one while it has room, else a new one.
RocksLog::Segment RocksLog::Next(LogId log, Time at) const {
    auto found = segments_.find(log);
    if (found == segments_.end() || found->second.empty()) return Segment{.number = 1};
    const Segment& newest = found->second.back();
    LogBounds bounds = bounds_.contains(log) ? bounds_.at(log) : LogBounds{};
    bool full = newest.bytes >= bounds.bytes_max / kSegmentsPerBound ||
                at.ms - newest.first_ms >= bounds.age_max.count() / int64_t{kSegmentsPerBound};
    return full ? Segment{.number = newest.number + 1} : newest;
}

Result<bool> RocksLog::Append(LogId log, std::span<const LogEntry> entries) {
    if (entries.empty()) return true;
    MutexLock lock(mutex_);
    Segment segment = Next(log, entries.front().at);
    uint64_t block = segment.blocks++;
    rocksdb::WriteBatch batch;
    std::string value;
    for (size_t i = 0; i < entries.size(); ++i) {
        value += entries[i].bson;
        segment.Count(entries[i]);
        if (entries[i].about.empty()) continue;
        std::string key = KeyIn(log, segment.number, kAbout);
        AppendText(key, entries[i].about);
        AppendNumber(key, block);
        AppendNumber(key, i);
        if (auto put = batch.Put(key, {}); !put.ok()) return Fail(LogDatabase::ErrorOf(put));
    }
    auto status = batch.Put(BlockKey(log, segment.number, block), value);
    if (status.ok()) status = batch.Put(KeyIn(log, segment.number, kMeta), segment.Bytes());
    if (!status.ok()) return Fail(LogDatabase::ErrorOf(status));
    auto written = database_->Write([&](rocksdb::DB& db) { return db.Write({}, &batch); });
    if (!written) return written;
    auto& segments = segments_[log];
    if (segments.empty() || segments.back().number != segment.number) segments.emplace_back();
    BARRACUDA_CHECK(segments.size() == 1 || segments.end()[-2].number < segment.number);
    segments.back() = segment;
    return true;
}

// Where a record lies; a cursor is the place of the last one looked at.
struct RocksLog::Place {
    uint64_t segment, block, position;

    std::string Cursor() const {
        std::string bytes;
        for (uint64_t number : {segment, block, position}) AppendNumber(bytes, number);
        return bytes;
    }
};

// Walks a log from the newest record back.
class RocksLog::Reader {
public:
    Reader(rocksdb::DB& db, const LogRequest& request) : db_(db), request_(request) {}

    // Visits the segment's records before `before`; false: the page is full.
    Result<bool> Visit(uint64_t segment, const std::optional<Place>& before, LogPage& page) {
        bool about = !request_.about.empty();
        std::string prefix = KeyIn(request_.log, segment, about ? kAbout : kBlock);
        if (about) AppendText(prefix, request_.about);
        std::string start = prefix;
        AppendNumber(start, before ? before->block : UINT64_MAX);
        if (about) AppendNumber(start, before ? before->position : UINT64_MAX);
        std::unique_ptr<rocksdb::Iterator> it(db_.NewIterator({}));
        for (it->SeekForPrev(start); it->Valid() && it->key().starts_with(prefix); it->Prev()) {
            uint64_t block = NumberAt(it->key().ToStringView(), prefix.size());
            if (about) {
                uint64_t position = NumberAt(it->key().ToStringView(), prefix.size() + 8);
                if (before && block == before->block && position >= before->position) continue;
                std::string value;
                auto status = db_.Get({}, BlockKey(request_.log, segment, block), &value);
                if (!status.ok()) continue;  // dropped meanwhile
                auto documents = DocumentsOf(value);
                if (position >= documents.size()) continue;
                if (!Take(documents[position], {segment, block, position}, page)) return false;
            } else {
                auto documents = DocumentsOf(it->value().ToStringView());
                size_t end = documents.size();
                if (before && block == before->block) end = std::min(end, before->position);
                while (end-- > 0) {
                    if (!Take(documents[end], {segment, block, end}, page)) return false;
                }
            }
        }
        if (!it->status().ok()) return Fail(LogDatabase::ErrorOf(it->status()));
        return true;
    }

private:
    bool Take(std::string_view document, Place place, LogPage& page) {
        if (document.size() == kErasedRecord.size()) return true;
        if (page.documents.size() == request_.limit || scanned_ == request_.scanned_max) {
            page.cursor = last_.Cursor();
            return false;
        }
        ++scanned_;
        last_ = place;
        if (!Passes(request_, document)) return true;
        page.documents.emplace_back(document);
        page.places.push_back(Place{place.segment, place.block, place.position + 1}.Cursor());
        return true;
    }

    rocksdb::DB& db_;
    const LogRequest& request_;
    size_t scanned_ = 0;
    Place last_{};
};

Result<LogPage> RocksLog::Read(const LogRequest& request) {
    std::optional<Place> before;
    if (!request.cursor.empty()) {
        if (request.cursor.size() != 24) {
            return Fail(BadCursor());
        }
        before = {
            NumberAt(request.cursor, 0), NumberAt(request.cursor, 8), NumberAt(request.cursor, 16)};
    }
    std::vector<Segment> segments;
    {
        MutexLock lock(mutex_);
        auto found = segments_.find(request.log);
        if (found != segments_.end()) segments = found->second;
    }
    LogPage page;
    auto db = database_->Get();
    if (!db) return Fail(db.error());
    Reader reader(**db, request);
    for (auto at = segments.rbegin(); at != segments.rend(); ++at) {
        if (before && at->number > before->segment) continue;
        if (request.from && at->last_ms < request.from->ms) continue;
        if (request.to && at->first_ms >= request.to->ms) continue;
        bool within = before && at->number == before->segment;
        auto going = reader.Visit(at->number, within ? before : std::nullopt, page);
        if (!going) return Fail(going.error());
        if (!*going) break;
    }
    return page;
}

Result<bool> RocksLog::Drop(LogId log, uint64_t segment) {
    std::string low = SegmentKey(log, segment), high = SegmentKey(log, segment + 1);
    rocksdb::Slice from(low), to(high);
    return database_->Write([&](rocksdb::DB& db) {
        // Whole files first, at once; what shares a file with others goes by a range tombstone.
        auto status = rocksdb::DeleteFilesInRange(
            &db, db.DefaultColumnFamily(), &from, &to, /*include_end=*/false
        );
        return status.ok() ? db.DeleteRange({}, db.DefaultColumnFamily(), from, to) : status;
    });
}

namespace {

// The block without these records; nullopt: it holds none.
std::optional<std::string> BlockWithout(
    std::string_view block, const std::string& field, std::span<const std::string> values
) {
    std::string left;
    bool changed = false;
    for (auto document : DocumentsOf(block)) {
        const bool gone = HoldsAny(document, field, values);
        left += gone ? kErasedRecord : document;
        changed |= gone;
    }
    return changed ? std::optional(left) : std::nullopt;
}

}  // namespace

Result<bool> RocksLog::Erase(
    LogId log, const std::string& field, std::span<const std::string> values
) {
    std::string low, high;  // of the blocks that were written anew
    auto db = database_->Get();
    if (!db) return Fail(db.error());
    std::unique_ptr<rocksdb::Iterator> it((*db)->NewIterator({}));
    const std::string prefix(1, static_cast<char>(log));
    for (it->Seek(prefix); it->Valid() && it->key().starts_with(prefix); it->Next()) {
        const std::string key = it->key().ToString();
        if (key.size() != 18 || key[9] != kBlock) continue;
        const auto left = BlockWithout(it->value().ToStringView(), field, values);
        if (!left) continue;
        if (auto replaced = Replace(log, NumberAt(key, 1), key, *left); !replaced) return replaced;
        if (low.empty()) low = key;
        high = key;
    }
    if (!it->status().ok()) return Fail(LogDatabase::ErrorOf(it->status()));
    it.reset();  // else its view keeps what was
    return low.empty() ? true : Compact(low, high);
}

// Nothing where the segment was dropped meanwhile.
Result<bool> RocksLog::Replace(
    LogId log, uint64_t segment, const std::string& key, std::string_view block
) {
    MutexLock lock(mutex_);
    const auto& segments = segments_[log];
    const bool there = std::any_of(segments.begin(), segments.end(), [&](const Segment& one) {
        return one.number == segment && one.blocks > 0;
    });
    if (!there) return true;
    return database_->Write([&](rocksdb::DB& db) {
        return db.Put({}, key, rocksdb::Slice(block.data(), block.size()));
    });
}

// Takes overwritten values between these keys out of the write-ahead log and the tables.
Result<bool> RocksLog::Compact(const std::string& low, const std::string& high) {
    auto db = database_->Get();
    if (!db) return Fail(db.error());
    auto status = (*db)->Flush({});
    rocksdb::CompactRangeOptions options;
    options.exclusive_manual_compaction = false;
    options.bottommost_level_compaction = rocksdb::BottommostLevelCompaction::kForce;
    const rocksdb::Slice from(low), to(high);
    if (status.ok()) status = (*db)->CompactRange(options, &from, &to);
    if (!status.ok()) return Fail(LogDatabase::ErrorOf(status));
    return true;
}

Result<bool> RocksLog::Trim(LogId log, Time now) {
    MutexLock lock(mutex_);
    auto bounds = bounds_.find(log);
    if (bounds == bounds_.end()) return true;
    auto& segments = segments_[log];
    uint64_t bytes = 0;
    for (const auto& segment : segments) bytes += segment.bytes;
    while (!segments.empty()) {
        const Segment& oldest = segments.front();
        bool old = oldest.last_ms < now.ms - bounds->second.age_max.count();
        if (!old && bytes <= bounds->second.bytes_max) break;
        if (auto dropped = Drop(log, oldest.number); !dropped) return dropped;
        bytes -= oldest.bytes;
        // The next number is known by the last segment: the newest one stays, empty.
        if (segments.size() == 1) {
            segments.front() = Segment{.number = oldest.number + 1};
            break;
        }
        segments.erase(segments.begin());
    }
    return true;
}

LogStats RocksLog::stats(LogId log) const {
    MutexLock lock(mutex_);
    LogStats stats;
    auto found = segments_.find(log);
    if (found == segments_.end()) return stats;
    for (const auto& segment : found->second) {
        stats.records += segment.records;
        stats.bytes += segment.bytes;
        if (segment.records > 0 && !stats.oldest) stats.oldest = Time{segment.first_ms};
    }
    return stats;
}

}  // namespace barracuda::store

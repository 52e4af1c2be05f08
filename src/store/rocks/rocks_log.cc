#include "store/rocks/rocks_log.h"

#include <rocksdb/convenience.h>
#include <rocksdb/db.h>
#include <rocksdb/table.h>

#include <cstring>

#include "store/index.h"
#include "store/rocks/rocks_info_log.h"

namespace barracuda::store {

namespace {

constexpr uint64_t kSegmentsPerBound = 16;  // a log is cut a sixteenth of its bound at a time
constexpr size_t kInfoLogBytesMax = 2 << 20;
constexpr char kMeta = 'm', kAbout = 'a', kBlock = 'r';

Error ErrorOf(const rocksdb::Status& status) {
    return Error{ErrorCode::kUnavailable, "the log database: " + status.ToString(), {}};
}

void AppendNumber(std::string& key, uint64_t number) {
    for (int shift = 56; shift >= 0; shift -= 8) key.push_back(static_cast<char>(number >> shift));
}

uint64_t NumberAt(std::string_view key, size_t at) {
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

rocksdb::Options OptionsOf(const std::string& directory) {
    rocksdb::Options options;
    options.create_if_missing = true;
    options.write_buffer_size = 8 << 20;
    options.max_write_buffer_number = 2;
    options.max_total_wal_size = 16 << 20;
    options.max_background_jobs = 1;
    options.info_log = MakeInfoLog(directory, kInfoLogBytesMax);
    return options;
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

RocksLog::RocksLog(std::unique_ptr<rocksdb::DB> db, std::map<LogId, LogBounds> bounds)
    : db_(std::move(db)), bounds_(std::move(bounds)) {}

RocksLog::~RocksLog() { (void)db_->Close(); }

Result<std::unique_ptr<RocksLog>> RocksLog::Open(
    const std::string& directory, std::map<LogId, LogBounds> bounds
) {
    rocksdb::DB* opened = nullptr;
    auto status = rocksdb::DB::Open(OptionsOf(directory), directory, &opened);
    if (status.IsCorruption()) {
        status = rocksdb::DestroyDB(directory, OptionsOf(directory));
        if (status.ok()) status = rocksdb::DB::Open(OptionsOf(directory), directory, &opened);
    }
    if (!status.ok()) return Fail(ErrorOf(status));
    std::unique_ptr<RocksLog> log(
        new RocksLog(std::unique_ptr<rocksdb::DB>(opened), std::move(bounds))
    );
    for (LogId id : kLogIds) {
        if (auto loaded = log->LoadSegments(id); !loaded) return Fail(loaded.error());
    }
    return log;
}

Result<bool> RocksLog::LoadSegments(LogId log) {
    std::unique_ptr<rocksdb::Iterator> it(db_->NewIterator({}));
    std::string prefix(1, static_cast<char>(log));
    for (it->Seek(prefix); it->Valid() && it->key().starts_with(prefix);) {
        uint64_t number = NumberAt(it->key().ToStringView(), 1);
        std::string meta;
        auto status = db_->Get({}, KeyIn(log, number, kMeta), &meta);
        if (!status.ok() && !status.IsNotFound()) return Fail(ErrorOf(status));
        segments_[log].push_back(Segment::Parse(number, meta));
        it->Seek(SegmentKey(log, number + 1));
    }
    if (!it->status().ok()) return Fail(ErrorOf(it->status()));
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
    std::lock_guard lock(mutex_);
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
        if (auto put = batch.Put(key, {}); !put.ok()) return Fail(ErrorOf(put));
    }
    auto status = batch.Put(BlockKey(log, segment.number, block), value);
    if (status.ok()) status = batch.Put(KeyIn(log, segment.number, kMeta), segment.Bytes());
    if (status.ok()) status = db_->Write({}, &batch);
    if (!status.ok()) return Fail(ErrorOf(status));
    auto& segments = segments_[log];
    if (segments.empty() || segments.back().number != segment.number) segments.emplace_back();
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
        if (!it->status().ok()) return Fail(ErrorOf(it->status()));
        return true;
    }

private:
    bool Take(std::string_view document, Place place, LogPage& page) {
        if (page.documents.size() == request_.limit || scanned_ == request_.scanned_max) {
            page.cursor = last_.Cursor();
            return false;
        }
        ++scanned_;
        last_ = place;
        if (Passes(request_, document)) page.documents.emplace_back(document);
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
            return Fail(ErrorCode::kInvalid, "is not one of ours", "cursor");
        }
        before = {
            NumberAt(request.cursor, 0), NumberAt(request.cursor, 8), NumberAt(request.cursor, 16)};
    }
    std::vector<Segment> segments;
    {
        std::lock_guard lock(mutex_);
        auto found = segments_.find(request.log);
        if (found != segments_.end()) segments = found->second;
    }
    LogPage page;
    Reader reader(*db_, request);
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
    // Whole files first, at once; what shares a file with others goes by a range tombstone.
    auto status = rocksdb::DeleteFilesInRange(
        db_.get(), db_->DefaultColumnFamily(), &from, &to, /*include_end=*/false
    );
    if (status.ok()) status = db_->DeleteRange({}, db_->DefaultColumnFamily(), from, to);
    if (!status.ok()) return Fail(ErrorOf(status));
    return true;
}

Result<bool> RocksLog::Trim(LogId log, Time now) {
    std::lock_guard lock(mutex_);
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
    std::lock_guard lock(mutex_);
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

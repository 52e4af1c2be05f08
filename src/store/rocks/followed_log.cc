#include "store/rocks/followed_log.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sodium.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <boost/crc.hpp>
#include <cstring>
#include <fstream>
#include <iterator>
#include <vector>

#include "store/rocks/copy_files.h"
#include "store/rocks/store_files.h"
#include "store/rocks/wal_reader.h"

namespace barracuda::store {

namespace {

constexpr size_t kChainBytes = 32;
constexpr std::string_view kMagic = "BARRLOG1";
constexpr std::string_view kEnding = ".batches";
// A segment's head: magic, its number, the write before its first, the hash of all before it.
constexpr size_t kHeadBytes = 8 + 8 + 8 + kChainBytes;
// A record's: length, first write, time, count of writes, checksum of these, hash.
constexpr size_t kPlainBytes = 4 + 8 + 8 + 4;
constexpr size_t kRecordBytes = kPlainBytes + 4 + kChainBytes;

void Put(std::string& to, auto number) {
    to.append(reinterpret_cast<const char*>(&number), sizeof number);
}

template <typename Number>
Number Take(std::string_view& from) {
    Number number;
    std::memcpy(&number, from.data(), sizeof number);
    from.remove_prefix(sizeof number);
    return number;
}

uint32_t ChecksumOf(std::string_view bytes) {
    boost::crc_32_type crc;
    crc.process_bytes(bytes.data(), bytes.size());
    return crc.checksum();
}

// The hash of a record and all before it.
std::string ChainOf(std::string_view before, std::string_view plain, std::string_view batch) {
    crypto_generichash_state state;
    crypto_generichash_init(&state, nullptr, 0, kChainBytes);
    for (const auto part : {before, plain, batch}) {
        auto* bytes = reinterpret_cast<const unsigned char*>(part.data());
        crypto_generichash_update(&state, bytes, part.size());
    }
    std::string hash(kChainBytes, '\0');
    crypto_generichash_final(&state, reinterpret_cast<unsigned char*>(hash.data()), hash.size());
    return hash;
}

std::string SegmentName(uint64_t number) { return fmt::format("{:08}{}", number, kEnding); }

std::string HeadBytes(uint64_t number, uint64_t before, std::string_view chain) {
    std::string head(kMagic);
    Put(head, number);
    Put(head, before);
    return head + std::string(chain);
}

// Reads the segments one after the other.
class Reading {
public:
    Reading(
        const std::string& directory, const std::function<Result<bool>(const FollowedBatch&)>& take
    )
        : directory_(directory), take_(take), chain_(kChainBytes, '\0') {}

    Result<FollowedLogEnd> Run() {
        const auto mark = ReadHighWater(directory_);
        if (!mark) return Fail(Wrong("its HIGH_WATER is missing or damaged"));
        auto count = Segments();
        if (!count) return Fail(count.error());
        for (uint64_t number = 1; number <= *count; ++number) {
            name_ = SegmentName(number);
            if (auto read = Segment(number, number == *count, mark->sequence); !read) {
                return Fail(read.error());
            }
        }
        if (end_.sequence < mark->sequence) {
            return Fail(Wrong(
                fmt::format("{} writes are missing at its end", mark->sequence - end_.sequence)
            ));
        }
        end_.reached = std::max(mark->at, end_.at);
        return end_;
    }

private:
    Error Wrong(std::string_view why) const {
        const std::string place = name_.empty() ? directory_ : directory_ + "/" + name_;
        return {ErrorCode::kInvalid, fmt::format("the log {}: {}", place, why), {}};
    }

    // How many there are, none missing between the first and the last.
    Result<uint64_t> Segments() {
        auto names = NamesIn(directory_);
        if (!names) return Fail(names.error());
        uint64_t count = 0;
        for (const auto& name : *names) {
            if (!name.ends_with(kEnding)) continue;
            if (name != SegmentName(++count)) {
                name_ = SegmentName(count);
                return Fail(Wrong("this segment is missing"));
            }
        }
        if (count == 0) return Fail(Wrong("it has no segment"));
        return count;
    }

    Result<bool> Segment(uint64_t number, bool last, uint64_t kept) {
        std::ifstream from(directory_ + "/" + name_, std::ios::binary);
        const std::string bytes{std::istreambuf_iterator<char>(from), {}};
        if (!from) return Fail(FileError("cannot read " + name_, errno));
        std::string_view rest = bytes;
        if (rest.size() < kHeadBytes) return Fail(Wrong("it is cut off"));
        if (number == 1) std::memcpy(&end_.sequence, rest.data() + 16, sizeof end_.sequence);
        if (rest.substr(0, kHeadBytes) != HeadBytes(number, end_.sequence, chain_)) {
            return Fail(Wrong("it does not follow the one before"));
        }
        rest.remove_prefix(kHeadBytes);
        while (!rest.empty()) {
            auto read = Record(rest);
            if (!read) return Fail(read.error());
            if (*read) continue;
            // Where the writer was killed; what it had said to be kept comes before that.
            if (last && end_.sequence >= kept) return true;
            return Fail(Wrong("it is cut off"));
        }
        return true;
    }

    // False: it is not there as a whole.
    Result<bool> Record(std::string_view& rest) {
        if (rest.size() < kRecordBytes) return false;
        const std::string_view plain = rest.substr(0, kPlainBytes);
        std::string_view at = rest;
        const auto length = store::Take<uint32_t>(at);
        FollowedBatch one;
        one.sequence = store::Take<uint64_t>(at);
        one.at.ms = store::Take<int64_t>(at);
        one.count = store::Take<uint32_t>(at);
        const auto checksum = store::Take<uint32_t>(at);
        // A file may be longer than what was written to it when the power went: zeros.
        if (rest.find_first_not_of('\0') == rest.npos) return false;
        if (checksum != ChecksumOf(plain)) return Fail(Wrong("a record is damaged"));
        const auto chain = at.substr(0, kChainBytes);
        at.remove_prefix(kChainBytes);
        if (at.size() < length) return false;
        one.bytes = at.substr(0, length);
        const auto wanted = ChainOf(chain_, plain, one.bytes);
        if (chain != wanted) return Fail(Wrong("a record is damaged, or out of its order"));
        if (one.sequence != end_.sequence + 1)
            return Fail(Wrong("writes are missing before a record"));
        if (auto taken = take_(one); !taken) return taken;
        chain_ = wanted;
        end_.sequence += one.count;
        end_.at = one.at;
        rest = at.substr(length);
        return true;
    }

    const std::string& directory_;
    const std::function<Result<bool>(const FollowedBatch&)>& take_;
    std::string name_;
    std::string chain_;
    FollowedLogEnd end_;
};

}  // namespace

Result<std::unique_ptr<FollowedLogWriter>> FollowedLogWriter::Begin(
    const std::string& directory, uint64_t sequence, Time at, uint64_t segment_bytes
) {
    if (mkdir(directory.c_str(), 0700) != 0)
        return Fail(FileError("cannot make " + directory, errno));
    std::unique_ptr<FollowedLogWriter> writer(
        new FollowedLogWriter(directory, sequence, at, segment_bytes)
    );
    writer->chain_.assign(kChainBytes, '\0');
    if (auto made = writer->NewSegment(); !made) return Fail(made.error());
    HighWater mark;
    mark.sequence = sequence;
    mark.at = at;
    auto file = HighWaterFile::Open(directory, mark);
    if (!file) return Fail(file.error());
    writer->mark_ = std::move(*file);
    return writer;
}

Result<bool> FollowedLogWriter::NewSegment() {
    const std::string path = directory_ + "/" + SegmentName(++number_);
    File next(open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
    if (!next) return Fail(FileError("cannot make " + path, errno));
    // The one before is whole on the disk before there is one behind it.
    if (segment_ && fdatasync(segment_.fd()) != 0) {
        return Fail(FileError("cannot write " + path, errno));
    }
    const auto head = HeadBytes(number_, sequence_, chain_);
    if (auto put = WriteWhole(next.fd(), head, "cannot write " + path); !put) return put;
    if (fsync(next.fd()) != 0) return Fail(FileError("cannot write " + path, errno));
    segment_ = std::move(next);
    bytes_ = 0;
    return SyncDirectory(directory_);
}

Result<bool> FollowedLogWriter::Append(std::string_view batch, Time at) {
    const auto head = HeadOf(batch);
    if (!head || head->sequence != sequence_ + 1) {
        return Fail(ErrorCode::kInternal, "a batch does not follow the log", directory_);
    }
    if (bytes_ >= segment_bytes_) {
        if (auto made = NewSegment(); !made) return made;
    }
    at_ = std::max(at_, at);
    std::string record;
    record.reserve(kRecordBytes + batch.size());
    Put(record, static_cast<uint32_t>(batch.size()));
    Put(record, head->sequence);
    Put(record, at_.ms);
    Put(record, head->count);
    chain_ = ChainOf(chain_, record, batch);
    Put(record, ChecksumOf(record));
    record += chain_;
    record += batch;
    auto put = WriteWhole(segment_.fd(), record, "cannot write " + directory_);
    if (!put) return put;
    sequence_ += head->count;
    bytes_ += record.size();
    dirty_ = true;
    return true;
}

Result<bool> FollowedLogWriter::Sync(Time reached, bool at_once) {
    if (dirty_ && fdatasync(segment_.fd()) != 0) {
        return Fail(FileError("cannot write " + directory_, errno));
    }
    constexpr int64_t kIdleMs = 1'000;
    if (!dirty_ && !at_once && reached.ms - reached_.ms < kIdleMs) return true;
    dirty_ = false;
    reached_ = std::max(reached, reached_);
    HighWater mark;
    mark.sequence = sequence_;
    mark.at = reached_;
    mark_->Advance(mark);
    return true;
}

Result<FollowedLogEnd> ReadFollowedLog(
    const std::string& directory, const std::function<Result<bool>(const FollowedBatch&)>& take
) {
    return Reading(directory, take).Run();
}

Result<Time> ReachOf(const std::string& directory) {
    const auto mark = ReadHighWater(directory);
    if (mark) return mark->at;
    return Fail(
        ErrorCode::kInvalid, "the log " + directory + ": its HIGH_WATER is missing or damaged"
    );
}

}  // namespace barracuda::store

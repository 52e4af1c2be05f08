#include "store/rocks/wal_reader.h"

#include <rocksdb/write_batch.h>
#include <unistd.h>

#include <boost/crc.hpp>
#include <cstring>
#include <utility>

#include "store/rocks/store_files.h"

namespace barracuda::store {

namespace {

constexpr size_t kBlockBytes = 32'768;
constexpr size_t kHeaderBytes = 7;  // checksum 4, length 2, type 1
constexpr size_t kReadBytes = 1 << 20;
constexpr size_t kBatchHeadBytes = 12;
constexpr std::string_view kStampMark = "barracuda.at ";

enum Type : unsigned char { kNone = 0, kFull = 1, kFirst = 2, kMiddle = 3, kLast = 4 };

// CRC-32C as RocksDB stores it: rotated and shifted, since a checksum of checksums is a bad one.
uint32_t MaskedChecksum(std::string_view bytes) {
    boost::crc_optimal<32, 0x1EDC6F41, 0xFFFFFFFF, 0xFFFFFFFF, true, true> crc;
    crc.process_bytes(bytes.data(), bytes.size());
    const uint32_t sum = crc.checksum();
    return ((sum >> 15) | (sum << 17)) + 0xa282ead8u;
}

template <typename Number>
Number NumberAt(std::string_view bytes, size_t at) {
    Number number;
    std::memcpy(&number, bytes.data() + at, sizeof number);
    return number;
}

class StampFinder final : public rocksdb::WriteBatch::Handler {
public:
    rocksdb::Status PutCF(uint32_t, const rocksdb::Slice&, const rocksdb::Slice&) override {
        return {};
    }
    rocksdb::Status DeleteCF(uint32_t, const rocksdb::Slice&) override { return {}; }
    rocksdb::Status MergeCF(uint32_t, const rocksdb::Slice&, const rocksdb::Slice&) override {
        return {};
    }
    void LogData(const rocksdb::Slice& note) override {
        const auto text = note.ToStringView();
        if (!text.starts_with(kStampMark) || text.size() != kStampMark.size() + sizeof(int64_t)) {
            return;
        }
        found = Time{NumberAt<int64_t>(text, kStampMark.size())};
    }
    // Stands in front of the writes: nothing behind it is of interest.
    bool Continue() override { return !found; }

    std::optional<Time> found;
};

}  // namespace

// The first whole batch in pending_, and how many bytes it took.
WalReader::Found WalReader::Parse(std::string& batch, size_t& used) const {
    const std::string_view bytes = std::string_view(pending_).substr(taken_);
    bool begun = false;
    batch.clear();
    for (size_t at = 0;;) {
        const size_t left = kBlockBytes - (offset_ + at) % kBlockBytes;
        const size_t wanted = left < kHeaderBytes ? left : kHeaderBytes;
        if (at + wanted > bytes.size()) return Found::kMore;
        if (left < kHeaderBytes) {  // too little for a header: filled up with zeros
            at += left;
            continue;
        }
        const auto length = NumberAt<uint16_t>(bytes, at + 4);
        const auto type = static_cast<Type>(bytes[at + 6]);
        // Zeros: room that was asked for and not written to yet.
        if (type == kNone && length == 0) return Found::kMore;
        if (type > kLast || type == kNone || kHeaderBytes + length > left) return Found::kDamaged;
        if (at + kHeaderBytes + length > bytes.size()) return Found::kMore;
        if (NumberAt<uint32_t>(bytes, at) != MaskedChecksum(bytes.substr(at + 6, 1 + length))) {
            return Found::kDamaged;
        }
        if (begun != (type == kMiddle || type == kLast)) return Found::kDamaged;
        batch.append(bytes.substr(at + kHeaderBytes, length));
        begun = true;
        at += kHeaderBytes + length;
        if (type != kFull && type != kLast) continue;
        used = at;
        return Found::kBatch;
    }
}

// False: nothing follows by now.
Result<bool> WalReader::ReadOn() {
    // Here and not with every batch, of which a thousand may stand in it.
    pending_.erase(0, std::exchange(taken_, 0));
    const size_t before = pending_.size();
    pending_.resize(before + kReadBytes);
    ssize_t got = 0;
    do {
        got = pread(
            file_.fd(), pending_.data() + before, kReadBytes, static_cast<off_t>(offset_ + before)
        );
    } while (got < 0 && errno == EINTR);
    const int number = errno;
    pending_.resize(before + static_cast<size_t>(got < 0 ? 0 : got));
    if (got < 0) return Fail(FileError("cannot read a write-ahead log", number));
    return got > 0;
}

void WalReader::Forget() {
    pending_.clear();
    taken_ = 0;
}

Result<std::optional<std::string>> WalReader::Next() {
    for (;;) {
        std::string batch;
        size_t used = 0;
        switch (Parse(batch, used)) {
            case Found::kBatch:
                taken_ += used;
                offset_ += used;
                return std::optional(std::move(batch));
            case Found::kDamaged:
                Forget();  // it may be there by the next time
                return Fail(ErrorCode::kInvalid, "a write-ahead log is damaged, or being written");
            case Found::kMore:
                break;
        }
        auto more = ReadOn();
        if (!more) return Fail(more.error());
        if (*more) continue;
        Forget();
        return std::optional<std::string>();
    }
}

// A record begins at any place of a block where the one before is broken, so each is tried.
bool BeginsABatch(std::string_view bytes, uint64_t offset) {
    for (size_t at = 1; at + kHeaderBytes <= bytes.size(); ++at) {
        const auto type = static_cast<Type>(bytes[at + 6]);
        if (type != kFull && type != kFirst) continue;
        const size_t left = kBlockBytes - (offset + at) % kBlockBytes;
        const size_t whole = kHeaderBytes + NumberAt<uint16_t>(bytes, at + 4);
        if (whole > left || at + whole > bytes.size()) continue;
        const auto summed = bytes.substr(at + 6, whole - 6);
        if (NumberAt<uint32_t>(bytes, at) == MaskedChecksum(summed)) return true;
    }
    return false;
}

std::optional<BatchHead> HeadOf(std::string_view batch) {
    if (batch.size() < kBatchHeadBytes) return std::nullopt;
    return BatchHead{NumberAt<uint64_t>(batch, 0), NumberAt<uint32_t>(batch, 8)};
}

std::string StampOf(Time at) {
    std::string stamp(kStampMark);
    stamp.append(reinterpret_cast<const char*>(&at.ms), sizeof at.ms);
    return stamp;
}

std::optional<Time> StampIn(const std::string& batch) {
    StampFinder finder;
    if (!rocksdb::WriteBatch(batch).Iterate(&finder).ok()) return std::nullopt;
    return finder.found;
}

}  // namespace barracuda::store

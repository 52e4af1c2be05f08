#include "store/rocks/high_water.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <boost/crc.hpp>
#include <chrono>
#include <cstring>

#include "base/thread_name.h"
#include "store/rocks/store_files.h"

namespace barracuda::store {

namespace {

constexpr std::chrono::seconds kSyncEvery{1};
constexpr size_t kRecordBytes = 128;
constexpr off_t kSlotBytes = 512;  // a sector each: a write that is torn leaves the other one whole
constexpr int kSlots = 2;
constexpr std::string_view kMagic = "BARRHWM1";

using Record = std::array<char, kRecordBytes>;

std::string PathIn(const std::string& directory) { return directory + "/HIGH_WATER"; }

uint32_t ChecksumOf(const Record& record) {
    boost::crc_32_type crc;
    crc.process_bytes(record.data(), kRecordBytes - sizeof(uint32_t));
    return crc.checksum();
}

// Copies the fields in their order, little-endian, one way or the other.
template <typename Move>
void EachField(HighWater& mark, uint64_t& number, Move move) {
    move(number);
    move(mark.sequence);
    move(mark.at.ms);
    move(mark.conversions);
    move(mark.contacts);
    move(mark.accepting);
    move(mark.losses);
    move(mark.logged_from);
    move(mark.first_log);
}

Record Encode(HighWater mark, uint64_t number) {
    Record record{};
    std::memcpy(record.data(), kMagic.data(), kMagic.size());
    char* at = record.data() + kMagic.size();
    EachField(mark, number, [&at](const auto& field) {
        std::memcpy(at, &field, sizeof field);
        at += sizeof field;
    });
    const uint32_t checksum = ChecksumOf(record);
    std::memcpy(record.data() + kRecordBytes - sizeof checksum, &checksum, sizeof checksum);
    return record;
}

struct Numbered {
    HighWater mark;
    uint64_t number = 0;
};

std::optional<Numbered> Decode(const Record& record) {
    uint32_t checksum = 0;
    std::memcpy(&checksum, record.data() + kRecordBytes - sizeof checksum, sizeof checksum);
    if (std::memcmp(record.data(), kMagic.data(), kMagic.size()) != 0) return std::nullopt;
    if (checksum != ChecksumOf(record)) return std::nullopt;
    Numbered to;
    const char* at = record.data() + kMagic.size();
    EachField(to.mark, to.number, [&at](auto& field) {
        std::memcpy(&field, at, sizeof field);
        at += sizeof field;
    });
    return to;
}

std::optional<Numbered> ReadNewest(int fd) {
    std::optional<Numbered> newest;
    for (int slot = 0; slot < kSlots; ++slot) {
        Record record{};
        if (pread(fd, record.data(), kRecordBytes, slot * kSlotBytes) != kRecordBytes) continue;
        auto read = Decode(record);
        if (read && (!newest || read->number > newest->number)) newest = read;
    }
    return newest;
}

}  // namespace

std::optional<HighWater> ReadHighWater(const std::string& directory) {
    const int fd = open(PathIn(directory).c_str(), O_RDONLY | O_CLOEXEC);
    if (fd < 0) return std::nullopt;
    auto newest = ReadNewest(fd);
    close(fd);
    if (!newest) return std::nullopt;
    return newest->mark;
}

Result<bool> ForgetLogs(const std::string& directory) {
    auto mark = ReadHighWater(directory);
    if (!mark || mark->first_log == 0) return true;
    mark->logged_from = mark->first_log = 0;
    auto file = HighWaterFile::Open(directory, *mark);
    if (!file) return Fail(file.error());
    return true;
}

Result<std::unique_ptr<HighWaterFile>> HighWaterFile::Open(
    const std::string& directory, const HighWater& mark
) {
    const std::string path = PathIn(directory);
    const int fd = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0) return Fail(FileError("cannot make " + path, errno));
    std::unique_ptr<HighWaterFile> file(new HighWaterFile(fd, mark));
    bool written = ftruncate(fd, kSlots * kSlotBytes) == 0;
    {
        MutexLock lock(file->mutex_);
        if (auto newest = ReadNewest(fd)) file->number_ = newest->number;
        // Both slots: an older record must not come forth again when the newer one is damaged.
        for (int slot = 0; slot < kSlots && written; ++slot) written = file->Write();
    }
    if (!written || fsync(fd) != 0) return Fail(FileError("cannot write " + path, errno));
    if (auto synced = SyncDirectory(directory); !synced) return Fail(synced.error());
    file->thread_ = std::thread([raw = file.get()] {
        NameThread("high-water");
        raw->SyncNowAndThen();
    });
    return file;
}

HighWaterFile::~HighWaterFile() {
    if (thread_.joinable()) {
        {
            MutexLock lock(mutex_);
            stopping_ = true;
        }
        changed_.notify_all();
        thread_.join();
    }
    fdatasync(fd_);
    close(fd_);
}

// Into the slot of the older record.
bool HighWaterFile::Write() {
    const Record record = Encode(mark_, ++number_);
    const off_t place = static_cast<off_t>(number_ % kSlots) * kSlotBytes;
    return pwrite(fd_, record.data(), record.size(), place) == kRecordBytes;
}

HighWater HighWaterFile::mark() const {
    MutexLock lock(mutex_);
    return mark_;
}

void HighWaterFile::Advance(const HighWater& to) {
    MutexLock lock(mutex_);
    const HighWater logs = mark_;
    mark_ = to;
    mark_.logged_from = logs.logged_from;
    mark_.first_log = logs.first_log;
    Write();
    dirty_ = true;
}

Result<bool> HighWaterFile::NameLogs(uint64_t logged_from, uint64_t first_log) {
    bool written = true;
    {
        MutexLock lock(mutex_);
        mark_.logged_from = logged_from;
        mark_.first_log = first_log;
        // Both: no record names the old one any more.
        for (int slot = 0; slot < kSlots; ++slot) written = Write() && written;
    }
    if (!written || fdatasync(fd_) != 0) return Fail(FileError("cannot write HIGH_WATER", errno));
    return true;
}

void HighWaterFile::SyncNowAndThen() {
    MutexLock lock(mutex_);
    while (!changed_.wait_for(lock, kSyncEvery, [this]() REQUIRES(mutex_) { return stopping_; })) {
        if (!dirty_) continue;
        dirty_ = false;
        lock.unlock();
        fdatasync(fd_);
        lock.lock();
    }
}

}  // namespace barracuda::store

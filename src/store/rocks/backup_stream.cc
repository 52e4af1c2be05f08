#include "store/rocks/backup_stream.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <vector>

#include "base/file.h"
#include "store/rocks/copy_files.h"
#include "store/rocks/store_files.h"

namespace barracuda::store {

namespace {

constexpr size_t kBlock = 512;
constexpr size_t kChunkBytes = 1 << 20;
constexpr uint64_t kFileBytesMax = 077777777777;  // what the header's digits hold: 8 GiB
constexpr const char* kCannotWrite = "cannot write the stream";

using Block = std::array<char, kBlock>;

// The header of POSIX ustar, as far as it is needed here: places and sizes of its fields.
struct Field {
    size_t at, size;
};
constexpr Field kName{0, 100}, kMode{100, 8}, kUser{108, 8}, kGroup{116, 8}, kSize{124, 12},
    kTime{136, 12}, kSum{148, 8}, kType{156, 1}, kMagic{257, 8};

void Put(Block& block, Field field, std::string_view text) {
    std::memcpy(block.data() + field.at, text.data(), std::min(text.size(), field.size));
}

void PutOctal(Block& block, Field field, uint64_t number) {
    Put(block, field, fmt::format("{:0{}o}", number, field.size - 1));
}

uint64_t SumOf(Block block) {
    std::memset(block.data() + kSum.at, ' ', kSum.size);
    uint64_t sum = 0;
    for (const char c : block) sum += static_cast<unsigned char>(c);
    return sum;
}

Block HeaderOf(const std::string& name, uint64_t bytes, Time at) {
    Block block{};
    Put(block, kName, name);
    PutOctal(block, kMode, 0600);
    PutOctal(block, kUser, 0);
    PutOctal(block, kGroup, 0);
    PutOctal(block, kSize, bytes);
    PutOctal(block, kTime, static_cast<uint64_t>(std::max<int64_t>(at.ms / 1'000, 0)));
    Put(block, kType, "0");
    Put(block, kMagic, std::string_view("ustar\00000", 8));
    PutOctal(block, kSum, SumOf(block));
    return block;
}

uint64_t OctalIn(const Block& block, Field field) {
    uint64_t number = 0;
    for (size_t i = 0; i < field.size; ++i) {
        const char c = block[field.at + i];
        if (c < '0' || c > '7') break;
        number = number * 8 + static_cast<uint64_t>(c - '0');
    }
    return number;
}

size_t PaddingOf(uint64_t bytes) { return (kBlock - bytes % kBlock) % kBlock; }

Error NoBackup(std::string_view why) {
    return {ErrorCode::kInvalid, fmt::format("this stream is no whole backup: {}", why), {}};
}

class Reader {
public:
    Reader(int fd, const ReadProgress& progress)
        : fd_(fd), progress_(progress), buffer_(kChunkBytes) {}

    // Exactly so many bytes.
    Result<bool> Read(uint64_t bytes, const std::function<Result<bool>(std::string_view)>& take) {
        while (bytes > 0) {
            const ssize_t got =
                read(fd_, buffer_.data(), std::min<uint64_t>(bytes, buffer_.size()));
            if (got < 0 && errno == EINTR) continue;
            if (got < 0) return Fail(FileError("cannot read the stream", errno));
            if (got == 0) return Fail(NoBackup("it is cut off"));
            bytes -= static_cast<uint64_t>(got);
            if (progress_) progress_(static_cast<uint64_t>(got));
            if (auto taken = take({buffer_.data(), static_cast<size_t>(got)}); !taken) return taken;
        }
        return true;
    }
    Result<std::string> Text(uint64_t bytes) {
        std::string text;
        auto read = Read(bytes, [&](std::string_view part) -> Result<bool> {
            text += part;
            return true;
        });
        if (!read) return Fail(read.error());
        return text;
    }
    Result<bool> Skip(uint64_t bytes) {
        return Read(bytes, [](std::string_view) -> Result<bool> { return true; });
    }

private:
    const int fd_;
    const ReadProgress& progress_;
    std::vector<char> buffer_;
};

class Unpacking {
public:
    Unpacking(int fd, const std::string& to, const ReadProgress& progress)
        : reader_(fd, progress), to_(to) {}

    Result<BackupList> Run() {
        for (;;) {
            auto header = Header();
            if (!header) return Fail(header.error());
            if (header->name == kBackupListName) return End(header->bytes);
            if (auto taken = Take(*header); !taken) return Fail(taken.error());
        }
    }

private:
    Result<BackupFile> Header() {
        auto text = reader_.Text(kBlock);
        if (!text) return Fail(text.error());
        Block block;
        std::memcpy(block.data(), text->data(), kBlock);
        if (OctalIn(block, kSum) != SumOf(block) || block[kType.at] != '0') {
            return Fail(NoBackup("a header is damaged, or it is something else"));
        }
        const char* name = block.data() + kName.at;
        BackupFile file{std::string(name, strnlen(name, kName.size)), OctalIn(block, kSize), 0, {}};
        const bool ours = file.name == kBackupListName ? file.bytes <= kBackupListBytesMax
                                                       : BelongsInBackup(file.name);
        if (!ours) return Fail(NoBackup("it holds what is no file of a store"));
        return file;
    }

    Result<bool> Take(BackupFile& file) {
        const std::string path = to_ + "/" + file.name;
        const std::string cannot = "cannot write " + file.name;
        const File target(open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
        if (!target) return Fail(FileError(cannot, errno));
        FileHash hash;
        auto read = reader_.Read(file.bytes, [&](std::string_view part) {
            hash.Add(part);
            return WriteWhole(target.fd(), part, cannot);
        });
        if (!read) return read;
        if (fsync(target.fd()) != 0) return Fail(FileError(cannot, errno));
        file.hash = hash.Hex();
        files_.push_back(file);
        return reader_.Skip(PaddingOf(file.bytes));
    }

    Result<BackupList> End(uint64_t bytes) {
        auto text = reader_.Text(bytes);
        if (!text) return Fail(text.error());
        auto list = BackupList::Parse(*text);
        if (!list) return list;
        if (list->files.size() != files_.size()) return Fail(NoBackup("files are missing"));
        for (size_t i = 0; i < files_.size(); ++i) {
            const auto& said = list->files[i];
            if (said.name == files_[i].name && said.hash == files_[i].hash) continue;
            return Fail(NoBackup(fmt::format("{} is damaged", said.name)));
        }
        // The end of a tar: what comes before it is whole, but a pipe that broke says so here.
        if (auto end = reader_.Skip(PaddingOf(bytes) + 2 * kBlock); !end) return Fail(end.error());
        if (auto synced = SyncDirectory(to_); !synced) return Fail(synced.error());
        return list;
    }

    Reader reader_;
    const std::string& to_;
    std::vector<BackupFile> files_;
};

Result<bool> WriteFile(
    int fd, const std::string& checkpoint, BackupFile& file, Time made, const ReadProgress& reading
) {
    const Block header = HeaderOf(file.name, file.bytes, made);
    if (auto put = WriteWhole(fd, {header.data(), kBlock}, kCannotWrite); !put) return put;
    FileHash hash;
    uint64_t left = file.bytes;
    auto sent = EachPart(checkpoint + "/" + file.name, [&](std::string_view part) -> Result<bool> {
        part = part.substr(0, left);  // a diary-like file that grew would shift what follows
        left -= part.size();
        hash.Add(part);
        reading(part.size());
        return WriteWhole(fd, part, kCannotWrite);
    });
    if (!sent) return sent;
    if (left > 0) return Fail(ErrorCode::kUnavailable, file.name + " became shorter");
    file.hash = hash.Hex();
    return WriteWhole(fd, std::string(PaddingOf(file.bytes), '\0'), kCannotWrite);
}

}  // namespace

Result<BackupList> WriteBackupStream(
    int fd,
    const std::string& checkpoint,
    const std::string& store,
    Time made,
    const TellProgress& progress
) {
    auto list = ListCheckpoint(checkpoint, store, made);
    if (!list) return list;
    BackupProgress now{0, list->Bytes()};
    const ReadProgress reading = [&](uint64_t bytes) {
        now.bytes += bytes;
        if (progress) progress(now);
    };
    for (auto& file : list->files) {
        if (file.bytes > kFileBytesMax)
            return Fail(ErrorCode::kInvalid, file.name + " is too large for a stream");
        if (auto sent = WriteFile(fd, checkpoint, file, made, reading); !sent)
            return Fail(sent.error());
    }
    const std::string text = list->Text();
    const Block header = HeaderOf(kBackupListName, text.size(), made);
    const std::string end = std::string(header.data(), kBlock) + text +
                            std::string(PaddingOf(text.size()) + 2 * kBlock, '\0');
    if (auto put = WriteWhole(fd, end, kCannotWrite); !put) return Fail(put.error());
    return list;
}

Result<BackupList> ReadBackupStream(
    int fd, const std::string& to, const std::function<void(uint64_t bytes)>& progress
) {
    return Unpacking(fd, to, progress).Run();
}

}  // namespace barracuda::store

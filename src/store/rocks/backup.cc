#include "store/rocks/backup.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <rocksdb/db.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <memory>

#include "base/file.h"
#include "store/rocks/copy_files.h"
#include "store/rocks/high_water.h"
#include "store/rocks/rocks_options.h"
#include "store/rocks/store_files.h"

namespace barracuda::store {

namespace {

namespace fs = std::filesystem;

// RocksDB makes a diary in the directory otherwise, also of one that is only read.
class NoDiary final : public rocksdb::Logger {
public:
    using rocksdb::Logger::Logv;
    void Logv(const char*, va_list) override {}
};

Result<BackupFile> FileIn(const std::string& directory, const std::string& name) {
    struct stat found {};
    if (stat((directory + "/" + name).c_str(), &found) != 0) {
        return Fail(FileError("cannot read " + name, errno));
    }
    const int64_t modified = int64_t{found.st_mtim.tv_sec} * 1'000'000'000 + found.st_mtim.tv_nsec;
    return BackupFile{name, static_cast<uint64_t>(found.st_size), modified, {}};
}

// So that what is read next comes from the disk.
void DropFromMemory(const std::string& path) {
    const File file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (file) posix_fadvise(file.fd(), 0, 0, POSIX_FADV_DONTNEED);
}

class Making {
public:
    explicit Making(const BackupOptions& options) : options_(options) {}

    Result<MadeBackup> Run() {
        auto list = ListCheckpoint(options_.checkpoint, options_.store, options_.made);
        if (!list) return Fail(list.error());
        made_.list = std::move(*list);
        progress_.of = made_.list.Bytes();
        if (!options_.previous.empty()) {
            if (auto read = ReadBackupList(options_.previous); read && *read) previous_ = **read;
        }
        if (mkdir(options_.to.c_str(), 0700) != 0) {
            return Fail(FileError("cannot make " + options_.to, errno));
        }
        auto filled = Fill();
        if (!filled) {
            std::error_code ec;
            fs::remove_all(options_.to, ec);
            return Fail(filled.error());
        }
        return std::move(made_);
    }

private:
    Result<bool> Fill() {
        for (auto& file : made_.list.files) {
            if (Share(file)) continue;
            auto copied = Copy(file);
            if (!copied) return copied;
        }
        if (auto written = WriteList(); !written) return written;
        const auto parent = fs::path(options_.to).parent_path().string();
        return SyncDirectory(parent.empty() ? "." : parent);
    }

    ReadProgress Reading() {
        return [this](uint64_t bytes) {
            progress_.bytes += bytes;
            if (options_.progress) options_.progress(progress_);
        };
    }

    // A table is never changed. The previous backup's is read before it is relied on: damage of an
    // old backup is not carried on, the store's own file is copied then.
    bool Share(BackupFile& file) {
        if (!previous_ || previous_->store != options_.store || !file.name.ends_with(".sst")) {
            return false;
        }
        const auto* before = previous_->Find(file.name);
        if (!before || before->bytes != file.bytes || before->modified_ns != file.modified_ns) {
            return false;
        }
        const std::string from = options_.previous + "/" + file.name;
        const uint64_t told = progress_.bytes;
        auto hash = HashOfFile(from, Reading());
        const bool same = hash && *hash == before->hash;
        if (same && link(from.c_str(), (options_.to + "/" + file.name).c_str()) == 0) {
            file.hash = *hash;
            return true;
        }
        progress_.bytes = told;
        return false;
    }

    Result<bool> Copy(BackupFile& file) {
        const std::string to = options_.to + "/" + file.name;
        auto hash = CopyFile(options_.checkpoint + "/" + file.name, to, Reading());
        if (!hash) return Fail(hash.error());
        DropFromMemory(to);
        auto again = HashOfFile(to, {});
        if (!again) return Fail(again.error());
        if (*again != *hash) {
            return Fail(
                ErrorCode::kUnavailable,
                fmt::format("{} reads back as something else than was written", file.name),
                options_.to
            );
        }
        file.hash = std::move(*hash);
        made_.copied += file.bytes;
        return true;
    }

    Result<bool> WriteList() const {
        const std::string path = options_.to + "/" + kBackupListName;
        const File file(open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
        if (!file) return Fail(FileError("cannot make " + path, errno));
        if (auto written = WriteWhole(file.fd(), made_.list.Text(), "cannot write " + path);
            !written) {
            return written;
        }
        if (fsync(file.fd()) != 0) return Fail(FileError("cannot write " + path, errno));
        return SyncDirectory(options_.to);
    }

    const BackupOptions& options_;
    std::optional<BackupList> previous_;
    MadeBackup made_;
    BackupProgress progress_;
};

// The tables' own checksums, and whether they are as many as the manifest says.
Result<bool> CheckTables(const std::string& directory, const BackupList& list) {
    auto options = OurOptions();
    options.info_log = std::make_shared<NoDiary>();
    Families families;
    rocksdb::DB* opened = nullptr;
    auto status =
        rocksdb::DB::OpenForReadOnly(options, directory, OurFamilies(), &families, &opened);
    if (!status.ok()) return Fail(RocksErrorOf(status));
    const std::unique_ptr<rocksdb::DB> db(opened);
    status = db->VerifyChecksum();
    const uint64_t reached = db->GetLatestSequenceNumber();
    for (auto* family : families) db->DestroyColumnFamilyHandle(family);
    if (!status.ok()) return Fail(RocksErrorOf(status));
    if (reached >= list.sequence) return true;
    return Fail(
        ErrorCode::kInvalid,
        fmt::format("{} writes are missing at its end", list.sequence - reached),
        directory
    );
}

std::string Compare(
    const std::string& directory, const BackupFile& file, const ReadProgress& progress
) {
    const std::string path = directory + "/" + file.name;
    auto found = FileIn(directory, file.name);
    if (!found) return fmt::format("{} is missing", file.name);
    if (found->bytes != file.bytes) {
        return fmt::format("{} has {} bytes instead of {}", file.name, found->bytes, file.bytes);
    }
    auto hash = HashOfFile(path, progress);
    if (!hash) return hash.error().message;
    return *hash == file.hash ? "" : fmt::format("{} is damaged: another hash", file.name);
}

}  // namespace

std::string StoreName(const std::string& directory) {
    std::ifstream from(directory + "/IDENTITY");
    std::string name;
    std::getline(from, name);
    constexpr size_t kNameMax = 128;
    return name.substr(0, kNameMax);
}

Result<BackupList> ListCheckpoint(
    const std::string& checkpoint, const std::string& store, Time made
) {
    const auto mark = ReadHighWater(checkpoint);
    if (!mark) {
        return Fail(ErrorCode::kUnavailable, "the checkpoint has no mark of its own", checkpoint);
    }
    BackupList list{made, store, mark->sequence, mark->conversions, mark->contacts, {}};
    auto names = NamesIn(checkpoint);
    if (!names) return Fail(names.error());
    for (const auto& name : *names) {
        if (!BelongsInBackup(name)) continue;
        auto file = FileIn(checkpoint, name);
        if (!file) return Fail(file.error());
        list.files.push_back(std::move(*file));
    }
    return list;
}

Result<MadeBackup> MakeBackup(const BackupOptions& options) { return Making(options).Run(); }

Result<std::vector<std::string>> CheckBackup(
    const std::string& directory, const TellProgress& progress
) {
    auto list = ReadBackupList(directory);
    if (!list && list.error().code == ErrorCode::kInvalid) {
        return std::vector{list.error().message};
    }
    if (!list) return Fail(list.error());
    if (!*list) {
        return std::vector{
            fmt::format("it has no {}: it was cut off, or is older than 0.4", kBackupListName)};
    }
    std::vector<std::string> findings;
    BackupProgress now{0, (*list)->Bytes()};
    const auto reading = [&](uint64_t bytes) {
        now.bytes += bytes;
        if (progress) progress(now);
    };
    for (const auto& file : (*list)->files) {
        if (auto line = Compare(directory, file, reading); !line.empty()) findings.push_back(line);
    }
    auto names = NamesIn(directory);
    if (!names) return Fail(names.error());
    for (const auto& name : *names) {
        if (!BelongsInBackup(name) || (*list)->Find(name)) continue;
        findings.push_back(fmt::format("{} does not belong to it", name));
    }
    if (!findings.empty()) return findings;
    if (auto tables = CheckTables(directory, **list); !tables) {
        findings.push_back(tables.error().message);
    }
    return findings;
}

}  // namespace barracuda::store

#include <fcntl.h>
#include <fmt/format.h>
#include <stdio.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "base/file.h"
#include "store/document_file.h"
#include "store/document_lines.h"
#include "store/document_ref.h"
#include "store/each_document.h"

namespace barracuda::store {

namespace {

constexpr size_t kBuffer = 1 << 20;

Error Failed(const std::string& path) {
    auto code = errno == EEXIST ? ErrorCode::kConflict : ErrorCode::kUnavailable;
    return {code, fmt::format("{}: {}", path, std::strerror(errno)), {}};
}

Error Cannot(const std::string& path, std::string_view why) {
    return {ErrorCode::kConflict, fmt::format("{}: {}", path, why), {}};
}

// What an export that was broken off has written: whole lines, and the last document of them.
struct Written {
    LineHash hash;
    int64_t documents = 0;
    int64_t bytes = 0;  // of the whole lines
    std::optional<Collection> collection = {};
    std::string key = {};  // of the last document
};

// Reads the file of an export that was broken off; a line that is torn is not of it.
Result<Written> ReadPart(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    if (!file) return Fail(Failed(path));
    Written written;
    std::string line, last;
    if (!std::getline(file, line)) return written;
    if (file.eof() && std::string_view(kExportHead).starts_with(line)) return written;  // torn
    if (line != kExportHead) return Fail(Cannot(path, "this is no export that was broken off"));
    written.bytes = static_cast<int64_t>(line.size()) + 1;
    while (std::getline(file, line) && !file.eof()) {
        const auto collection = CollectionOfLine(line);
        if (!collection || line.size() > kLineMax) break;  // its end, or damage: written anew
        written.hash.Add(line);
        written.bytes += static_cast<int64_t>(line.size()) + 1;
        ++written.documents;
        written.collection = collection;
        last.swap(line);
    }
    if (!written.collection) return written;
    auto document = DocumentIn(last);
    if (!document) return Fail(Cannot(path, "its last line cannot be read: begin anew"));
    written.key = RefOfDocument(*written.collection, *document).key;
    return written;
}

class Writer {
public:
    // `path` with .part behind it, until the end.
    explicit Writer(const std::string& path) : path_(path), part_(path + ".part") {}

    Result<Written> Begin(bool resume) {
        std::error_code ec;
        if (std::filesystem::exists(path_, ec)) {
            errno = EEXIST;
            return Fail(Failed(path_));
        }
        const bool there = std::filesystem::exists(part_, ec);
        if (there && !resume) {
            return Fail(Cannot(part_, "an export was broken off here: --resume goes on with it"));
        }
        Written written;
        if (there) {
            auto read = ReadPart(part_);
            if (!read) return read;
            written = std::move(*read);
        }
        file_ =
            File(open(part_.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC | (there ? 0 : O_EXCL), 0600));
        if (!file_) return Fail(Failed(part_));
        if (ftruncate(file_.fd(), written.bytes) != 0 || lseek(file_.fd(), 0, SEEK_END) < 0) {
            return Fail(Failed(part_));
        }
        if (written.bytes == 0) Put(std::string(kExportHead) + "\n");
        return written;
    }

    void Put(std::string_view text) {
        buffer_.append(text);
        if (buffer_.size() >= kBuffer) Flush();
    }
    // Nothing can go on behind a document that cannot be written.
    void GiveUp() { unlink(part_.c_str()); }
    Result<bool> End() {
        Flush();
        if (!error_ && fsync(file_.fd()) != 0) error_ = Failed(part_);
        if (error_) return Fail(*error_);
        if (renameat2(AT_FDCWD, part_.c_str(), AT_FDCWD, path_.c_str(), RENAME_NOREPLACE) != 0) {
            return Fail(Failed(path_));
        }
        return true;
    }
    const std::optional<Error>& error() const { return error_; }

private:
    void Flush() {
        size_t written = 0;
        while (!error_ && written < buffer_.size()) {
            auto part = write(file_.fd(), buffer_.data() + written, buffer_.size() - written);
            if (part < 0 && errno == EINTR) continue;
            if (part < 0) {
                error_ = Failed(part_);
                error_->message += ": free some room, then --resume goes on";
                return;
            }
            written += static_cast<size_t>(part);
        }
        buffer_.clear();
    }

    const std::string path_, part_;
    File file_;
    std::string buffer_;
    std::optional<Error> error_;
};

// The documents behind those that were written before.
class Export {
public:
    Export(Engine& engine, Writer& to, Written written)
        : engine_(engine), to_(to), written_(std::move(written)), passing_(written_.collection) {}

    Result<int64_t> Run() {
        for (auto collection : kCollections) {
            // The order of the collections is that of the file.
            if (passing_ && collection != *passing_) continue;
            ScanRequest request;
            request.collection = collection;
            request.limit = 1'000;
            auto read = EachDocument(engine_, request, [&](const std::string& document) {
                if (!failed_ && !to_.error()) Take(collection, document);
            });
            if (!read) return Fail(read.error());
            if (to_.error()) return Fail(*to_.error());
            if (!failed_ && passing_) failed_ = OfAnother();
            if (failed_) return Fail(*failed_);
        }
        to_.Put(written_.hash.End(written_.documents) + "\n");
        if (auto ended = to_.End(); !ended) return Fail(ended.error());
        return written_.documents;
    }

private:
    void Take(Collection collection, const std::string& document) {
        if (IsStoresOwn(collection, document)) return;
        if (passing_) {
            const auto key = RefOfDocument(collection, document).key;
            if (key == written_.key) passing_.reset();
            return;
        }
        auto line = LineOf(collection, document);
        if (!line) {
            failed_ = line.error();
            to_.GiveUp();
            return;
        }
        written_.hash.Add(std::string_view(*line).substr(0, line->size() - 1));
        to_.Put(*line);
        ++written_.documents;
    }
    static Error OfAnother() {
        return {
            ErrorCode::kConflict,
            "this store has not the last document of what was written: it is another one, or the "
            "document is gone; remove the .part and begin anew",
            {}};
    }

    Engine& engine_;
    Writer& to_;
    Written written_;
    std::optional<Collection> passing_;  // until the last document that was written
    std::optional<Error> failed_;
};

}  // namespace

Result<int64_t> WriteDocuments(Engine& engine, const std::string& path, bool resume) {
    Writer to(path);
    auto written = to.Begin(resume);
    if (!written) return Fail(written.error());
    return Export(engine, to, std::move(*written)).Run();
}

}  // namespace barracuda::store

#include "store/document_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sodium.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/text.h"
#include "base/unseen.h"
#include "domain/bson.h"
#include "store/document_ref.h"
#include "store/each_document.h"

namespace barracuda::store {

namespace {

constexpr const char* kHead = R"({"barracuda_export":1})";
constexpr size_t kLineMax = 64 << 20;  // bytes; a document has 16 MiB at most
constexpr size_t kBuffer = 1 << 20;

Error Wrong(int64_t line, std::string_view why) {
    return {ErrorCode::kInvalid, fmt::format("line {}: {}", line, why), {}};
}

// {"COLLECTION":{…}}: a document, its types kept (canonical extended JSON).
Result<std::string> LineOf(Collection collection, const std::string& document) {
    bson_t view;
    size_t length = 0;
    auto* data = reinterpret_cast<const uint8_t*>(document.data());
    char* json = nullptr;
    if (bson_init_static(&view, data, document.size())) {
        json = bson_as_canonical_extended_json(&view, &length);
    }
    if (!json) {
        return Fail(
            ErrorCode::kInternal,
            fmt::format(
                "a document of {} is no valid BSON: {}",
                NameOf(collection),
                domain::TopText(document, "_id").value_or("without _id")
            )
        );
    }
    std::string line =
        fmt::format("{{\"{}\":{}}}\n", NameOf(collection), std::string_view(json, length));
    bson_free(json);
    return line;
}

std::optional<Collection> CollectionOf(std::string_view line) {
    for (auto collection : kCollections) {
        std::string head = fmt::format("{{\"{}\":", NameOf(collection));
        if (line.starts_with(head)) return collection;
    }
    return std::nullopt;
}

Result<std::string> DocumentIn(const std::string& line) {
    bson_error_t error = {};
    bson_t* parsed = bson_new_from_json(
        reinterpret_cast<const uint8_t*>(line.data()), static_cast<ssize_t>(line.size()), &error
    );
    if (!parsed) return Fail(ErrorCode::kInvalid, error.message);
    bson_iter_t at;
    std::string document;
    if (bson_iter_init(&at, parsed) && bson_iter_next(&at)) document = domain::BytesOf(at);
    bson_destroy(parsed);
    if (document.empty()) return Fail(ErrorCode::kInvalid, "no document");
    return document;
}

// BLAKE2b of every line so far: what the last line holds the file against.
class LineHash {
public:
    LineHash() { crypto_generichash_init(&state_, nullptr, 0, kBytes); }
    void Add(std::string_view line) {
        auto* bytes = reinterpret_cast<const unsigned char*>(line.data());
        crypto_generichash_update(&state_, bytes, line.size());
    }
    // {"end":COUNT,"hash":"…"}
    std::string End(int64_t documents) const {
        crypto_generichash_state state = state_;
        std::string hash(kBytes, '\0');
        auto* bytes = reinterpret_cast<unsigned char*>(hash.data());
        crypto_generichash_final(&state, bytes, hash.size());
        return fmt::format(R"({{"end":{},"hash":"{}"}})", documents, HexOf(hash));
    }

private:
    static constexpr size_t kBytes = 32;
    crypto_generichash_state state_;
};

class Writer {
public:
    explicit Writer(const std::string& path) : path_(path) {
        descriptor_ = open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
        if (descriptor_ < 0) Break();
    }
    ~Writer() {
        if (descriptor_ < 0) return;
        close(descriptor_);
        if (!whole_) unlink(path_.c_str());
    }
    Writer(const Writer&) = delete;
    Writer& operator=(const Writer&) = delete;

    void Put(std::string_view text) {
        buffer_.append(text);
        if (buffer_.size() >= kBuffer) Flush();
    }
    Result<bool> End() {
        Flush();
        if (!error_ && fsync(descriptor_) != 0) Break();
        if (error_) return Fail(*error_);
        return whole_ = true;
    }
    const std::optional<Error>& error() const { return error_; }

private:
    void Flush() {
        size_t written = 0;
        while (!error_ && written < buffer_.size()) {
            auto part = write(descriptor_, buffer_.data() + written, buffer_.size() - written);
            if (part < 0 && errno == EINTR) continue;
            if (part < 0) return Break();
            written += static_cast<size_t>(part);
        }
        buffer_.clear();
    }
    void Break() {
        auto code = errno == EEXIST ? ErrorCode::kConflict : ErrorCode::kUnavailable;
        if (!error_) error_ = Error{code, fmt::format("{}: {}", path_, std::strerror(errno)), {}};
    }

    const std::string path_;
    int descriptor_ = -1;
    bool whole_ = false;
    std::string buffer_;
    std::optional<Error> error_;
};

tl::unexpected<Error> OnlyRead() {
    return Fail(ErrorCode::kInvalid, "a file of documents is only read from beginning to end");
}

}  // namespace

Result<int64_t> WriteDocuments(Engine& engine, const std::string& path) {
    Writer to(path);
    if (to.error()) return Fail(*to.error());
    LineHash hash;
    to.Put(std::string(kHead) + "\n");
    int64_t count = 0;
    for (auto collection : kCollections) {
        ScanRequest request;
        request.collection = collection;
        request.limit = 1'000;
        std::optional<Error> failed;
        auto read = EachDocument(engine, request, [&](const std::string& document) {
            if (failed || to.error() || IsStoresOwn(collection, document)) return;
            auto line = LineOf(collection, document);
            if (!line) {
                failed = line.error();
                return;
            }
            hash.Add(std::string_view(*line).substr(0, line->size() - 1));
            to.Put(*line);
            ++count;
        });
        if (!read) return Fail(read.error());
        if (failed) return Fail(*failed);
    }
    to.Put(hash.End(count) + "\n");
    if (auto ended = to.End(); !ended) return Fail(ended.error());
    return count;
}

Result<std::unique_ptr<DocumentFile>> DocumentFile::Open(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    if (!file) return Fail(ErrorCode::kUnavailable, path + ": " + std::strerror(errno));
    std::unique_ptr<DocumentFile> made(new DocumentFile(std::move(file)));
    auto indexed = made->Index();
    if (!indexed) return Fail(indexed.error().code, path + ": " + indexed.error().message);
    return made;
}

Result<bool> DocumentFile::Index() {
    std::string line;
    if (!std::getline(file_, line) || SkipByteOrderMark(line) != kHead)
        return Fail(Wrong(1, "this is no export"));
    int64_t number = 1, documents = 0;
    LineHash hash;
    int64_t at = file_.tellg();
    std::optional<Collection> current;
    while (std::getline(file_, line)) {
        ++number;
        if (line.size() > kLineMax) return Fail(Wrong(number, "too long"));
        if (line.starts_with(R"({"end":)")) {
            if (line == hash.End(documents)) return true;
            return Fail(Wrong(number, "the file is damaged: its end is of another one"));
        }
        hash.Add(line);
        auto collection = CollectionOf(line);
        if (!collection) return Fail(Wrong(number, "no document of a collection of ours"));
        auto& part = parts_[static_cast<size_t>(*collection)];
        if (collection != current && part.end > 0) {
            return Fail(Wrong(number, "the documents of a collection do not stand together"));
        }
        if (collection != current) part.begin = at;
        current = collection;
        at = part.end = file_.tellg();
        ++documents;
    }
    return Fail(Wrong(number, "the file is cut off"));
}

Result<Page> DocumentFile::Scan(const ScanRequest& request) {
    if (request.index || request.descending || !request.equal.empty()) return OnlyRead();
    const auto& part = parts_[static_cast<size_t>(request.collection)];
    int64_t at = part.begin;
    if (!request.cursor.empty()) at = std::strtoll(request.cursor.c_str(), nullptr, 10);
    Page page;
    if (at < part.begin || at > part.end) return Fail(ErrorCode::kInvalid, "no place in this file");
    file_.clear();
    file_.seekg(at);
    std::string line;
    while (at < part.end && page.documents.size() < request.limit && std::getline(file_, line)) {
        auto document = DocumentIn(line);
        if (!document) {
            return Fail(
                ErrorCode::kInvalid, fmt::format("byte {}: {}", at, document.error().message)
            );
        }
        page.documents.push_back(std::move(*document));
        at = file_.tellg();
    }
    if (at < part.end) page.cursor = std::to_string(at);
    return page;
}

Result<std::vector<std::optional<std::string>>> DocumentFile::Load(std::span<const Ref>) {
    return OnlyRead();
}
Result<std::vector<WriteResult>> DocumentFile::Commit(std::span<const Write>) { return OnlyRead(); }
Result<std::vector<WorkItem>> DocumentFile::Work(const WorkQuery&) { return OnlyRead(); }
Result<std::vector<NodeId>> DocumentFile::WorkOwners() { return OnlyRead(); }
Result<std::vector<RollupRow>> DocumentFile::Rollup(Collection) { return OnlyRead(); }
Result<bool> DocumentFile::Backup(const std::string&) { return OnlyRead(); }
Result<std::vector<std::string>> DocumentFile::Verify(bool) { return OnlyRead(); }

}  // namespace barracuda::store

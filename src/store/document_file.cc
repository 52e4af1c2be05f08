#include "store/document_file.h"

#include <fmt/format.h>

#include <cerrno>
#include <cstring>

#include "base/text.h"
#include "base/unseen.h"
#include "store/document_lines.h"
#include "store/document_ref.h"

namespace barracuda::store {

namespace {

Error Wrong(int64_t line, std::string_view why) {
    return {ErrorCode::kInvalid, fmt::format("line {}: {}", line, why), {}};
}

tl::unexpected<Error> OnlyRead() {
    return Fail(ErrorCode::kInvalid, "a file of documents is only read from beginning to end");
}

}  // namespace

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
    if (!std::getline(file_, line) || SkipByteOrderMark(line) != kExportHead)
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
        auto collection = CollectionOfLine(line);
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

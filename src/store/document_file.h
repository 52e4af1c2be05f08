// A store as a text file: one JSON line a document (docs/formats/export.md). Written from any
// engine, and read as an engine, so that CopyStore (copy.h) brings it into a store: whole,
// compared, and going on after a kill.
//
//     auto counts = WriteDocuments(engine, "store.jsonl");
//     auto file = DocumentFile::Open("store.jsonl");
//     auto report = CopyStore(**file, engine, {.source = "export …"});
//
// Threads: one a file. Errors: kConflict for a file that is there already, kInvalid naming the line
// for one that is no export or is cut off, kUnavailable for the disk's and the store's.
#pragma once

#include <array>
#include <fstream>
#include <memory>
#include <string>

#include "store/engine.h"

namespace barracuda::store {

// Documents of every collection, each as it stands when it is read, into `path` with .part behind
// it, for this user alone; whole, it gets its name. What was broken off stays, and with `resume` it
// is gone on with, behind the last document that it has. -> how many documents.
Result<int64_t> WriteDocuments(Engine& engine, const std::string& path, bool resume = false);

class DocumentFile final : public Engine {
public:
    // Reads it once from end to end.
    static Result<std::unique_ptr<DocumentFile>> Open(const std::string& path);

    // By primary key, without a filter: what a copy asks. Everything else is refused.
    Result<Page> Scan(const ScanRequest& request) override;
    Result<std::vector<std::optional<std::string>>> Load(std::span<const Ref>) override;
    Result<std::vector<WriteResult>> Commit(std::span<const Write>) override;
    Result<std::vector<WorkItem>> Work(const WorkQuery&) override;
    Result<std::vector<NodeId>> WorkOwners() override;
    Result<std::vector<RollupRow>> Rollup(Collection) override;
    Result<bool> Backup(const std::string&) override;
    Result<std::vector<std::string>> Verify(bool) override;
    std::optional<std::string> Trouble() const override { return std::nullopt; }

private:
    explicit DocumentFile(std::ifstream file) : file_(std::move(file)) {}
    Result<bool> Index();

    std::ifstream file_;
    // Where the lines of a collection begin and end; they stand together.
    struct Part {
        int64_t begin = 0, end = 0;
    };
    std::array<Part, 16> parts_{};
};

}  // namespace barracuda::store

#include "store/copy.h"

#include <fmt/format.h>
#include <sodium.h>

#include <array>
#include <chrono>
#include <cstring>
#include <thread>

#include "base/text.h"
#include "domain/bson.h"
#include "store/document_ref.h"
#include "store/each_document.h"

namespace barracuda::store {

namespace {

constexpr int kTries = 30;  // of a batch that the store cannot take now
constexpr std::chrono::milliseconds kPause{500};
constexpr int64_t kSaveEvery = 10;  // pages

const Ref kRecord{Collection::kSettings, kMigrationId};

struct Record {
    std::string source;
    bool done = false;
    size_t collection = 0;  // in kCollections
    std::string cursor;     // of the source's engine
    int64_t rev = 0;
};

std::string Encode(const Record& record) {
    domain::BsonWriter to;
    to.Text("_id", kMigrationId);
    to.Text("source", record.source);
    to.Text("state", record.done ? "done" : "copying");
    to.Int("collection", static_cast<int64_t>(record.collection));
    to.Text("cursor", HexOf(record.cursor));
    to.Int("rev", record.rev);
    to.Date("updatedAt", Time::Now());
    return to.Take();
}

Record Decode(std::string_view bson) {
    const domain::TopFields fields(bson);
    Record record;
    record.source = fields.TextOr("source");
    record.done = fields.TextOr("state") == "done";
    record.collection = static_cast<size_t>(fields.Number("collection"));
    record.cursor = BytesOfHex(fields.TextOr("cursor")).value_or("");
    record.rev = fields.Number("rev");
    return record;
}

// A document for comparison: MongoDB puts `_id` first, and one without gets it.
std::string Comparable(Collection collection, std::string_view document) {
    std::string text = RefOfDocument(collection, document).key;
    text.push_back('\0');
    text += domain::TopText(document, "_id").value_or("");
    text.push_back('\0');
    domain::BsonWriter rest;
    bson_iter_t at;
    auto* data = reinterpret_cast<const uint8_t*>(document.data());
    bool more = bson_iter_init_from_data(&at, data, document.size());
    while (more && bson_iter_next(&at)) {
        if (std::string_view(bson_iter_key(&at)) != "_id") rest.Element(at);
    }
    return text + rest.Take();
}

// A sum of hashes: the order does not matter.
class HashSum {
public:
    void Add(std::string_view bytes) {
        std::array<uint64_t, 4> one;
        crypto_generichash(
            reinterpret_cast<unsigned char*>(one.data()),
            sizeof one,
            reinterpret_cast<const unsigned char*>(bytes.data()),
            bytes.size(),
            nullptr,
            0
        );
        for (size_t i = 0; i < one.size(); ++i) sum_[i] += one[i];
    }
    std::string Hex() const {
        return HexOf({reinterpret_cast<const char*>(sum_.data()), sizeof sum_});
    }

private:
    std::array<uint64_t, 4> sum_{};
};

Result<std::optional<Record>> ReadRecord(Engine& engine) {
    auto loaded = engine.Load(std::span(&kRecord, 1));
    if (!loaded) return Fail(loaded.error());
    if (!loaded->front()) return std::optional<Record>();
    return std::optional(Decode(*loaded->front()));
}

class Copy {
public:
    Copy(Engine& from, Engine& to, const CopyOptions& options)
        : from_(from), to_(to), options_(options) {}

    Result<CopyReport> Run() {
        if (auto begun = Begin(); !begun) return Fail(begun.error());
        for (; record_.collection < std::size(kCollections); Next()) {
            if (auto copied = OneCollection(kCollections[record_.collection]); !copied) {
                return Fail(copied.error());
            }
        }
        if (auto same = Compare(); !same) return Fail(same.error());
        record_.done = true;
        if (auto saved = Save(); !saved) return Fail(saved.error());
        return std::move(report_);
    }

private:
    Result<bool> Begin() {
        auto stored = ReadRecord(to_);
        if (!stored) return Fail(stored.error());
        if (*stored && !(*stored)->done) {
            record_ = std::move(**stored);
            report_.resumed = true;
            if (record_.source == options_.source) return true;
            return Fail(
                ErrorCode::kConflict,
                fmt::format(
                    "the target holds an unfinished copy of {}: finish that, or empty the target",
                    record_.source
                )
            );
        }
        if (*stored &&
            (*stored)->source == options_.source) {  // killed after its end: compare again
            record_ = std::move(**stored);
            report_.resumed = true;
            record_.collection = std::size(kCollections);
            return true;
        }
        auto content = AnyContent(to_);
        if (!content) return Fail(content.error());
        if (*content) {
            return Fail(
                ErrorCode::kConflict,
                fmt::format("the target is not empty: it holds {} already", NameOf(**content))
            );
        }
        record_.source = options_.source;
        record_.rev = *stored ? (*stored)->rev : 0;
        return Save();
    }

    void Next() {
        ++record_.collection;
        record_.cursor.clear();
    }

    Result<bool> Save() {
        auto loaded = to_.Load(std::span(&kRecord, 1));
        if (!loaded) return Fail(loaded.error());
        Write write{kRecord, loaded->front(), std::nullopt};
        bool ours = (write.before ? Decode(*write.before).rev : 0) == record_.rev;
        ++record_.rev;
        write.after = Encode(record_);
        Result<std::vector<WriteResult>> states;
        if (ours) states = to_.Commit(std::span(&write, 1));
        if (!states) return Fail(states.error());
        if (ours && states->front() == WriteState::kApplied) return true;
        return Fail(ErrorCode::kConflict, "somebody else copies into this target");
    }

    Result<bool> OneCollection(Collection collection) {
        ScanRequest request;
        request.collection = collection;
        request.limit = options_.page;
        request.cursor = record_.cursor;
        int64_t documents = 0;
        for (int64_t pages = 1;; ++pages) {
            auto page = from_.Scan(request);
            if (!page) return Fail(page.error());
            if (auto put = Put(collection, page->documents); !put) return put;
            documents += static_cast<int64_t>(page->documents.size());
            if (options_.progress) options_.progress({collection, false, documents});
            request.cursor = record_.cursor = page->cursor;
            if (page->cursor.empty()) return true;
            if (pages % kSaveEvery == 0) {
                if (auto saved = Save(); !saved) return saved;
            }
        }
    }

    // Those that a run before has put there are there.
    Result<bool> Put(Collection collection, const std::vector<std::string>& documents) {
        std::vector<Write> open;
        for (const auto& document : documents) {
            if (IsStoresOwn(collection, document)) continue;
            open.push_back({RefOfDocument(collection, document), std::nullopt, document});
        }
        for (int tries = 0; !open.empty() && tries < kTries; ++tries) {
            if (tries > 0) std::this_thread::sleep_for(kPause);
            auto states = to_.Commit(open);
            if (!states) {
                if (states.error().code != ErrorCode::kUnavailable) return Fail(states.error());
                continue;
            }
            std::vector<Write> again;
            for (size_t i = 0; i < open.size(); ++i) {
                auto state = (*states)[i];
                if (state == WriteState::kApplied) ++report_.copied;
                if (state == WriteState::kFailed) again.push_back(std::move(open[i]));
                if (state == WriteState::kRefused) {
                    return Fail(
                        ErrorCode::kConflict,
                        fmt::format(
                            "{}: two documents have the same unique value", NameOf(collection)
                        )
                    );
                }
            }
            open = std::move(again);
        }
        if (open.empty()) return true;
        return Fail(
            ErrorCode::kUnavailable,
            fmt::format("the target does not take documents of {}", NameOf(collection))
        );
    }

    Result<bool> Compare() {
        for (auto collection : kCollections) {
            auto progress = [&](int64_t documents) {
                if (options_.progress) options_.progress({collection, true, documents});
            };
            auto source = FingerprintOf(from_, collection, progress);
            if (!source) return Fail(source.error());
            auto target = FingerprintOf(to_, collection, progress);
            if (!target) return Fail(target.error());
            if (*source != *target) return Fail(Differ(collection, *source, *target));
            progress(source->documents);
            report_.collections.push_back({collection, std::move(*source)});
        }
        return true;
    }

    // A target that was finished before is most likely served, and then it is the ledger.
    Error Differ(Collection collection, const Fingerprint& source, const Fingerprint& target)
        const {
        const auto counts = fmt::format(
            "{} is not the same in the target ({} documents, {} in the source)",
            NameOf(collection),
            target.documents,
            source.documents
        );
        if (!record_.done) {
            return {
                ErrorCode::kConflict,
                counts + ": did somebody write to one of them? Empty the target and begin again",
                {}};
        }
        return {
            ErrorCode::kConflict,
            fmt::format(
                "{}: this copy of {} was finished and found the same before, so one of them was "
                "written to since. Where the target is served it is the live store: leave it as it "
                "is. Nothing was changed",
                counts,
                record_.source
            ),
            {}};
    }

    Engine& from_;
    Engine& to_;
    const CopyOptions& options_;
    Record record_;
    CopyReport report_;
};

}  // namespace

Result<CopyReport> CopyStore(Engine& from, Engine& to, const CopyOptions& options) {
    return Copy(from, to, options).Run();
}

Result<Fingerprint> FingerprintOf(
    Engine& engine, Collection collection, const std::function<void(int64_t)>& progress
) {
    ScanRequest request;
    request.collection = collection;
    request.limit = 1'000;
    HashSum sum;
    Fingerprint fingerprint;
    auto read = EachDocument(engine, request, [&](const std::string& document) {
        if (IsStoresOwn(collection, document)) return;
        sum.Add(Comparable(collection, document));
        if (++fingerprint.documents % 1'000 == 0 && progress) progress(fingerprint.documents);
    });
    if (!read) return Fail(read.error());
    fingerprint.hash = sum.Hex();
    return fingerprint;
}

Result<std::optional<std::string>> UnfinishedMigration(Engine& engine) {
    auto record = ReadRecord(engine);
    if (!record) return Fail(record.error());
    if (!*record || (*record)->done) return std::optional<std::string>();
    return std::optional((*record)->source);
}

Result<std::optional<Collection>> AnyContent(Engine& engine) {
    for (auto collection : kCollections) {
        ScanRequest request;
        request.collection = collection;
        request.limit = 3;  // two of settings may be the store's own
        auto page = engine.Scan(request);
        if (!page) return Fail(page.error());
        for (const auto& document : page->documents) {
            if (!IsStoresOwn(collection, document)) return std::optional(collection);
        }
    }
    return std::optional<Collection>();
}

}  // namespace barracuda::store

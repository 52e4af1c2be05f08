#include "store/kv_verify_cells.h"

#include "store/index.h"
#include "store/kv_keys.h"

namespace barracuda::store {

KvCellVerifier::KvCellVerifier(KvSnapshot& snapshot, std::stop_token stop, Wrong wrong)
    : snapshot_(snapshot), stop_(std::move(stop)), wrong_(std::move(wrong)) {
    for (CellView view : kCellViews) {
        const std::string first{kCellPrefix, static_cast<char>(view)};
        views_.push_back({.view = view, .begin = first, .compared = first, .batch = {}});
    }
}

Result<bool> KvCellVerifier::Run() {
    constexpr size_t kPage = 1'000;
    constexpr char kCreated = static_cast<char>(IndexId::kConversionCreated);
    std::string from(1, kCreated);
    for (bool more = true; more;) {
        if (stop_.stop_requested()) return Fail(ErrorCode::kUnavailable, "it was stopped");
        std::vector<std::string> entries;
        auto it = snapshot_.Iterate(Space::kIndexes);
        for (it->Seek(from); it->Valid() && it->Key()[0] == kCreated; it->Next()) {
            entries.emplace_back(it->Key());
            if (entries.size() == kPage) break;
        }
        if (auto status = it->Status(); !status) return status;
        more = entries.size() == kPage;
        if (more) from = entries.back() + '\0';
        if (auto counted = Page(entries); !counted) return counted;
    }
    for (auto& view : views_) {
        Fold(view);
        const std::string end{kCellPrefix, static_cast<char>(static_cast<char>(view.view) + 1)};
        if (auto compared = Compare(view, end); !compared) return compared;
    }
    return true;
}

Result<bool> KvCellVerifier::Page(const std::vector<std::string>& entries) {
    const auto& index = IndexOf(IndexId::kConversionCreated);
    std::vector<std::string> keys;
    for (const auto& entry : entries) {
        const auto key = KeyInEntry(index, entry);
        keys.push_back(DocumentKey({index.collection, std::string(key.value_or(""))}));
    }
    auto documents = snapshot_.MultiGet(Space::kDocuments, keys);
    if (!documents) return Fail(documents.error());
    for (size_t i = 0; i < entries.size(); ++i) {
        const auto& document = (*documents)[i];
        const auto counted =
            document ? CountedOf(domain::TopFields(*document)) : std::optional<Counted>();
        // An entry of another date is a stray one.
        if (!counted || counted->at != DateIn(entries[i], 1)) continue;
        for (auto& view : views_) {
            if (auto done = Count(view, *counted); !done) return done;
        }
    }
    for (auto& view : views_) Fold(view);
    return true;
}

Result<bool> KvCellVerifier::Count(View& view, const Counted& counted) {
    std::string begin = CellPrefix(view.view, counted.at);
    if (begin != view.begin) {
        Fold(view);
        if (auto compared = Compare(view, begin); !compared) return compared;
        view.begin = std::move(begin);
    }
    view.batch.Add(view.view, counted, +1);
    return true;
}

void KvCellVerifier::Fold(View& view) {
    view.batch.Each([&](std::string_view key, const std::string& rows) {
        auto& sum = view.expected[std::string(key)];
        sum = AddRows(sum, rows).value_or(rows);
    });
    view.batch = {};
}

// What stands in [compared, end) with what is expected there.
Result<bool> KvCellVerifier::Compare(View& view, const std::string& end) {
    auto it = snapshot_.Iterate(Space::kIndexes);
    for (it->Seek(view.compared); it->Valid() && it->Key() < end; it->Next()) {
        const std::string key(it->Key());
        const auto wanted = view.expected.find(key);
        const bool right =
            wanted == view.expected.end() ? it->Value().empty() : wanted->second == it->Value();
        if (!right) {
            const std::string rows = wanted == view.expected.end() ? "" : wanted->second;
            if (auto told = wrong_(key, rows); !told) return told;
        }
        if (wanted != view.expected.end()) view.expected.erase(wanted);
    }
    if (auto status = it->Status(); !status) return status;
    for (const auto& [key, rows] : view.expected) {
        if (auto told = wrong_(key, rows); !told) return told;
    }
    view.expected.clear();
    view.compared = end;
    return true;
}

}  // namespace barracuda::store

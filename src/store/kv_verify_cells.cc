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
    constexpr char kCreated = static_cast<char>(IndexId::kConversionCreated);
    const PageRange range{
        Space::kIndexes, std::string(1, kCreated), std::string(1, static_cast<char>(kCreated + 1))};
    auto counted = EachPage(
        snapshot_,
        range,
        stop_,
        [this](const KvPage& entries) { return CountedIn(entries); },
        [this](const std::vector<Counted>& page) { return Page(page); }
    );
    if (!counted) return counted;
    for (auto& view : views_) {
        Fold(view);
        const std::string end{kCellPrefix, static_cast<char>(static_cast<char>(view.view) + 1)};
        if (auto compared = Compare(view, end); !compared) return compared;
    }
    return true;
}

// What the documents of these entries count as. On any thread.
Result<std::vector<Counted>> KvCellVerifier::CountedIn(const KvPage& entries) const {
    const auto& index = IndexOf(IndexId::kConversionCreated);
    std::vector<std::string> keys;
    for (const auto& entry : entries) {
        const auto key = KeyInEntry(index, entry.key);
        keys.push_back(DocumentKey({index.collection, std::string(key.value_or(""))}));
    }
    auto documents = snapshot_.MultiGet(Space::kDocuments, keys);
    if (!documents) return Fail(documents.error());
    std::vector<Counted> page;
    for (size_t i = 0; i < entries.size(); ++i) {
        const auto& document = (*documents)[i];
        auto counted =
            document ? CountedOf(domain::TopFields(*document)) : std::optional<Counted>();
        // An entry of another date is a stray one.
        if (counted && counted->at == DateIn(entries[i].key, 1))
            page.push_back(std::move(*counted));
    }
    return page;
}

Result<bool> KvCellVerifier::Page(const std::vector<Counted>& page) {
    for (const auto& counted : page) {
        for (auto& view : views_) {
            if (auto done = Count(view, counted); !done) return done;
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

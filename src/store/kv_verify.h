// Compares everything that is derived from the documents with what is stored, from one snapshot and
// in pages: nobody who writes or reads waits for it, and it holds a page of memory, whatever the
// store's size.
//
// Threads: one, which blocks on the store. Errors: the store's.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <stop_token>
#include <string>
#include <vector>

#include "store/finding_list.h"
#include "store/index.h"
#include "store/kv.h"
#include "store/kv_keys.h"

namespace barracuda::store {

class KvVerifier {
public:
    static constexpr size_t kPage = 1'000;
    static constexpr size_t kPageBytes = 4 << 20;

    // With `repair` what is derived is put right on the way: nobody else may write meanwhile.
    // A stop ends it between two pages, with kUnavailable.
    KvVerifier(Kv& kv, bool repair, std::stop_token stop)
        : kv_(kv), snapshot_(kv.Snapshot()), repair_(repair), stop_(std::move(stop)) {}

    // Before Run: who hears, a page after the other, how many documents are read.
    void Tell(std::function<void(size_t)> tell) { tell_ = std::move(tell); }
    Result<std::vector<std::string>> Run();

private:
    struct Pair {
        std::string key, value;
    };
    struct Expected {
        Space space;
        std::string key, what;
    };

    Result<bool> ReadAll();
    // Calls `judge` with one page of a space after the other, of keys in [from, to); empty `to`:
    // to the end.
    template <typename JudgePage>
    Result<bool> EachPage(Space space, std::string from, std::string_view to, JudgePage judge);
    Result<bool> Documents(const std::vector<Pair>& page);
    void Judge(const Ref& ref, std::string_view bson);
    Result<bool> Entries(Space space, const std::vector<Pair>& page);
    std::optional<std::string> DocumentOf(Space space, std::string_view key) const;
    bool Derives(Space space, std::string_view document_key, std::string_view bson, const Pair& of)
        const;
    void JudgeUnique(const std::string& entry);
    Result<bool> Rollups(const std::vector<Pair>& page);
    Result<bool> Cells();
    Result<bool> CellWrong(const std::string& key, const std::string& rows);

    void Find(std::string what, const Ref* ref = nullptr);
    void Wrong(Space space, const std::string& key, std::string value, const std::string& what);
    void Stray(Space space, const std::string& key);
    Result<bool> Repair();

    Kv& kv_;
    std::unique_ptr<KvSnapshot> snapshot_;
    const bool repair_;
    const std::stop_token stop_;
    std::function<void(size_t)> tell_;
    size_t documents_ = 0;
    std::vector<std::string> findings_;
    FindingList list_{findings_};
    std::vector<KvChange> changes_;
    std::map<std::string, RollupValue> rollups_;  // by group, as the documents have it
    std::string last_unique_;                     // the unique part of the entry before
    bool created_whole_ = true;                   // the index of creation
    std::set<Time> wrong_days_;                   // of cells
};

}  // namespace barracuda::store

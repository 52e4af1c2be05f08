// Compares everything that is derived from the documents with what is stored, from one snapshot and
// in pages: nobody who writes or reads waits for it, and it holds a page of memory for each
// processor, whatever the store's size.
//
// Documents and entries are read once each, in order, and their keys compared as sums (key_sums.h);
// only an index whose sums differ is looked at entry by entry.
//
// Threads: one, which blocks on the store and starts others for as long as it runs (kv_pages.h).
// Errors: the store's.
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
#include "store/key_sums.h"
#include "store/kv.h"
#include "store/kv_keys.h"
#include "store/kv_pages.h"

namespace barracuda::store {

class KvVerifier {
public:
    // With `repair` what is derived is put right on the way: nobody else may write meanwhile.
    // A stop ends it between two pages, with kUnavailable.
    KvVerifier(Kv& kv, bool repair, std::stop_token stop)
        : kv_(kv), snapshot_(kv.Snapshot()), repair_(repair), stop_(std::move(stop)) {}

    // Before Run: who hears, a page after the other, how many documents are read.
    void Tell(std::function<void(size_t)> tell) { tell_ = std::move(tell); }
    Result<std::vector<std::string>> Run();

private:
    struct Entry {
        Space space;
        std::string key, what;
    };
    // What one page came to.
    struct Seen {
        explicit Seen(const KeySums::Secret& secret) : sums(secret) {}
        KeySums sums;
        size_t documents = 0;
        std::vector<std::string> findings;
        std::map<std::string, RollupValue> rollups;
        std::string first_unique, last_unique;  // the entries at its ends
        std::vector<Entry> missing, stray;
    };

    Result<bool> ReadAll();
    template <typename Look>
    Result<bool> Each(PageRange range, Look look);
    // Looks, on any thread.
    Result<Seen> Documents(const KvPage& page) const;
    Result<Seen> Entries(Space space, const KvPage& page) const;
    Result<Seen> Missing(const KvPage& page) const;
    Result<Seen> Strays(Space space, const KvPage& page) const;
    static void Judge(const Ref& ref, std::string_view bson, Seen& seen);
    static void JudgeUnique(const std::string& entry, const std::string& before, Seen& seen);
    // Takes, on the one thread.
    Result<bool> Take(Seen seen);
    Result<bool> LookCloser();
    Result<bool> Rollups();
    Result<bool> Cells();
    Result<bool> CellWrong(const std::string& key, const std::string& rows);

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
    const KeySums::Secret secret_ = KeySums::Draw();
    KeySums sums_{secret_};      // of what is being read
    std::set<KeySet> unlike_;    // looked at closer
    std::string last_unique_;    // the entry before, of a unique index
    bool created_whole_ = true;  // the index of creation
    std::set<Time> wrong_days_;  // of cells
};

}  // namespace barracuda::store

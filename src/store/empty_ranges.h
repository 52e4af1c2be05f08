// Ranges of keys in which nothing is known to stand: the remembered low mark of the work queue, of
// every owner. Finished work leaves a tombstone at its front, and who looks for the first entry
// begins behind them.
//
//     EmptyRanges::Look look(ranges);      // before the iterator is made, for as long as it is
//     it->Seek(look.From(bound));          // nothing stands in [bound, From(bound))
//     look.Found(bound, it->Key());        // nor in [bound, it->Key())
//     ranges.Added(key);                   // by who writes, after the write
//
// It never hides an entry for longer than from its write to Added right after it: what was added
// during a look ends the ranges that this look finds, as its iterator may be older.
//
// Threads: every method from any thread; a Look is one thread's.
#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/thread_safety.h"

namespace barracuda::store {

class EmptyRanges {
public:
    static constexpr size_t kRangesMax = 1'024;  // beyond, all are forgotten and found anew

    class Look {
    public:
        explicit Look(EmptyRanges& ranges);
        ~Look();
        Look(const Look&) = delete;
        Look& operator=(const Look&) = delete;

        std::string From(std::string_view wanted) const;
        // `first`: the first key at or after `wanted`, or the bound of what was looked at.
        void Found(std::string_view wanted, std::string_view first);

    private:
        friend class EmptyRanges;
        EmptyRanges& ranges_;
        // Keys since the look began. Guarded by ranges_.mutex_, which clang cannot tell from the
        // mutex_ that Added holds: it would see two mutexes.
        std::set<std::string, std::less<>> added_;
    };

    void Added(std::string_view key);
    void Clear();
    size_t size() const;

private:
    using Map = std::map<std::string, std::string, std::less<>>;  // from, to (exclusive)
    // end(): no range holds it.
    Map::iterator Holding(std::string_view key) REQUIRES(mutex_);

    mutable Mutex mutex_;
    Map ranges_ GUARDED_BY(mutex_);  // apart from each other
    std::vector<Look*> looks_ GUARDED_BY(mutex_);
};

}  // namespace barracuda::store

// A space of a snapshot, a page after the other: read in order by one thread, looked at by as many
// as there are processors, and taken in order again.
//
//     EachPage(snapshot, {.space = Space::kDocuments}, stop,
//              [](const KvPage& page) { return Seen(page); },          // several at a time
//              [&](Seen seen) -> Result<bool> { … });                  // one after the other
//
// Threads: the caller's, and those it starts and joins. Errors: the snapshot's, those of `look` (a
// Result) and of `take`; kUnavailable when it is stopped, which it is between two pages.
#pragma once

#include <algorithm>
#include <deque>
#include <future>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "store/kv.h"

namespace barracuda::store {

struct KvPair {
    std::string key, value;
};
using KvPage = std::vector<KvPair>;

struct PageRange {
    static constexpr size_t kPage = 1'000;
    static constexpr size_t kPageBytes = 4 << 20;

    Space space;
    std::string from = {}, to = {};  // keys in [from, to); empty `to`: to the end
};

// The next page of the range, which then begins behind it; empty: there is none.
inline Result<KvPage> NextPage(KvSnapshot& snapshot, PageRange& range) {
    KvPage page;
    // An iterator a page: one kept for the whole way would keep files that were compacted away.
    auto it = snapshot.Iterate(range.space);
    size_t bytes = 0;
    for (it->Seek(range.from); it->Valid(); it->Next()) {
        if (!range.to.empty() && it->Key() >= range.to) break;
        bytes += it->Key().size() + it->Value().size();
        page.push_back({std::string(it->Key()), std::string(it->Value())});
        if (page.size() == PageRange::kPage || bytes >= PageRange::kPageBytes) break;
    }
    if (auto status = it->Status(); !status) return Fail(status.error());
    if (!page.empty()) range.from = page.back().key + '\0';
    return page;
}

template <typename Look, typename Take>
Result<bool> EachPage(
    KvSnapshot& snapshot, PageRange range, const std::stop_token& stop, Look look, Take take
) {
    using Seen = std::invoke_result_t<Look, const KvPage&>;  // a Result
    const size_t most = std::max(1u, std::thread::hardware_concurrency());
    std::deque<std::future<Seen>> under_way;
    auto take_first = [&]() -> Result<bool> {
        auto seen = under_way.front().get();
        under_way.pop_front();
        if (!seen) return Fail(seen.error());
        return take(std::move(*seen));
    };
    for (;;) {
        if (stop.stop_requested()) return Fail(ErrorCode::kUnavailable, "it was stopped");
        auto page = NextPage(snapshot, range);
        if (!page) return Fail(page.error());
        if (page->empty()) break;
        if (under_way.empty() && page->size() < PageRange::kPage) {
            // Most likely all there is: not worth a thread.
            auto seen = look(*page);
            if (!seen) return Fail(seen.error());
            if (auto taken = take(std::move(*seen)); !taken) return taken;
            continue;
        }
        under_way.push_back(std::async(std::launch::async, [&look, page = std::move(*page)] {
            return look(page);
        }));
        if (under_way.size() <= most) continue;
        if (auto taken = take_first(); !taken) return taken;
    }
    while (!under_way.empty()) {
        if (auto taken = take_first(); !taken) return taken;
    }
    return true;
}

}  // namespace barracuda::store

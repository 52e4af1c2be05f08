#include "store/mongo/reader.h"

#include <algorithm>
#include <map>
#include <set>
#include <thread>
#include <unordered_map>

#include "store/mongo/address.h"

namespace barracuda::store {

namespace {

constexpr int64_t kReadMs = 4'000;  // of one read in the server; below the socket's time

// One read holds at most so many clicks: 1,024 keys take 9 ms by `$in` (docs/decisions/mongodb.md).
constexpr size_t kKeysMax = 1'024;

// By click and goal; the occurrence is picked in memory, for a list of triples costs five times as
// much to plan.
Bson FilterOf(Collection collection, std::span<const Ref> refs, std::span<const size_t> wanted) {
    Bson first, second, filter;
    size_t count = 0;
    if (collection != Collection::kConversions) {
        for (size_t i : wanted) AppendKey(first, std::to_string(count++), refs[i].key);
        filter.Document("_id", Bson().Array("$in", first));
        return filter;
    }
    std::set<std::string> clicks, goals;
    for (size_t i : wanted) {
        auto key = ConversionKeyOf(refs[i]);
        clicks.insert(std::move(key.click.value));
        goals.insert(std::move(key.goal.value));
    }
    for (const auto& click : clicks) first.Text(std::to_string(count++), click);
    count = 0;
    for (const auto& goal : goals) second.Text(std::to_string(count++), goal);
    filter.Document("click_id", Bson().Array("$in", first));
    filter.Document("goal_id", Bson().Array("$in", second));
    return filter;
}

}  // namespace

bool Deadline::Wait() {
    thread_local std::minstd_rand random(std::random_device{}());
    int most = std::min(250, 20 << std::min(tries_++, 4));
    auto pause = std::chrono::milliseconds(std::uniform_int_distribution<int>(1, most)(random));
    if (Clock::now() + pause >= at_) return false;
    std::this_thread::sleep_for(pause);
    return true;
}

Result<Reader::Documents> Reader::Load(std::span<const Ref> refs, Deadline deadline) {
    std::map<Collection, std::vector<size_t>> by_collection;
    for (size_t i = 0; i < refs.size(); ++i) by_collection[refs[i].collection].push_back(i);
    Documents found(refs.size());
    for (const auto& [collection, wanted] : by_collection) {
        for (;;) {
            auto read = Find(collection, refs, wanted, found);
            if (read) break;
            if (read.error().code != ErrorCode::kUnavailable || !deadline.Wait()) {
                return Fail(ErrorCode::kUnavailable, read.error().message);
            }
        }
    }
    return found;
}

Result<bool> Reader::Find(
    Collection collection,
    std::span<const Ref> refs,
    const std::vector<size_t>& wanted,
    Documents& found
) {
    auto lease = client_.Take();
    if (!lease) return Fail(lease.error());
    std::unordered_map<std::string, std::string> documents;
    for (size_t begin = 0; begin < wanted.size(); begin += kKeysMax) {
        auto part = std::span(wanted).subspan(begin, std::min(kKeysMax, wanted.size() - begin));
        Bson options;
        options.Int("maxTimeMS", kReadMs).Int("batchSize", 2 * kKeysMax);
        Bson filter = FilterOf(collection, refs, part);
        auto read = seen_.Find(*lease, NameOf(collection), filter, options);
        if (!read) return Fail(read.error());
        for (auto& bytes : *read) {
            std::string key = RefOfDocument(collection, bytes).key;
            documents.insert_or_assign(std::move(key), std::move(bytes));
        }
    }
    for (size_t i : wanted) {
        auto at = documents.find(refs[i].key);
        found[i] = at == documents.end() ? std::nullopt : std::optional(at->second);
    }
    return true;
}

}  // namespace barracuda::store

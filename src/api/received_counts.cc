#include "api/received_counts.h"

#include <algorithm>

#include "domain/bson.h"

namespace barracuda::api {

namespace {

constexpr size_t kPage = 5'000;       // records looked at a time
constexpr size_t kPagesMax = 20;      // of them
constexpr size_t kPairsMax = 10'000;  // of reason and caller that are told apart

using Pairs = std::map<std::pair<std::string, std::string>, int64_t>;

void Add(ReceivedCounts& counts, Pairs& pairs, std::string_view bson) {
    const domain::TopFields record(bson);
    ++counts.total;
    if (const auto verdict = record.Text("verdict")) ++counts.verdicts[*verdict];
    if (record.Find("conflict")) ++counts.conflicts;
    if (const auto at = record.Date("at"))
        counts.oldest = std::min(counts.oldest.value_or(*at), *at);
    if (record.Number("status") < kRefusedFrom) return;
    ++counts.refused;
    std::pair pair(record.TextOr("reason"), record.TextOr("by"));
    if (pairs.size() < kPairsMax || pairs.contains(pair)) ++pairs[std::move(pair)];
}

std::vector<ReceivedCounts::Reason> Frequent(const Pairs& pairs) {
    std::vector<ReceivedCounts::Reason> reasons;
    for (const auto& [pair, count] : pairs) reasons.push_back({pair.first, pair.second, count});
    std::stable_sort(reasons.begin(), reasons.end(), [](const auto& a, const auto& b) {
        return a.count > b.count;
    });
    if (reasons.size() > ReceivedCounts::kReasonsMax) reasons.resize(ReceivedCounts::kReasonsMax);
    return reasons;
}

}  // namespace

Result<ReceivedCounts> CountReceivedIn(store::LogStore& logs, store::LogRequest request) {
    ReceivedCounts counts;
    Pairs pairs;
    request.cursor.clear();
    request.limit = request.scanned_max = kPage;
    for (size_t i = 0; i < kPagesMax; ++i) {
        auto page = logs.Read(request);
        if (!page) return Fail(page.error());
        for (const auto& document : page->documents) Add(counts, pairs, document);
        request.cursor = page->cursor;
        if (request.cursor.empty()) break;
    }
    counts.complete = request.cursor.empty();
    counts.reasons = Frequent(pairs);
    return counts;
}

}  // namespace barracuda::api

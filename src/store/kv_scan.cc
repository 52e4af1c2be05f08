// Pages of a list: one range of an index or of the keys, or several side by side in one order.
#include <algorithm>

#include "store/index.h"
#include "store/kv_engine.h"
#include "store/kv_keys.h"

namespace barracuda::store {

namespace {

// The first byte string above every string that starts with `prefix`.
std::string After(std::string prefix) {
    while (!prefix.empty() && static_cast<unsigned char>(prefix.back()) == 0xff) prefix.pop_back();
    if (!prefix.empty()) prefix.back() = static_cast<char>(prefix.back() + 1);
    return prefix;
}

struct Range {
    std::string prefix;
    std::string low, high;  // [low, high)
};

// The key prefixes of a list: one for every combination of the values that are asked for.
std::vector<std::string> PrefixesOf(const ScanRequest& request) {
    std::string first(
        1,
        static_cast<char>(
            request.index ? static_cast<char>(*request.index)
                          : static_cast<char>(request.collection)
        )
    );
    size_t field = 0;
    for (const auto& value : request.equal) {
        AppendText(first, request.index ? IndexedText(*request.index, field++, value) : value);
    }
    std::vector<std::string> prefixes = {first + request.key_prefix};
    for (const auto& values : request.any) {
        std::vector<std::string> longer;
        for (const auto& prefix : prefixes) {
            for (const auto& value : values) {
                AppendText(longer.emplace_back(prefix), IndexedText(*request.index, field, value));
            }
        }
        ++field;
        prefixes = std::move(longer);
    }
    std::sort(prefixes.begin(), prefixes.end());
    prefixes.erase(std::unique(prefixes.begin(), prefixes.end()), prefixes.end());
    return prefixes;
}

std::vector<Range> RangesOf(const ScanRequest& request) {
    std::vector<Range> ranges;
    for (auto& prefix : PrefixesOf(request)) {
        Range range{prefix, prefix, After(prefix)};
        if (request.from) AppendDate(range.low, *request.from);
        if (request.to) {
            range.high = prefix;
            AppendDate(range.high, *request.to);
        }
        ranges.push_back(std::move(range));
    }
    return ranges;
}

// The key behind the prefix at which an earlier page of this very scan ended: the same in every
// range. The place of another list would pass over documents that sort before it.
std::optional<std::string> PlaceIn(const ScanRequest& request, const std::vector<Range>& ranges) {
    const std::string& cursor = request.cursor;
    for (const auto& [prefix, low, high] : ranges) {
        if (cursor.size() <= prefix.size() || !cursor.starts_with(prefix)) continue;
        if (request.index && !KeyInEntry(IndexOf(*request.index), cursor)) continue;
        return cursor.substr(prefix.size());
    }
    return std::nullopt;
}

Space SpaceOf(const ScanRequest& request) {
    return request.index ? Space::kIndexes : Space::kDocuments;
}

// One range, from a place on.
class Lane {
public:
    Lane(const Range& range, bool descending, KvSnapshot& view, Space space)
        : range_(range), descending_(descending), it_(view.Iterate(space)) {}

    // `place`: what followed the prefix in the last entry shown, of any lane.
    void Begin(const std::optional<std::string>& place) {
        const std::string at = range_.prefix + place.value_or("");
        if (descending_) {
            const std::string start = place ? std::min(at, range_.high) : range_.high;
            it_->SeekForPrev(start);
            if (it_->Valid() && it_->Key() >= start) it_->Prev();
        } else if (!place || at < range_.low) {
            it_->Seek(range_.low);
        } else {
            it_->Seek(at);
            if (it_->Valid() && it_->Key() == at) it_->Next();
        }
    }
    void Next() { descending_ ? it_->Prev() : it_->Next(); }
    bool Valid() const {
        return it_->Valid() && it_->Key() >= range_.low && it_->Key() < range_.high;
    }
    // The part of the key that the list is ordered by.
    std::string_view Rest() const { return it_->Key().substr(range_.prefix.size()); }
    const KvIterator& at() const { return *it_; }

private:
    const Range& range_;
    const bool descending_;
    std::unique_ptr<KvIterator> it_;
};

// All ranges of a scan as one row of entries.
class Lanes {
public:
    Lanes(const ScanRequest& request, const std::vector<Range>& ranges, KvSnapshot& view)
        : descending_(request.descending) {
        lanes_.reserve(ranges.size());
        for (const auto& range : ranges) {
            lanes_.emplace_back(range, descending_, view, SpaceOf(request));
        }
    }
    void Begin(const std::optional<std::string>& place) {
        for (auto& lane : lanes_) {
            lane.Begin(place);
            if (lane.Valid()) heap_.push_back(&lane);
        }
        std::make_heap(heap_.begin(), heap_.end(), Later{descending_});
    }
    bool Valid() const { return !heap_.empty(); }
    const KvIterator& at() const { return heap_.front()->at(); }
    void Next() {
        std::pop_heap(heap_.begin(), heap_.end(), Later{descending_});
        heap_.back()->Next();
        if (!heap_.back()->Valid()) return heap_.pop_back();
        std::push_heap(heap_.begin(), heap_.end(), Later{descending_});
    }
    Result<bool> Status() const {
        for (const auto& lane : lanes_) {
            if (auto status = lane.at().Status(); !status) return status;
        }
        return true;
    }

private:
    struct Later {
        bool descending;
        bool operator()(const Lane* a, const Lane* b) const {
            return descending ? a->Rest() < b->Rest() : b->Rest() < a->Rest();
        }
    };
    const bool descending_;
    std::vector<Lane> lanes_;
    std::vector<Lane*> heap_;
};

Result<Page> ReadPage(const ScanRequest& request, const std::vector<Range>& ranges, Kv& kv) {
    std::optional<std::string> place;
    if (!request.cursor.empty()) {
        place = PlaceIn(request, ranges);
        if (!place) return Fail(BadCursor());
    }
    auto view = kv.View();
    Lanes entries(request, ranges, *view);
    Page page;
    std::vector<std::string> keys;
    std::string last;
    size_t taken = 0;
    for (entries.Begin(place); entries.Valid(); entries.Next()) {
        if (taken == request.limit) {
            page.cursor = last;
            break;
        }
        const std::string_view at = entries.at().Key();
        if (request.index) {
            auto key = KeyInEntry(IndexOf(*request.index), at);
            if (!key) continue;  // damaged; verify names it
            keys.push_back(DocumentKey({request.collection, std::string(*key)}));
        } else {
            page.documents.emplace_back(entries.at().Value());
        }
        ++taken;
        last = std::string(at);
    }
    if (auto status = entries.Status(); !status) return Fail(status.error());
    if (!request.index) return page;
    auto documents = view->MultiGet(Space::kDocuments, keys);
    if (!documents) return Fail(documents.error());
    for (auto& document : *documents) {
        if (document) page.documents.push_back(std::move(*document));
    }
    return page;
}

}  // namespace

Result<Page> KvEngine::Scan(const ScanRequest& request) {
    if (request.index == IndexId::kConversionDue) return ScanWork(request);
    return ReadPage(request, RangesOf(request), *kv_);
}

Result<size_t> KvEngine::Count(const ScanRequest& request, size_t most) {
    if (request.index == IndexId::kConversionDue) return Engine::Count(request, most);
    auto view = kv_->View();
    size_t count = 0;
    for (const auto& range : RangesOf(request)) {  // one after the other: no order is asked for
        Lane lane(range, false, *view, SpaceOf(request));
        for (lane.Begin({}); lane.Valid() && count < most; lane.Next()) ++count;
        if (auto status = lane.at().Status(); !status) return Fail(status.error());
    }
    return count;
}

}  // namespace barracuda::store

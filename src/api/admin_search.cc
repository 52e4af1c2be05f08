// GET /api/admin/search: what an id somebody pasted is: a click, a conversion, a delivery, a
// contact. Each by an index or a key's seek, so that it costs the same in a store of any size.
#include <fmt/format.h>

#include <algorithm>

#include "api/list_input.h"
#include "api/query_pool.h"
#include "api/routes.h"
#include "base/text.h"
#include "delivery/delivery_list.h"
#include "domain/contact.h"
#include "report/conversions.h"
#include "store/index.h"

namespace barracuda::api {

namespace {

constexpr size_t kSearchedBytesMax = 1'024;
constexpr size_t kClicksMax = 8;          // that begin so
constexpr size_t kDeliveryLooks = 2'000;  // where no log knows an id, among dead and waiting ones

class Hits {
public:
    void Add(const char* kind, const std::string& id, std::string_view title) {
        const std::string key = fmt::format("{} {}", kind, id);
        if (std::find(known_.begin(), known_.end(), key) != known_.end()) return;
        known_.push_back(key);
        list_.Object(JsonObject().Text("kind", kind).Text("id", id).Text("title", title));
    }
    void Add(const domain::Conversion& c) {
        Add("conversion", c.id.Hex(), fmt::format("{} · {}", c.key.click.value, c.key.goal.value));
    }
    void Add(const domain::Contact& contact) {
        Add("contact", contact.id.Hex(), contact.name.empty() ? contact.email : contact.name);
    }
    const JsonList& list() const { return list_; }

private:
    JsonList list_;
    std::vector<std::string> known_;
};

// One step of a search; errors: the store's.
using Found = Result<bool>;

Found FindConversions(store::Engine& engine, const report::Filter& filter, size_t most, Hits& to) {
    report::ConversionQuery query;
    query.filter = filter;
    query.limit = most;
    query.sort = filter.click_prefix.empty() ? "createdAt" : "click_id";
    query.descending = false;
    query.fitting = report::Fitting{};  // nobody counts them
    auto page = report::SelectConversions(engine, query);
    if (!page) return Fail(page.error());
    for (const auto& row : page->rows) {
        if (!filter.click_prefix.empty()) to.Add("click", row.key.click.value, row.key.click.value);
        if (filter.click_prefix.empty()) to.Add(row);
    }
    return true;
}

Found FindById(store::Engine& engine, const ObjectId& id, Hits& to) {
    store::ScanRequest request;
    request.index = store::IndexId::kConversionId;
    request.equal = {id.Hex()};
    request.limit = 1;
    auto page = engine.Scan(request);
    if (!page) return Fail(page.error());
    for (const auto& document : page->documents) {
        if (auto row = domain::DecodeConversion(document)) to.Add(*row);
    }
    const store::Ref ref{store::Collection::kContacts, id.Hex()};
    auto contact = engine.Load(std::span(&ref, 1));
    if (!contact) return Fail(contact.error());
    if (!contact->front()) return true;
    if (auto row = domain::DecodeContact(*contact->front())) to.Add(*row);
    return true;
}

Found FindByEmail(store::Engine& engine, const std::string& email, Hits& to) {
    const std::string key = Lower(email);
    auto found = engine.FindAny(store::IndexId::kContactEmail, std::span(&key, 1));
    if (!found) return Fail(found.error());
    for (const auto& document : *found) {
        if (auto row = domain::DecodeContact(document)) to.Add(*row);
    }
    return true;
}

bool IsHex(std::string_view text) {
    return text.find_first_not_of("0123456789abcdefABCDEF-") == text.npos;
}

Found FindADelivery(Deliveries& deliveries, const std::string& id, Hits& to) {
    auto row = delivery::FindDelivery(deliveries.engine, deliveries.logs, id, kDeliveryLooks);
    if (!row && row.error().code == ErrorCode::kNotFound) return true;
    if (!row) return Fail(row.error());
    if (!*row) return true;
    const auto& one = (*row)->delivery();
    const auto title =
        fmt::format("{} · {}", one.network.value, (*row)->conversion.key.click.value);
    to.Add("delivery", (*row)->Ref(), title);
    return true;
}

Found FindAll(Deliveries& deliveries, const std::string& text, Hits& to) {
    constexpr size_t kDeliveryIdBytes = 32;
    store::Engine& engine = deliveries.engine;
    report::Filter clicks{.click_prefix = text}, transactions{.transactions = {text}};
    auto found = FindConversions(engine, clicks, kClicksMax, to);
    if (found) found = FindConversions(engine, transactions, kClicksMax, to);
    const auto id = ObjectId::Parse(text);
    if (found && id) found = FindById(engine, *id, to);
    if (found && text.find('@') != text.npos) found = FindByEmail(engine, text, to);
    if (found && IsHex(text) && text.size() >= kDeliveryIdBytes) {
        found = FindADelivery(deliveries, text, to);
    }
    return found;
}

}  // namespace

void Search(Deliveries& deliveries, std::shared_ptr<Call> call) {
    auto input = Input::OfQuery(call->request);
    if (!input) return call->respond(BadRequest(input.error()));
    Reader reader(*input);
    const std::string text = reader.Sought("q");
    if (text.empty()) reader.Refuse("q", "is required");
    if (text.size() > kSearchedBytesMax) reader.Refuse("q", "is longer than any id");
    RefuseUnread(*input, reader, "is no parameter of this path");
    if (reader.error()) return call->respond(BadRequest(*reader.error()));
    RunQuery(deliveries.queries, call, [&deliveries, call, text] {
        if (deliveries.attempts) deliveries.attempts->Flush();
        Hits hits;
        auto found = FindAll(deliveries, text, hits);
        if (!found) return call->respond(ErrorResponse(found.error()));
        call->respond(DataAnswer(hits.list()));
    });
}

}  // namespace barracuda::api

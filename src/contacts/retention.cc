#include "contacts/retention.h"

#include <future>
#include <memory>
#include <set>

#include "contacts/click_hash.h"
#include "contacts/erasure_sweep.h"
#include "domain/bson.h"
#include "domain/person.h"
#include "ledger/edit_and_wait.h"
#include "store/document_ref.h"

namespace barracuda::contacts {

namespace {

constexpr std::chrono::seconds kPatience{30};

store::Ref StateRef() { return {store::Collection::kSettings, kRetention}; }

bool EraseTraces(domain::Conversion& conversion) {
    return domain::EraseVisitor(conversion, domain::VisitorLoses::kTraces);
}

// Waits for what `start` hands its `done`, however long: the ledger answers everything.
Result<bool> Await(const std::function<void(std::function<void(Result<bool>)>)>& start) {
    auto promise = std::make_shared<std::promise<Result<bool>>>();
    auto future = promise->get_future();
    start([promise](Result<bool> result) { promise->set_value(std::move(result)); });
    return future.get();
}

}  // namespace

std::string Encode(const RetentionState& state) {
    domain::BsonWriter to;
    to.Text("_id", kRetention);
    to.Text("node", state.node.value);
    to.Date("created", state.created);
    to.Date("updated", state.updated);
    to.Int("rev", state.rev);
    return to.Take();
}

RetentionState DecodeRetentionState(std::string_view bson) {
    const domain::TopFields fields(bson);
    return {
        NodeId(fields.TextOr("node")),
        fields.Date("created").value_or(Time{}),
        fields.Date("updated").value_or(Time{}),
        fields.Number("rev")};
}

void Retention::Start() {
    if (parts_.contacts_max_age.count() == 0 && parts_.visitors_max_age.count() == 0) return;
    thread_.Start("retention", kEvery, [this] {
        if (Step()) thread_.ComeBy(std::chrono::steady_clock::now() + kPause);
    });
}

bool Retention::Step() {
    auto held = Hold();
    if (!held) return Failed(held.error()), false;
    if (!*held) return false;
    bool more = false;
    auto note = [&](const Result<bool>& done) {
        if (!done) Failed(done.error());
        more = more || (done && *done);
        return bool(done);
    };
    if (parts_.contacts_max_age.count() > 0 && !note(EraseContacts())) return false;
    if (parts_.visitors_max_age.count() == 0) return more;
    for (auto& order : orders_) {
        if (thread_.stopping() || !note(EraseVisitors(**held, order))) return false;
    }
    return more;
}

// The state, where this node works by it; it is taken over where its node is gone.
Result<std::optional<RetentionState>> Retention::Hold() {
    auto held = std::make_shared<std::optional<RetentionState>>();
    auto take = [held,
                 me = parts_.erase.ledger.node(),
                 is_gone = parts_.is_gone](const std::optional<std::string>& stored) {
        auto state = DecodeRetentionState(stored.value_or(""));
        held->reset();
        const bool mine = stored && state.node == me;
        if (!mine && stored && !is_gone(state.node)) return ledger::EditPlan{};
        if (!mine) state.node = me, ++state.rev;
        *held = state;
        return mine ? ledger::EditPlan{} : ledger::EditPlan{true, Encode(state)};
    };
    auto done = ledger::EditAndWait(parts_.erase.ledger, StateRef(), std::move(take), kPatience);
    if (!done) return Fail(done.error());
    return *held;
}

Result<bool> Retention::EraseContacts() {
    store::ScanRequest request;
    request.collection = store::Collection::kContacts;
    request.index = store::IndexId::kContactCreated;
    request.to = Time{parts_.now().ms - parts_.contacts_max_age.count()};
    request.limit = kContacts;
    auto page = parts_.erase.engine.Scan(request);
    if (!page) return Fail(page.error());
    std::vector<std::pair<ObjectId, bool>> contacts;  // and whether it has a mark of its own
    std::vector<domain::Contact> finished;
    for (const auto& document : page->documents) {
        auto contact = domain::DecodeContact(document);
        const auto key = store::RefOfDocument(store::Collection::kContacts, document).key;
        const auto id = ObjectId::Parse(key);
        if (!id) continue;
        // A flow may be given a click until it is stopped.
        const bool own_mark = !contact || contact->flow.Unfinished();
        contacts.emplace_back(*id, own_mark);
        if (!own_mark) finished.push_back(std::move(*contact));
    }
    // Before they go, for a crash in between; and once more, for what was being sent meanwhile.
    if (auto marked = Mark(finished); !marked) return marked;
    for (const auto& [id, own_mark] : contacts) {
        if (thread_.stopping()) return false;
        EraseParts parts = parts_.erase;
        parts.marked = {};
        parts.mark = own_mark;
        auto erased =
            Await([&parts, &id = id](auto done) { EraseContact(parts, id, std::move(done)); });
        if (!erased) return erased;
        contacts_ += *erased;
    }
    if (auto marked = Mark(finished); !marked) return marked;
    if (!contacts.empty() && parts_.erase.marked) parts_.erase.marked();
    return !page->cursor.empty() && !contacts.empty();
}

// One for all of them: the sweep behind it reads the logs whole.
Result<bool> Retention::Mark(const std::vector<domain::Contact>& contacts) {
    if (contacts.empty()) return true;
    std::set<std::string> clicks;
    ErasureMark mark{ErasureMarkRef(contacts.front().id).key, {}, Time::Now()};
    for (const auto& contact : contacts) {
        clicks.merge(OwnClicks(contact));
        mark.contacts.push_back(contact.id);
    }
    mark.clicks.assign(clicks.begin(), clicks.end());
    auto write = [document = Encode(mark)](const std::optional<std::string>&) {
        return ledger::EditPlan{true, document};
    };
    auto done = ledger::EditAndWait(
        parts_.erase.ledger, ErasureMarkRef(contacts.front().id), std::move(write), kPatience
    );
    if (!done) return Fail(done.error());
    return true;
}

// Goes on with a reading that was begun, as its cursor belongs to its bounds.
Result<bool> Retention::EraseVisitors(const RetentionState& state, Order& order) {
    if (!order.going) {
        store::ScanRequest request;
        request.index = order.index;
        request.from = state.*order.read;
        request.to = Time{parts_.now().ms - parts_.visitors_max_age.count()};
        request.limit = kConversions;
        if (*request.from >= *request.to) return false;
        order.going = request;
    }
    auto page = parts_.erase.engine.Scan(*order.going);
    if (!page) return Fail(page.error());
    std::vector<domain::Conversion> conversions;
    for (const auto& document : page->documents) {
        auto conversion = domain::DecodeConversion(document);
        if (!conversion) continue;  // `verify` names it
        auto erased = *conversion;
        if (EraseTraces(erased)) conversions.push_back(std::move(*conversion));
    }
    auto erased = Await([&](auto done) {
        EraseFrom(parts_.erase.ledger, conversions, EraseTraces, std::move(done));
    });
    if (!erased) return erased;
    conversions_ += conversions.size();
    const auto last = page->documents.empty()
                          ? std::nullopt
                          : domain::TopFields(page->documents.back()).Date(order.field);
    // Of the next one what has the same date is read again, as there may be more of it.
    if (last) {
        if (auto kept = Keep(order, *last); !kept) return kept;
    }
    order.going->cursor = page->cursor;
    if (!page->cursor.empty()) return true;
    order.going.reset();
    return false;
}

// Unless another node has taken it over.
Result<bool> Retention::Keep(const Order& order, Time read) {
    auto keep = [read,
                 field = order.read,
                 me = parts_.erase.ledger.node()](const std::optional<std::string>& stored) {
        auto state = DecodeRetentionState(stored.value_or(""));
        if (!stored || state.node != me || state.*field >= read) return ledger::EditPlan{};
        state.*field = read;
        ++state.rev;
        return ledger::EditPlan{true, Encode(state)};
    };
    auto done = ledger::EditAndWait(parts_.erase.ledger, StateRef(), std::move(keep), kPatience);
    if (!done) return Fail(done.error());
    return true;
}

void Retention::Failed(const Error& why) {
    for (auto& order : orders_) order.going.reset();
    parts_.faults.Report(Fault::kContacts, "retention", WithCause(why));
}

}  // namespace barracuda::contacts

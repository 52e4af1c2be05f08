#include "contacts/erasures.h"

#include <algorithm>
#include <map>
#include <memory>

#include "base/text.h"
#include "contacts/click_hash.h"
#include "contacts/contact_sync.h"
#include "contacts/erasure_sweep.h"
#include "domain/bson.h"
#include "domain/person.h"
#include "store/each_document.h"
#include "store/index.h"

namespace barracuda::contacts {

namespace {

using Clicks = std::set<std::string, std::less<>>;

constexpr size_t kIdDigits = 24;  // of an ObjectId, as whose hex a mark is named

bool HasEmail(const domain::Contact& contact, std::string_view email) {
    return !contact.email.empty() && Lower(Trim(contact.email)) == email;
}

// The click itself, and what it is paired with where no contact says so any more.
Result<Clicks> ClicksOf(store::Engine& engine, const std::string& click) {
    Clicks clicks{click};
    store::ScanRequest request;
    request.collection = store::Collection::kSettings;
    request.key_prefix = kClicksOfHashes;
    auto read = store::EachDocument(engine, request, [&](const std::string& document) {
        const ClickOf pair = DecodeClickOf(document);
        if (pair.hash != click && pair.click_id != click) return;
        clicks.insert(pair.hash);
        clicks.insert(pair.click_id);
    });
    if (!read) return Fail(read.error());
    clicks.erase("");
    return clicks;
}

// The contacts that are meant. Those of a click bring what else is its id.
Result<std::vector<domain::Contact>> ContactsOf(
    store::Engine& engine, const Whom& whom, Clicks& clicks
) {
    const std::string email = Lower(Trim(whom.email));
    const Clicks named = clicks;
    std::vector<domain::Contact> contacts;
    auto read =
        store::EachDocument(engine, store::Collection::kContacts, [&](const std::string& document) {
            auto contact = domain::DecodeContact(document);
            if (!contact) return;
            const auto own = OwnClicks(*contact);
            const bool meant = std::any_of(own.begin(), own.end(), [&](const auto& one) {
                return named.contains(one);
            });
            if (whom.click.empty() ? !HasEmail(*contact, email) : !meant) return;
            if (!whom.click.empty()) clicks.insert(own.begin(), own.end());
            contacts.push_back(std::move(*contact));
        });
    if (!read) return Fail(read.error());
    return contacts;
}

EraseFunction VisitorOf(Clicks clicks) {
    return [clicks = std::move(clicks)](domain::Conversion& conversion) {
        return domain::EraseVisitor(conversion, domain::VisitorLoses::kEverything, clicks);
    };
}

// Conversions as several erasures leave them, each counted once.
class Counted {
public:
    void Erase(std::vector<domain::Conversion> conversions, const EraseFunction& erase) {
        for (auto& one : conversions) {
            auto& [before, after] = seen_.try_emplace(one.key, one, one).first->second;
            erase(after);
        }
    }
    void Into(ErasurePlan& plan) const {
        for (const auto& [key, pair] : seen_) {
            const auto& [before, after] = pair;
            plan.conversions += domain::Encode(before) != domain::Encode(after);
            for (size_t i = 0; i < after.deliveries.size(); ++i) {
                plan.deliveries += !(before.deliveries[i] == after.deliveries[i]);
            }
        }
    }

private:
    std::map<domain::ConversionKey, std::pair<domain::Conversion, domain::Conversion>> seen_;
};

Error NotEverything() {
    return {ErrorCode::kUnavailable, "not everything is erased, try again", {}};
}

// One plan on its way: its contacts one after the other, then the clicks.
class Work : public std::enable_shared_from_this<Work> {
public:
    Work(EraseParts parts, ErasurePlan plan, std::function<void(Result<bool>)> done)
        : parts_(std::move(parts)), plan_(std::move(plan)), done_(std::move(done)) {}

    void Next() {
        if (next_ == plan_.contacts.size()) return EraseClicks();
        const ObjectId id = plan_.contacts[next_++];
        EraseContact(parts_, id, [self = shared_from_this()](Result<bool> erased) {
            if (!erased) return self->done_(Fail(erased.error()));
            self->Next();
        });
    }

private:
    void EraseClicks() {
        if (plan_.clicks.empty()) return done_(true);
        parts_.ledger.Barrier([self = shared_from_this()] {
            const bool runs = self->parts_.run([self] { self->EraseVisitors(); });
            if (!runs) self->done_(Fail(NotEverything()));
        });
    }

    void EraseVisitors() {
        auto conversions = ConversionsUnder(parts_.engine, plan_.clicks);
        if (!conversions) return done_(Fail(conversions.error()));
        auto erased = [self = shared_from_this()](Result<bool> all) {
            if (!all) return self->done_(Fail(all.error()));
            self->Mark();
        };
        EraseFrom(parts_.ledger, *conversions, VisitorOf(plan_.clicks), std::move(erased));
    }

    // One a click, however often it is erased.
    void Mark() {
        const auto id = ObjectId::Parse(HashHex(*plan_.clicks.begin(), 16).substr(0, kIdDigits));
        const store::Ref ref = ErasureMarkRef(*id);
        const ErasureMark mark{ref.key, {plan_.clicks.begin(), plan_.clicks.end()}, Time::Now()};
        auto write = [document = Encode(mark)](const std::optional<std::string>&) {
            return ledger::EditPlan{true, document};
        };
        parts_.ledger.Edit(
            ref,
            std::move(write),
            [self = shared_from_this()](Result<ledger::EditState> state) {
                if (!state) return self->done_(Fail(state.error()));
                if (self->parts_.marked) self->parts_.marked();
                self->done_(true);
            }
        );
    }

    EraseParts parts_;
    const ErasurePlan plan_;
    std::function<void(Result<bool>)> done_;
    size_t next_ = 0;
};

}  // namespace

Result<ErasurePlan> PlanErasure(store::Engine& engine, const Whom& whom) {
    ErasurePlan plan;
    if (!whom.click.empty()) {
        auto clicks = ClicksOf(engine, whom.click);
        if (!clicks) return Fail(clicks.error());
        plan.clicks = std::move(*clicks);
    }
    auto contacts = ContactsOf(engine, whom, plan.clicks);
    if (!contacts) return Fail(contacts.error());
    if (contacts->empty() && whom.click.empty()) {
        constexpr const char* kNobody =
            "no contact has this e-mail, and conversions are found by their contact alone: name "
            "click_id";
        return Fail(ErrorCode::kNotFound, kNobody, "email");
    }
    Counted counted;
    for (const auto& contact : *contacts) {
        plan.contacts.push_back(contact.id);
        auto conversions = ConversionsOf(engine, contact);
        if (!conversions) return Fail(conversions.error());
        counted.Erase(std::move(*conversions), PersonOf(contact));
    }
    auto conversions = ConversionsUnder(engine, plan.clicks);
    if (!conversions) return Fail(conversions.error());
    if (contacts->empty() && conversions->empty()) {
        constexpr const char* kNothing = "no contact and no conversion has this click_id";
        return Fail(ErrorCode::kNotFound, kNothing, "click_id");
    }
    counted.Erase(std::move(*conversions), VisitorOf(plan.clicks));
    counted.Into(plan);
    return plan;
}

void CarryOut(EraseParts parts, ErasurePlan plan, std::function<void(Result<bool>)> done) {
    std::make_shared<Work>(std::move(parts), std::move(plan), std::move(done))->Next();
}

}  // namespace barracuda::contacts

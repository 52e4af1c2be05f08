#include "delivery/erase_contact.h"

#include <atomic>
#include <memory>

#include "delivery/contact_sync.h"
#include "delivery/flow.h"
#include "domain/bson.h"
#include "domain/person.h"

namespace barracuda::delivery {

namespace {

Error Overloaded() { return {ErrorCode::kUnavailable, "too many requests wait, try again", {}}; }

std::string EncodeErasedClick(const std::string& hash, const std::string& click_id) {
    domain::BsonWriter to;
    to.Text("_id", kErasedClicks + hash);
    to.Text("click_id", click_id);
    to.Int("rev", 1);
    return to.Take();
}

// One erasure on its way through its steps; each hands on to the next.
class Erasure : public std::enable_shared_from_this<Erasure> {
public:
    Erasure(EraseParts parts, const ObjectId& id, std::function<void(Result<bool>)> done)
        : parts_(std::move(parts)),
          ref_{store::Collection::kContacts, id.Hex()},
          done_(std::move(done)) {}

    void Begin() {
        auto stop = [](const std::optional<std::string>& stored) {
            auto contact = domain::DecodeContact(stored.value_or(""));
            if (!contact || !contact->flow.Unfinished()) return ledger::EditPlan{};
            contact->flow.step = domain::FlowStep::kDone;
            ++contact->rev;
            return ledger::EditPlan{true, domain::Encode(*contact)};
        };
        Edit(ref_, stop, [self = shared_from_this()](bool) {
            self->parts_.flows.AfterJobs([self] { self->AfterFlows(); });
        });
    }

private:
    // Whatever the flow reported before it was stopped is with the ledger by now.
    void AfterFlows() {
        parts_.ledger.Barrier([self = shared_from_this()] {
            if (!self->parts_.run([self] { self->ErasePerson(); })) {
                self->done_(Fail(Overloaded()));
            }
        });
    }

    void ErasePerson() {
        auto loaded = parts_.engine.Load(std::span(&ref_, 1));
        if (!loaded) return done_(Fail(loaded.error()));
        if (!loaded->front()) return done_(false);
        auto contact = domain::DecodeContact(*loaded->front());
        if (!contact) return Delete();  // nobody can be read out of it
        auto conversions = ConversionsOf(parts_.engine, *contact);
        if (!conversions) return done_(Fail(conversions.error()));
        auto erased = [self = shared_from_this(), contact = *contact](Result<bool> all) {
            if (!all) return self->done_(Fail(all.error()));
            self->KeepClick(contact);
        };
        ErasePersonFrom(parts_.ledger, *conversions, contact->email, std::move(erased));
    }

    void KeepClick(const domain::Contact& contact) {
        const bool known =
            !contact.click_id.empty() && !contact.sub1.empty() && contact.click_id != contact.sub1;
        if (!known) return Delete();
        auto keep = [document = EncodeErasedClick(contact.sub1, contact.click_id)](
                        const std::optional<std::string>& stored
                    ) {
            return stored ? ledger::EditPlan{} : ledger::EditPlan{true, document};
        };
        Edit(ErasedClickRef(contact.sub1), keep, [self = shared_from_this()](bool) {
            self->Delete();
        });
    }

    void Delete() {
        auto remove = [](const std::optional<std::string>& stored) {
            return ledger::EditPlan{stored.has_value(), std::nullopt};
        };
        Edit(ref_, remove, [self = shared_from_this()](bool written) { self->done_(written); });
    }

    // `next` gets whether it was written; a failure ends the erasure.
    void Edit(const store::Ref& ref, ledger::EditFunction edit, std::function<void(bool)> next) {
        auto decided = [self = shared_from_this(),
                        next = std::move(next)](Result<ledger::EditState> state) {
            if (!state) return self->done_(Fail(state.error()));
            next(*state == ledger::EditState::kWritten);
        };
        parts_.ledger.Edit(ref, std::move(edit), std::move(decided));
    }

    EraseParts parts_;
    const store::Ref ref_;
    std::function<void(Result<bool>)> done_;
};

}  // namespace

store::Ref ErasedClickRef(std::string_view hash) {
    return {store::Collection::kSettings, std::string(kErasedClicks).append(hash)};
}

ErasedClick DecodeErasedClick(std::string_view bson) {
    const domain::TopFields fields(bson);
    ErasedClick click{fields.TextOr("_id"), fields.TextOr("click_id")};
    click.hash.erase(0, std::min(click.hash.size(), std::string_view(kErasedClicks).size()));
    return click;
}

void ErasePersonFrom(
    ledger::Ledger& ledger,
    const std::vector<domain::Conversion>& conversions,
    const std::string& email,
    std::function<void(Result<bool>)> done
) {
    std::vector<store::Ref> refs;
    for (auto conversion : conversions) {
        if (domain::ErasePerson(conversion, email)) refs.push_back(store::RefOf(conversion.key));
    }
    if (refs.empty()) return done(true);
    struct Wait {
        std::atomic<size_t> left;
        std::atomic<bool> failed = false;
        std::function<void(Result<bool>)> done;
    };
    auto wait = std::make_shared<Wait>();
    wait->left = refs.size();
    wait->done = std::move(done);
    auto edit = [email](const std::optional<std::string>& stored) {
        auto fresh = domain::DecodeConversion(stored.value_or(""));
        if (!stored || !fresh || !domain::ErasePerson(*fresh, email)) return ledger::EditPlan{};
        return ledger::EditPlan{true, domain::Encode(*fresh)};
    };
    for (const auto& ref : refs) {
        ledger.Edit(ref, edit, [wait](Result<ledger::EditState> state) {
            if (!state) wait->failed = true;
            if (--wait->left > 0) return;
            if (!wait->failed) return wait->done(true);
            wait->done(Fail(ErrorCode::kUnavailable, "not everything is erased, try again"));
        });
    }
}

void EraseContact(EraseParts parts, const ObjectId& id, std::function<void(Result<bool>)> done) {
    std::make_shared<Erasure>(std::move(parts), id, std::move(done))->Begin();
}

}  // namespace barracuda::delivery

#include "contacts/erase_contact.h"

#include <atomic>
#include <memory>
#include <set>

#include "contacts/click_hash.h"
#include "contacts/contact_sync.h"
#include "contacts/erasure_sweep.h"
#include "contacts/flow.h"
#include "domain/person.h"

namespace barracuda::contacts {

namespace {

Error Overloaded() { return {ErrorCode::kUnavailable, "too many requests wait, try again", {}}; }

// One erasure on its way through its steps; each hands on to the next.
class Erasure : public std::enable_shared_from_this<Erasure> {
public:
    Erasure(EraseParts parts, const ObjectId& id, std::function<void(Result<bool>)> done)
        : parts_(std::move(parts)),
          id_(id),
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
            if (!self->parts_.flows) return self->AfterFlows();
            self->parts_.flows->AfterJobs([self] { self->AfterFlows(); });
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
        if (!contact) return Mark();  // nobody can be read out of it
        auto conversions = ConversionsOf(parts_.engine, *contact);
        if (!conversions) return done_(Fail(conversions.error()));
        const auto own = OwnClicks(*contact);
        clicks_.assign(own.begin(), own.end());
        auto erased = [self = shared_from_this(), contact = *contact](Result<bool> all) {
            if (!all) return self->done_(Fail(all.error()));
            self->KeepClick(contact);
        };
        ErasePersonFrom(parts_.ledger, *conversions, *contact, std::move(erased));
    }

    void KeepClick(const domain::Contact& contact) {
        const std::string hash = NetworkHashOf(contact);
        if (hash.empty()) return Mark();
        auto kept = [self = shared_from_this()](Result<ledger::EditState> state) {
            if (!state) return self->done_(Fail(state.error()));
            self->Mark();
        };
        KeepClickOf(parts_.ledger, hash, contact.click_id, std::move(kept));
    }

    void Mark() {
        if (!parts_.mark) return Delete();
        const store::Ref ref = ErasureMarkRef(id_);
        auto write = [document = Encode(ErasureMark{ref.key, clicks_, Time::Now()}
                      )](const std::optional<std::string>&) {
            return ledger::EditPlan{true, document};
        };
        Edit(ref, write, [self = shared_from_this()](bool) { self->Delete(); });
    }

    void Delete() {
        auto remove = [](const std::optional<std::string>& stored) {
            return ledger::EditPlan{stored.has_value(), std::nullopt};
        };
        Edit(ref_, remove, [self = shared_from_this()](bool written) {
            if (self->parts_.marked) self->parts_.marked();
            self->done_(written);
        });
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
    const ObjectId id_;
    const store::Ref ref_;
    std::vector<std::string> clicks_;
    std::function<void(Result<bool>)> done_;
};

}  // namespace

EraseFunction PersonOf(const domain::Contact& contact) {
    return [person = domain::WordsOf(contact),
            own = OwnClicks(contact)](domain::Conversion& conversion) {
        const bool theirs = own.contains(conversion.key.click.value);
        using domain::ClickIs;
        return domain::ErasePerson(conversion, person, theirs ? ClickIs::kTheirs : ClickIs::kNamed);
    };
}

void EraseFrom(
    ledger::Ledger& ledger,
    const std::vector<domain::Conversion>& conversions,
    EraseFunction erase,
    std::function<void(Result<bool>)> done
) {
    std::vector<store::Ref> refs;
    for (auto conversion : conversions) {
        if (erase(conversion)) refs.push_back(store::RefOf(conversion.key));
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
    auto edit = [erase = std::move(erase)](const std::optional<std::string>& stored) {
        auto fresh = domain::DecodeConversion(stored.value_or(""));
        if (!stored || !fresh || !erase(*fresh)) return ledger::EditPlan{};
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

void ErasePersonFrom(
    ledger::Ledger& ledger,
    const std::vector<domain::Conversion>& conversions,
    const domain::Contact& contact,
    std::function<void(Result<bool>)> done
) {
    EraseFrom(ledger, conversions, PersonOf(contact), std::move(done));
}

void EraseContact(EraseParts parts, const ObjectId& id, std::function<void(Result<bool>)> done) {
    std::make_shared<Erasure>(std::move(parts), id, std::move(done))->Begin();
}

}  // namespace barracuda::contacts

#include "ledger/batch.h"

#include <unordered_map>

#include "base/check.h"

namespace barracuda::ledger {

void Batch::Gather() {
    std::unordered_map<std::string, size_t> by_key;
    by_key.reserve(entries_.size());
    slots_.clear();
    slots_.reserve(entries_.size());
    for (size_t i = 0; i < entries_.size(); ++i) {
        if (!entries_[i].open()) continue;
        std::string key = static_cast<char>(entries_[i].ref.collection) + entries_[i].ref.key;
        auto [at, fresh] = by_key.try_emplace(std::move(key), slots_.size());
        if (fresh) slots_.emplace_back().ref = entries_[i].ref;
        slots_[at->second].entries.push_back(i);
    }
}

// Only what a write will prove: a report of an unknown key records it, an outcome is written.
bool Batch::Guess(Slot& slot) const {
    BARRACUDA_CHECK(recent_ && !slot.entries.empty());
    if (slot.ref.collection != store::Collection::kConversions) return false;
    const CommandWork* first = entries_[slot.entries.front()].command();
    if (!first) return false;
    if (const auto* report = std::get_if<domain::Report>(&first->command)) {
        return !report->correction && !recent_->Knows(slot.ref);
    }
    auto known = recent_->Find(slot.ref);
    if (!known) return false;
    Take(slot, std::move(known));
    return true;
}

// Guesses go first; the others are loaded in the next round, together with what was guessed wrong.
void Batch::GuessAll() {
    bool any = false;
    for (auto& slot : slots_) any |= slot.guessed = Guess(slot);
    if (any) std::erase_if(slots_, [](const Slot& slot) { return !slot.guessed; });
}

void Batch::Take(Slot& slot, std::optional<std::string> document) {
    BARRACUDA_CHECK(!slot.changed && !slot.document);
    slot.found = std::move(document);
    slot.document = slot.found;
    if (slot.ref.collection != store::Collection::kConversions || !slot.found) return;
    auto conversion = domain::DecodeConversion(*slot.found);
    if (conversion) {
        slot.conversion = std::move(*conversion);
    } else {
        slot.failed = true;
        slot.error = conversion.error();
    }
}

Result<bool> Batch::Load() {
    std::vector<store::Ref> refs;
    refs.reserve(slots_.size());
    for (const auto& slot : slots_) refs.push_back(slot.ref);
    auto loaded = engine_.Load(refs);
    if (!loaded) return Fail(loaded.error());
    BARRACUDA_CHECK(loaded->size() == slots_.size());
    for (size_t i = 0; i < slots_.size(); ++i) {
        Take(slots_[i], std::move((*loaded)[i]));
        Remember(slots_[i], store::WriteState::kApplied);
    }
    return true;
}

// A conversion is edited to erase a person from it, and to mend what it is queued and listed by;
// commands of the same batch and edits see each other's effects.
EditState Batch::Edit(Slot& slot, const EditFunction& edit) {
    bool conversion = slot.ref.collection == store::Collection::kConversions;
    if (conversion && slot.changed && slot.conversion) {
        slot.document = domain::Encode(*slot.conversion);
    }
    EditPlan plan = edit(slot.document);
    if (!plan.write) return EditState::kUnchanged;
    slot.document = std::move(plan.after);
    slot.changed = true;
    if (!conversion) return EditState::kWritten;
    slot.conversion.reset();
    if (!slot.document) return EditState::kWritten;
    auto edited = domain::DecodeConversion(*slot.document);
    if (edited) {
        slot.conversion = std::move(*edited);
    } else {
        // To those behind it the document would look absent: none of it is written.
        slot.failed = true;
        slot.error = {ErrorCode::kUnavailable, "an edit left what cannot be read", {}};
        slot.error.cause = edited.error().message;
    }
    return EditState::kWritten;
}

std::optional<Error> Batch::Refused(const domain::Command& command) const {
    const auto* report = std::get_if<domain::Report>(&command);
    // The key of a correction was found in the store: no rule made it.
    if (!report || report->correction || !hooks_.refuse) return std::nullopt;
    return hooks_.refuse(*report);
}

// All commands of one document in order; later ones see the effects of earlier ones. Here alone a
// conversion's revision is counted, one a write: every answer of the batch names the one stored.
void Batch::Decide(Slot& slot) {
    const int64_t rev = slot.conversion ? slot.conversion->rev + 1 : 1;
    size_t refusals = 0;
    const domain::Conversion* answered = nullptr;  // what is to be written, in the last answer
    for (size_t i : slot.entries) {
        Entry& entry = entries_[i];
        if (slot.failed) {
            entry.Fail(slot.error);
            continue;
        }
        CommandWork* work = entry.command();
        if (!work) {
            EditWork& edit = entry.edit();
            edit.answer = Edit(slot, edit.edit);
            continue;
        }
        if (auto refused = Refused(work->command)) {
            work->answer = Fail(std::move(*refused));
            ++refusals;
            continue;
        }
        auto decision = domain::Decide(slot.conversion, work->command, now_, node_);
        if (decision.changed) {
            BARRACUDA_CHECK(decision.document.has_value());
            decision.document->rev = rev;
            slot.changed = true;
            // A copy is for those behind it alone, and for who remembers what it wrote.
            if (recent_ || i != slot.entries.back()) slot.conversion = decision.document;
        }
        const bool last = decision.changed && i == slot.entries.back();
        work->answer = std::move(decision);
        if (last) answered = &*(*work->answer)->document;
    }
    if (slot.failed) return FailAll(slot);
    if (slot.guessed && !slot.changed && refusals < slot.entries.size()) return Reopen(slot);
    if (answered) {
        slot.document = domain::Encode(*answered);
    } else if (slot.changed && slot.conversion) {
        slot.conversion->rev = rev;  // an edit's too
        slot.document = domain::Encode(*slot.conversion);
    }
}

// The documents are lent to the store and taken back: a copy of each is what they cost otherwise.
Result<std::vector<store::WriteResult>> Batch::Commit(std::vector<Slot*>& written) {
    std::vector<store::Write> writes;
    writes.reserve(slots_.size());
    written.reserve(slots_.size());
    for (auto& slot : slots_) {
        if (!slot.changed || slot.failed) continue;
        writes.push_back({std::move(slot.ref), std::move(slot.found), std::move(slot.document)});
        written.push_back(&slot);
    }
    if (writes.empty()) return std::vector<store::WriteResult>();
    auto results = engine_.Commit(writes);
    for (size_t i = 0; i < writes.size(); ++i) {
        written[i]->ref = std::move(writes[i].ref);
        written[i]->found = std::move(writes[i].before);
        written[i]->document = std::move(writes[i].after);
    }
    return results;
}

// Has the next round decide these entries again, on the document that is stored by then.
void Batch::Reopen(const Slot& slot) {
    for (size_t i : slot.entries) entries_[i].Reopen();
}

void Batch::FailAll(const Slot& slot) {
    BARRACUDA_CHECK(!slot.error.message.empty());
    for (size_t i : slot.entries) entries_[i].Fail(slot.error);
}

void Batch::Doubt(const Slot& slot) const {
    if (hooks_.unsure && !slot.found) hooks_.unsure(slot.ref);
}

void Batch::Heed(Slot& slot, const store::WriteResult& result) {
    if (result == store::WriteState::kApplied) return;
    if (result == store::WriteState::kLost) return Reopen(slot);
    if (result == store::WriteState::kFailed) {
        Doubt(slot);
        slot.error = {ErrorCode::kUnavailable, "the store did not confirm this, try again", {}};
        slot.error.cause = result.why;
        return FailAll(slot);
    }
    for (size_t i : slot.entries) {
        Entry& entry = entries_[i];
        if (CommandWork* work = entry.command()) {
            work->answer = Fail(ErrorCode::kConflict, "a unique value is taken");
        } else {
            entry.edit().answer = EditState::kRefused;
        }
    }
}

void Batch::Remember(const Slot& slot, store::WriteState state) {
    if (!recent_ || slot.ref.collection != store::Collection::kConversions) return;
    const bool stored = state == store::WriteState::kApplied && slot.document && slot.conversion;
    if (stored) {
        recent_->Note(slot.ref, *slot.document, slot.conversion->due.has_value());
    } else {
        recent_->Forget(slot.ref);
    }
}

void Batch::FailOpen(const Error& error) {
    for (auto& entry : entries_) {
        if (entry.open()) entry.Fail(error);
    }
}

void Batch::Run(const std::function<void(uint64_t lost)>& settled) {
    for (int round = 0; round < options_.rounds_max; ++round) {
        Gather();
        if (slots_.empty()) return;  // every entry has its answer
        if (recent_ && round == 0) GuessAll();
        const bool guessed = slots_.front().guessed;
        if (auto loaded = guessed ? true : Load(); !loaded) {
            FailOpen(loaded.error());
            break;
        }
        for (auto& slot : slots_) Decide(slot);
        std::vector<Slot*> written;
        auto states = Commit(written);
        if (!states) {
            // Nothing of this round may be answered as stored.
            for (const auto& slot : slots_) {
                if (slot.changed) Doubt(slot);
                Reopen(slot);
                Remember(slot, store::WriteState::kFailed);
            }
            FailOpen(states.error());
            break;
        }
        BARRACUDA_CHECK(states->size() == written.size());
        uint64_t lost = 0;
        for (size_t i = 0; i < written.size(); ++i) {
            Heed(*written[i], (*states)[i]);
            Remember(*written[i], (*states)[i]);
            lost += (*states)[i] == store::WriteState::kLost;
        }
        settled(lost);
    }
    FailOpen({ErrorCode::kUnavailable, "the document changes too fast, try again", {}});
    settled(0);
}

}  // namespace barracuda::ledger

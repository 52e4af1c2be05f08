#include "ledger/batch.h"

#include <unordered_map>

namespace barracuda::ledger {

void Ledger::Batch::Gather() {
    std::unordered_map<std::string, size_t> by_key;
    by_key.reserve(entries_.size());
    slots_.clear();
    for (size_t i = 0; i < entries_.size(); ++i) {
        if (!entries_[i].open()) continue;
        std::string key = static_cast<char>(entries_[i].ref.collection) + entries_[i].ref.key;
        auto [at, fresh] = by_key.try_emplace(std::move(key), slots_.size());
        if (fresh) slots_.emplace_back().ref = entries_[i].ref;
        slots_[at->second].entries.push_back(i);
    }
}

Result<bool> Ledger::Batch::Load() {
    std::vector<store::Ref> refs;
    refs.reserve(slots_.size());
    for (const auto& slot : slots_) refs.push_back(slot.ref);
    auto loaded = engine_.Load(refs);
    if (!loaded) return Fail(loaded.error());
    for (size_t i = 0; i < slots_.size(); ++i) {
        Slot& slot = slots_[i];
        slot.loaded = std::move((*loaded)[i]);
        slot.document = slot.loaded;
        if (slot.ref.collection != store::Collection::kConversions || !slot.loaded) continue;
        auto conversion = domain::DecodeConversion(*slot.loaded);
        if (conversion) {
            slot.conversion = std::move(*conversion);
        } else {
            slot.failed = true;
            slot.error = conversion.error();
        }
    }
    return true;
}

// A conversion is edited only to erase a person from it; commands of the same batch and edits see
// each other's effects.
EditState Ledger::Batch::Edit(Slot& slot, const EditFunction& edit) {
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
    if (edited) slot.conversion = std::move(*edited);
    return EditState::kWritten;
}

std::optional<Error> Ledger::Batch::Refused(const domain::Command& command) const {
    const auto* report = std::get_if<domain::Report>(&command);
    return report && hooks_.refuse ? hooks_.refuse(*report) : std::nullopt;
}

// All commands of one document in order; later ones see the effects of earlier ones.
void Ledger::Batch::Decide(Slot& slot) {
    int64_t rev = slot.conversion ? slot.conversion->rev : 0;
    bool absent = !slot.conversion;
    for (size_t i : slot.entries) {
        Entry& entry = entries_[i];
        if (slot.failed) {
            entry.decision = Fail(slot.error);
            continue;
        }
        if (!entry.command) {
            entry.edit_state = Edit(slot, entry.edit);
            continue;
        }
        if (auto refused = Refused(*entry.command)) {
            entry.decision = Fail(std::move(*refused));
            continue;
        }
        auto decision = domain::Decide(slot.conversion, *entry.command, now_, node_);
        if (decision.changed) {
            slot.conversion = decision.document;
            slot.changed = true;
        }
        entry.decision = std::move(decision);
    }
    if (slot.changed && slot.conversion) {
        slot.conversion->rev = absent ? 1 : rev + 1;  // one write, one revision
        slot.document = domain::Encode(*slot.conversion);
    }
}

Result<std::vector<store::WriteState>> Ledger::Batch::Commit(std::vector<Slot*>& written) {
    std::vector<store::Write> writes;
    for (auto& slot : slots_) {
        if (!slot.changed || slot.failed) continue;
        writes.push_back({slot.ref, slot.loaded, slot.document});
        written.push_back(&slot);
    }
    if (writes.empty()) return std::vector<store::WriteState>();
    return engine_.Commit(writes);
}

void Ledger::Batch::Settle(Slot& slot, store::WriteState state) {
    if (state == store::WriteState::kApplied) return;
    for (size_t i : slot.entries) {
        Entry& entry = entries_[i];
        if (state == store::WriteState::kLost) {
            entry.decision.reset();
            entry.edit_state.reset();
        } else if (state == store::WriteState::kFailed) {
            Error error{ErrorCode::kUnavailable, "the store did not confirm this, try again", {}};
            if (entry.command) entry.decision = Fail(error);
            if (!entry.command) entry.edit_state = Fail(error);
        } else if (entry.command) {
            entry.decision = Fail(ErrorCode::kConflict, "a unique value is taken");
        } else {
            entry.edit_state = EditState::kRefused;
        }
    }
}

void Ledger::Batch::FailOpen(const Error& error) {
    for (auto& entry : entries_) {
        if (!entry.open()) continue;
        if (entry.command) {
            entry.decision = Fail(error);
        } else {
            entry.edit_state = Fail(error);
        }
    }
}

uint64_t Ledger::Batch::Run() {
    uint64_t lost = 0;
    for (int round = 0; round < options_.rounds_max; ++round) {
        Gather();
        if (slots_.empty()) return lost;
        auto loaded = Load();
        if (!loaded) {
            FailOpen(loaded.error());
            return lost;
        }
        for (auto& slot : slots_) Decide(slot);
        std::vector<Slot*> written;
        auto states = Commit(written);
        if (!states) {
            // Nothing of this round may be answered as stored.
            for (auto& slot : slots_) {
                for (size_t i : slot.entries) {
                    entries_[i].decision.reset();
                    entries_[i].edit_state.reset();
                }
            }
            FailOpen(states.error());
            return lost;
        }
        for (size_t i = 0; i < written.size(); ++i) {
            Settle(*written[i], (*states)[i]);
            lost += (*states)[i] == store::WriteState::kLost;
        }
    }
    FailOpen({ErrorCode::kUnavailable, "the document changes too fast, try again", {}});
    return lost;
}

}  // namespace barracuda::ledger

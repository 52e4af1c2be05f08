// The oracle: what the clients of a run were told, what the network received, and what the store
// said was durable, held against each other at every step. It stands outside of the program and
// believes nothing that the program holds in memory.
//
//     oracle.Applied(changes)   a batch is durable, by the store's word
//     oracle.Survived(batches)  a crash left these: all that was told must be in them
//     oracle.Told(decision)     a client was answered
//     oracle.Begins(…)          the first byte of an attempt goes out
//
// The first broken promise is kept in `broken`; the run ends there. Threads: one.
#pragma once

#include <map>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "domain/contact.h"
#include "domain/decide.h"
#include "store/kv.h"
#include "trace.h"

namespace barracuda::sim {

using Record = std::vector<store::KvChange>;

// One life of a node, as the oracle knows it.
struct Life : Process {
    std::set<std::string> ids;    // its boot ids, one a birth
    bool ending = false;          // it was told to begin nothing more
    std::set<std::string> stops;  // networks that it said it has stopped
    size_t calls = 0;             // of deliveries at the public API, under way
};

class Oracle {
public:
    explicit Oracle(Trace& trace) : trace_(trace) {}

    void Applied(std::span<const store::KvChange> changes);
    void Survived(const std::vector<Record>& records);
    // A command of a client was answered; `report`: it was one.
    void Told(const domain::ConversionKey& key, const domain::Decision& decision, bool report);
    void ToldContact(const domain::Contact& contact);
    void Begins(const Life& life, const std::string& delivery_id, size_t calls_max);
    // The network has handled it, and said yes or no.
    void Handled(const std::string& delivery_id, bool taken);
    // A life of a node has the network's yes in hand.
    void Heard(const Life& life, const std::string& delivery_id);
    // It ended, or others may take its work: what it had in hand may be sent again.
    void Gone(const Life& life);

    // When nothing moves any more: every delivery arrived, or was cancelled.
    void AllDelivered();
    void Break(std::string what);

    const std::map<std::string, domain::Conversion>& conversions() const { return conversions_; }
    const std::map<std::string, domain::Contact>& contacts() const { return contacts_; }
    bool IsDeclaredDead(const Life& life) const;
    // Its flow ends when somebody sends its registration again.
    bool WaitsForOperator(const domain::Contact& contact) const;
    bool stopped() const { return stopped_; }  // the network, by the store
    std::string broken;
    // Of every seed, so that one that does nothing is seen.
    struct Counts {
        uint64_t applied = 0, told = 0, attempts = 0, handled = 0, crashes = 0;
    } counts;

private:
    void ApplyOne(const store::KvChange& change);
    void Conversion(const std::string& key, const domain::Conversion& next);
    void Contact(const std::string& key, const domain::Contact& next);
    void Deliveries(const domain::Conversion& before, const domain::Conversion& after);
    void HoldAgainst(const domain::Conversion& told, const std::string& when);

    Trace& trace_;
    std::map<std::string, domain::Conversion> conversions_;  // by document key; durable
    std::map<std::string, domain::Contact> contacts_;
    std::map<std::string, std::string> emails_;       // key to contact
    std::map<std::string, std::string> dead_;         // boot ids that were declared dead, by whom
    std::map<std::string, std::string> deliveries_;   // id to document key
    std::map<std::string, domain::Conversion> told_;  // the youngest that a client was told of
    std::map<std::string, domain::Contact> told_contacts_;
    std::map<std::string, int> recorded_;       // by key: how often a client was told so
    std::map<std::string, int> taken_;          // by delivery: how often the network said yes
    std::map<std::string, const Life*> heard_;  // by delivery: who has its yes
    bool stopped_ = false;                      // the network, by the store
};

}  // namespace barracuda::sim

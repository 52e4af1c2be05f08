// What became of the deliveries that a replay job woke: counted in the documents, where each
// delivery names the job that woke it last. So no crash, no restart and no other node can make the
// numbers wrong; what somebody else woke again or cancelled since is in none of them.
//
//     OutcomeCount count(job.id, job.created);
//     while (auto whole = count.Step(engine)) { if (*whole) return count.outcomes(); }
//
// It reads what has changed since the job was made, in the order of changes. What changes meanwhile
// moves to the end of that order and is met there again: its last reading counts.
//
// Threads: one at a time; Step blocks its thread on the store.
#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>

#include "base/result.h"
#include "base/time.h"
#include "domain/conversion.h"
#include "store/engine.h"

namespace barracuda::delivery {

struct Outcomes {
    int64_t accepted = 0;    // by the network, or marked as done
    int64_t waiting = 0;     // for their next attempt
    int64_t dead_again = 0;  // given up since
    bool operator==(const Outcomes&) const = default;
};

class OutcomeCount {
public:
    OutcomeCount(std::string job, Time since);

    // One page; true: the last one.
    Result<bool> Step(store::Engine& engine);
    size_t looked() const { return looked_; }  // documents
    Outcomes outcomes() const { return outcomes_; }

private:
    // Of one conversion, which has at most kDeliveriesMost deliveries.
    struct Part {
        uint8_t accepted = 0, waiting = 0, dead_again = 0;
        bool empty() const { return accepted + waiting + dead_again == 0; }
    };
    Part PartOf(const domain::Conversion& conversion) const;
    void Add(const Part& part, int64_t times);

    std::string job_;
    store::ScanRequest request_;
    std::unordered_map<std::string, Part> parts_;  // by the bytes of the conversion's id
    Outcomes outcomes_;
    size_t looked_ = 0;
};

}  // namespace barracuda::delivery

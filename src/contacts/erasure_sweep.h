// The rest of an erasure, behind its answer: what the two logs keep of the person's clicks, and
// what the store's own files keep of the documents as they were.
//
// An erasure leaves a mark in the settings, `erasing:ID`, which names clicks and no person. Every
// node sweeps by every mark it finds, as each has logs of its own: at once, again when every
// attempt that was under way has ended, and once more after a restart, until the mark is a day old
// and goes. What is new goes in one sweep, as each reads the logs whole. A failure is told to the
// operator and tried again with the next step.
//
// Threads: one of its own, `erasures`; Wake from any.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/fault.h"
#include "base/repeater.h"
#include "domain/contact.h"
#include "ledger/ledger.h"
#include "store/engine.h"
#include "store/log.h"

namespace barracuda::contacts {

inline constexpr const char* kErasures = "erasing:";

struct ErasureMark {
    std::string key;  // of the document, kErasures and the contact's id, or another of its kind
    std::vector<std::string> clicks;
    Time at;  // of the erasure; written anew with a later one, it is swept by anew
    std::vector<ObjectId> contacts = {};  // that it stands for as well
};
// The mark's document, and its codec (docs/formats/documents.md).
store::Ref ErasureMarkRef(const ObjectId& contact);
std::string Encode(const ErasureMark& mark);
ErasureMark DecodeErasureMark(std::string_view bson);

class ErasureSweep {
public:
    // Longer than an attempt takes (delivery.attempt_timeout is at most 9 s), and what it brings
    // has reached the log.
    static constexpr std::chrono::milliseconds kSettled{15'000};
    static constexpr std::chrono::hours kKept{24};
    static constexpr std::chrono::seconds kEvery{60};
    static constexpr size_t kAtATime = 500;  // marks in one sweep

    struct Parts {
        store::Engine& engine;
        ledger::Ledger& ledger;
        store::LogStore* logs = nullptr;  // none: both are off
        std::function<Time()> now = Time::Now;
        FaultSink& faults = NoFaults();
    };
    explicit ErasureSweep(Parts parts) : parts_(std::move(parts)) {}

    void Start();
    void Stop() { thread_.Stop(); }
    void Wake() { thread_.Wake(); }

    // One look at every mark; what Start's thread does, for tests without it.
    void Step();

private:
    Result<bool> Sweep(std::span<const ErasureMark* const> marks);
    // False: it was stopped.
    Result<bool> SweepAll(std::span<const ErasureMark* const> marks);
    void Remove(const ErasureMark& mark);
    void Failed(const Error& why);

    Parts parts_;
    std::map<std::pair<std::string, int64_t>, int> swept_;  // by mark and its time: how often
    Repeater thread_;
};

}  // namespace barracuda::contacts

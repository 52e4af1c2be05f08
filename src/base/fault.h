// FaultSink: where a part tells of a fault of ours, which no caller may see in detail: the operator
// reads one line a kind and interval with a count, and a metric counts all of them.
//
//     faults.Report(Fault::kStore, "conversions", "not authorized");
//
// `subject` names what it met (a route, a collection, a network): a short name out of a small set,
// never a caller's text. `what` is the reason in the words of whoever failed; the sink cuts it and
// takes out what looks like a person's address.
//
// Threads: Report from any, an io thread too; it never waits for whoever reads the log.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace barracuda {

enum class Fault : uint8_t {
    kAccept,      // a connection could not be taken: no descriptor left
    kRoute,       // a route threw
    kUnanswered,  // a route ended without an answer
    kAnswer,      // a request was answered 5xx, for this reason
    kStore,       // the store refused or failed
    kLedger,      // a command could not be decided or committed
    kDelivery,    // an outcome could not be recorded, a descriptor for a call was lacking
    kContacts,    // a contact's flags could not be computed
    kNodes,       // a heartbeat, a take-over
    kLog,         // a record of what came in or was sent was lost
};

inline constexpr const char* kFaultNames[] = {
    "accept",
    "route",
    "unanswered",
    "answer",
    "store",
    "ledger",
    "delivery",
    "contacts",
    "nodes",
    "log",
};
inline constexpr size_t kFaults = sizeof kFaultNames / sizeof *kFaultNames;
static_assert(static_cast<size_t>(Fault::kLog) + 1 == kFaults);

inline const char* NameOf(Fault kind) { return kFaultNames[static_cast<size_t>(kind)]; }

class FaultSink {
public:
    virtual ~FaultSink() = default;
    virtual void Report(Fault kind, std::string_view subject, std::string_view what) = 0;
};

// For the operator: an error's message, and the cause behind it.
inline std::string WithCause(const Error& error) {
    return error.cause.empty() ? error.message : error.message + ": " + error.cause;
}

// Hears and forgets: for parts made without an operator (commands, tests).
inline FaultSink& NoFaults() {
    class Nobody : public FaultSink {
        void Report(Fault, std::string_view, std::string_view) override {}
    };
    static Nobody nobody;
    return nobody;
}

}  // namespace barracuda

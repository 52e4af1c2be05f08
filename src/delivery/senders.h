// Senders: the networks as the dispatcher sees them. Destinations is the program's; tests have one
// of a single network (one_network.h).
//
// Threads: every method from any thread. `done` runs exactly once, inside net::Client::Step().
#pragma once

#include "delivery/attempt.h"
#include "delivery/network_rules.h"
#include "domain/command.h"
#include "domain/conversion.h"
#include "ledger/ledger.h"

namespace barracuda::delivery {

class Senders {
public:
    virtual ~Senders() = default;

    // Makes one attempt of `delivery` at its network. A network that is no more ends it with an
    // alarm.
    virtual void Send(
        const domain::Delivery& delivery,
        const Parameters& parameters,
        AttemptDone done,
        MaySend may_send
    ) = 0;

    // The defaults of NetworkRules for a network that is not known.
    virtual NetworkRules RulesOf(const NetworkName& network) const = 0;

    // Adds what the catalog knows of the conversion to an outcome that is about to be recorded.
    virtual void Complete(domain::Outcome& outcome, const NetworkName& network) const = 0;

    // The network answers that nothing will ever be taken there again (410): nothing more is sent
    // from here at once, and the stop is kept in the store until an operator resumes the network.
    // Must be short.
    virtual void StopGone(ledger::Ledger& ledger, const NetworkName& network) = 0;
};

}  // namespace barracuda::delivery

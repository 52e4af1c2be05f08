// File descriptors: who may have how many, so that clients never take what the store's files, the
// calls to networks and the commands need. A store that lacks one for its next file refuses writes
// until a restart.
//
//     auto plan = PlanDescriptors(RaiseDescriptorLimit(), config);
//
// Threads: one, at the start.
#pragma once

#include <cstddef>
#include <string>

#include "config/config.h"

namespace barracuda::app {

struct DescriptorPlan {
    size_t limit = 0;        // of the process
    size_t tables = 0;       // RocksOptions::tables_open_max
    size_t calls = 0;        // connections to networks at a time
    size_t connections = 0;  // of clients
    size_t refused = 0;      // of clients beyond these, while they are told so
    size_t operators = 0;    // on their own address
    size_t wanted = 0;       // the limit with which nothing is less than the settings ask

    bool enough() const { return limit >= wanted; }
    // The shortage in words, for a person; only where enough() is false.
    std::string Shortage(const config::Config& config) const;
};

// Raises the soft limit to the hard one; the limit that holds now.
size_t RaiseDescriptorLimit();

// The hard limit, to which a server would raise its own.
size_t HardDescriptorLimit();

// By shares: a limit too low for what the settings ask leaves something to everybody. Clients get
// what the others leave.
DescriptorPlan PlanDescriptors(size_t limit, const config::Config& config);

// Calls to networks that the settings ask for, under way at a time: attempts and clicks.
size_t CallsAsked(const config::Config& config);

}  // namespace barracuda::app

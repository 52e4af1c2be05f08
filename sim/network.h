// The affiliate network of a simulation, and the way there: calls that are refused, lost, answered
// late, twice, wrongly, or cut off, by its mood. It keeps what it has handled, and tells the
// oracle.
//
// Threads: the simulation's one. Replies come from timers, never inside Take.
#pragma once

#include <functional>
#include <map>
#include <string>

#include "control.h"
#include "net/client.h"
#include "oracle.h"

namespace barracuda::sim {

// Shares of the calls; the rest is handled and answered soon.
struct Mood {
    double refused = 0;     // no connection
    double lost = 0;        // never arrives, never answered
    double unanswered = 0;  // handled, and the answer never comes
    double cut = 0;         // handled, and the connection ends before the answer
    double twice = 0;       // handled twice, as a connection that was open before may do
    double late = 0;        // answered after seconds
    double waits = 0;       // for a connection, for seconds, before its first byte goes out
    double error = 0;       // 5xx, 429
    double final = 0;       // 4xx
};

class Network {
public:
    Network(Fibers& fibers, Random random, Trace& trace, Oracle& oracle, Control control);
    ~Network();
    static Network* Now() { return now_; }

    void Be(const Mood& mood) { mood_ = mood; }
    size_t calls_max = 64;  // of deliveries at the public API, of one node at a time

    // How long a call waits for a connection.
    Micros WaitOf();
    // Its first byte goes out now. `reply` may never come: the caller has a timeout.
    void Take(Life& life, const net::HttpCall& call, std::function<void(net::HttpReply)> reply);
    // It has ended, with or without an answer.
    void Ended(Life& life, const net::HttpCall& call, const net::HttpReply& reply);
    bool asks_first_byte() const { return control_ != Control::kLateFirstByte; }

private:
    net::HttpReply Handle(const net::HttpCall& call);
    net::HttpReply Trouble();
    net::HttpReply NewClick();
    net::HttpReply LookUp(const std::string& url);
    net::HttpReply Create(const std::string& body);

    static Network* now_;
    Fibers& fibers_;
    Random random_;
    Trace& trace_;
    Oracle& oracle_;
    const Control control_;
    Mood mood_;
    uint64_t clicks_ = 0;
    std::map<std::pair<std::string, std::string>, int> created_;  // by hash and goal
};

}  // namespace barracuda::sim

// Attempt: how one attempt at one delivery ended, and what is kept of its last HTTP call. What
// makes it is a Destination or IrevApi; what follows from it is the dispatcher's (retry.h,
// ending.h).
//
// Plain values. Threads: any; AttemptDone and MaySend run inside net::Client::Step().
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "delivery/retry.h"
#include "domain/conversion.h"
#include "net/client.h"

namespace barracuda::delivery {

using domain::Parameters;

// The last HTTP call of an attempt (a look-up may go before a creation, an offer has redirects).
struct CallTrace {
    static constexpr size_t kResponseBytesMax = 4 * 1024;

    std::string method{};
    std::string url{};       // secrets masked; empty: no call was made
    std::string address{};   // "203.0.113.9:443"; empty: there was no connection
    bool reused = false;     // on a connection that was open already
    std::string response{};  // at most kResponseBytesMax, valid UTF-8
    net::Timings timings{};
};

// A click that the network gave for a form (IrevApi::AcquireClick).
struct Click {
    std::string hash{};
    std::string id{};             // the network's click id, or the hash where it names none
    std::string tracking_link{};  // the offer URL that was called
    std::string clicked_url{};    // the final URL, at most 4 KiB, valid UTF-8

    bool operator==(const Click&) const = default;
};

struct Attempt {
    static constexpr size_t kResponseBytesMax = 1024;

    int status = 0;  // of the last reply; 0: none came
    bool accepted = false;
    AttemptClass cls = AttemptClass::kRetry;
    bool refused_address = false;  // the guard let nothing out
    bool own_fault = false;        // this machine could not call: nothing is said of the network
    std::string retry_after{};     // the last reply's header as sent, see ParseRetryAfter
    std::string response{};        // the last reply's body: kResponseBytesMax, valid UTF-8
    std::string error{};           // empty when accepted; holds no secret
    bool withheld = false;         // MaySend said no: this was no attempt
    std::optional<Click> click{};  // of AcquireClick, when accepted
    CallTrace call{};              // for the log of attempts
};

using AttemptDone = std::function<void(Attempt)>;
// Asked right before each request of an attempt; empty: always.
using MaySend = std::function<bool()>;

// A reply judged by its status (retry.h). `secrets` are masked in what is kept of the body.
Attempt AttemptOf(const net::HttpReply& reply, const std::vector<std::string>& secrets);
// An attempt that made no call.
Attempt FailedAttempt(AttemptClass cls, std::string error);

// Adds the reply's part to a trace; `secrets` are masked in what is kept of the body.
void NoteReply(
    CallTrace& trace, const net::HttpReply& reply, const std::vector<std::string>& secrets
);

}  // namespace barracuda::delivery

// Answers: how the answer of a call goes out. Once, whatever the route does: it is counted, told to
// the request log, kept in the received log, and its reason told to the operator where it is a
// fault of ours.
//
// Threads: any. Lives longer than everything that may hold a Call.
#pragma once

#include <atomic>
#include <functional>
#include <string>

#include "api/answer_counts.h"
#include "api/received_log.h"
#include "api/request_record.h"
#include "base/fault.h"
#include "http/server.h"

namespace barracuda::api {

struct Call;
class EventHub;

class Answers {
public:
    explicit Answers(FaultSink& faults) : faults_(faults) {}

    // Before the first call: who else hears of an answer. Null and empty: nobody.
    void Tell(ReceivedLog* received, RequestObserver observe, EventHub* events = nullptr) {
        received_ = received;
        observe_ = std::move(observe);
        events_ = events;
    }
    bool logs_received() const { return received_ != nullptr; }
    bool logs_requests() const { return static_cast<bool>(observe_); }

    // From now on nobody is to be told that a route ended without an answer: at a stop it may.
    void Stopping() { stopping_ = true; }

    // Sets call.respond; `row` is the line of the router's table. `respond` gets the answer.
    void Begin(Call& call, size_t row, const char* path, http::Respond respond);
    // The end of ~Call: a call that was never answered is, with 503.
    void End(Call& call);
    // A part of a route threw: told, and answered 503.
    void Threw(Call& call, const char* what);

    const AnswerCounts& counts() const { return counts_; }

private:
    void Give(Call& call, http::Response response);

    FaultSink& faults_;
    ReceivedLog* received_ = nullptr;
    RequestObserver observe_;
    EventHub* events_ = nullptr;
    AnswerCounts counts_;
    std::atomic<bool> stopping_ = false;
};

}  // namespace barracuda::api

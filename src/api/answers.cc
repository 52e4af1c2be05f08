#include "api/answers.h"

#include <chrono>

#include "api/event_hub.h"
#include "api/event_json.h"
#include "api/service.h"
#include "base/check.h"
#include "base/text.h"

namespace barracuda::api {

namespace {

using std::chrono::microseconds;

// 502 is a network's fault, and said in its own metrics.
bool IsOurs(int status) { return status >= 500 && status != 502; }

http::Response Unanswered(const char* message, std::string reason) {
    auto response = http::JsonError(503, message);
    response.reason = std::move(reason);
    return response;
}

}  // namespace

Call::~Call() {
    if (answers) answers->End(*this);
}

void Answers::Begin(Call& call, size_t row, const char* path, http::Respond respond) {
    BARRACUDA_CHECK(!call.answers && respond);  // a call begins once
    call.answers = this;
    call.answer = std::move(respond);
    call.row = row;
    call.path = path;
    call.begun = std::chrono::steady_clock::now();
    // Two pointers fit into the function itself, and a call outlives its answer.
    call.respond = [this, &call](http::Response response) { Give(call, std::move(response)); };
}

void Answers::End(Call& call) {
    if (call.answered || stopping_) return;
    faults_.Report(Fault::kUnanswered, call.path, "the route ended without an answer");
    call.told = true;
    Give(call, Unanswered("the request was not answered", "the route ended without an answer"));
}

void Answers::Threw(Call& call, const char* what) {
    faults_.Report(Fault::kRoute, call.path, what);
    call.told = true;
    Give(call, Unanswered("not available now, try again", what));
}

void Answers::Give(Call& call, http::Response response) {
    if (call.answered.exchange(true)) return;
    BARRACUDA_CHECK(call.answer);
    const auto spent = std::chrono::steady_clock::now() - call.begun;
    const auto took = std::chrono::duration_cast<microseconds>(spent);
    counts_.Add(call.row, response.status, took);
    if (IsOurs(response.status) && !call.told) {
        faults_.Report(Fault::kAnswer, call.path, response.reason);
    }
    if (observe_) {
        call.record.duration_us = took.count();
        call.record.status = response.status;
        call.record.bytes = response.stream ? 0 : response.body.size();
        observe_(call.record);
    }
    if (call.received.route) {
        Received done = std::move(call.received);
        call.received.route = nullptr;
        done.ignored = std::move(call.ignored);
        done.status = response.status;
        done.took_ms = took.count() / 1000;
        if (response.status >= 300) {
            done.reason = std::string(CutUtf8(response.reason, Received::kReasonBytesMax));
        }
        if (events_ && events_->Wanted()) events_->Publish(Topic::kReceived, EventJson(done));
        BARRACUDA_CHECK(received_);
        // Before the answer goes out: whoever has it finds the request in the log.
        received_->Put(std::move(done));
    }
    call.answer(std::move(response));
}

}  // namespace barracuda::api

#include "net/client.h"

#include <curl/curl.h>

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "net/socket_loop.h"
#include "net/transfer.h"

namespace barracuda::net {
namespace {

constexpr size_t kIdleHandlesMax = 64;

void InitCurlOnce() {
    static const CURLcode code = curl_global_init(CURL_GLOBAL_DEFAULT);
    BARRACUDA_CHECK(code == CURLE_OK);
}

CURLM* MakeMulti() {
    InitCurlOnce();
    CURLM* multi = curl_multi_init();
    BARRACUDA_CHECK(multi != nullptr);
    return multi;
}

}  // namespace

Client::Client(ClientOptions options)
    : options_(std::move(options)),
      guard_(std::make_shared<const AddressGuard>(
          options_.allowed, std::vector<int>(), options_.denied
      )),
      multi_(MakeMulti()),
      loop_(std::make_unique<SocketLoop>(multi_)) {
    curl_multi_setopt(multi_, CURLMOPT_MAX_HOST_CONNECTIONS, options_.connections_per_host_max);
    curl_multi_setopt(multi_, CURLMOPT_MAX_TOTAL_CONNECTIONS, options_.connections_max);
    curl_multi_setopt(multi_, CURLMOPT_MAXCONNECTS, options_.connections_max);
}

Client::~Client() {
    for (auto& [easy, transfer] : transfers_) {
        curl_multi_remove_handle(multi_, easy);
        curl_easy_cleanup(easy);
    }
    for (void* easy : idle_) curl_easy_cleanup(easy);
    loop_.reset();
    curl_multi_cleanup(multi_);
}

void Client::Start(HttpCall call, Done done) {
    ++in_flight_;
    const auto deadline = Clock::now() + call.timeout;
    {
        MutexLock lock(mutex_);
        waiting_.push_back({std::move(call), std::move(done), deadline});
    }
    loop_->Wake();
}

void Client::Post(std::function<void()> work) {
    ++in_flight_;
    {
        MutexLock lock(mutex_);
        posted_.push_back(std::move(work));
    }
    loop_->Wake();
}

void Client::Step(std::chrono::milliseconds wait) {
    if (Turn()) return;
    loop_->Run(UntilDeadline(wait));
    Turn();
}

// True if a callback ran.
bool Client::Turn() {
    bool worked = RunPosted();
    AdmitWaiting();
    loop_->RunDue();
    worked |= ReapFinished();
    worked |= ExpireOverdue();
    return worked;
}

bool Client::RunPosted() {
    std::vector<std::function<void()>> posted;
    {
        MutexLock lock(mutex_);
        posted.swap(posted_);
    }
    for (auto& work : posted) {
        work();
        --in_flight_;
    }
    return !posted.empty();
}

void Client::AdmitWaiting() {
    std::vector<Waiting> waiting;
    {
        MutexLock lock(mutex_);
        waiting.swap(waiting_);
    }
    for (auto& one : waiting) Admit(std::move(one));
}

void Client::Admit(Waiting waiting) {
    std::string problem = ProblemOf(waiting.call);
    if (!problem.empty()) {
        waiting.done(HttpReply{.error = std::move(problem)});
        --in_flight_;
        return;
    }
    CURL* easy = nullptr;
    if (idle_.empty()) {
        easy = curl_easy_init();
        BARRACUDA_CHECK(easy != nullptr);
    } else {
        easy = idle_.back();
        idle_.pop_back();
    }
    const auto started = waiting.deadline - waiting.call.timeout;
    auto guard = waiting.call.guard ? waiting.call.guard : guard_;
    auto transfer = std::make_unique<Transfer>(
        std::move(waiting.call), std::move(waiting.done), std::move(guard), easy, started
    );
    deadlines_.emplace(transfer->deadline(), easy);
    transfers_.emplace(easy, std::move(transfer));
    BARRACUDA_CHECK(curl_multi_add_handle(multi_, easy) == CURLM_OK);
}

bool Client::ReapFinished() {
    bool worked = false;
    int left = 0;
    while (const CURLMsg* message = curl_multi_info_read(multi_, &left)) {
        if (message->msg != CURLMSG_DONE) continue;
        CURL* easy = message->easy_handle;
        const CURLcode code = message->data.result;
        Transfer& transfer = *transfers_.at(easy);
        if (transfer.MayRepeat(code)) {
            curl_multi_remove_handle(multi_, easy);
            transfer.Repeat();
            BARRACUDA_CHECK(curl_multi_add_handle(multi_, easy) == CURLM_OK);
        } else {
            HttpReply reply = transfer.Conclude(code);
            if (reply.own_fault) options_.faults->Report(Fault::kDelivery, "call", reply.error);
            Finish(easy, std::move(reply));
        }
        worked = true;
    }
    return worked;
}

// Our own clock rather than CURLOPT_TIMEOUT_MS: libcurl's does not run while a call waits for one
// of its host's connections.
bool Client::ExpireOverdue() {
    bool worked = false;
    const auto now = Clock::now();
    while (!deadlines_.empty() && deadlines_.begin()->first <= now) {
        void* easy = deadlines_.begin()->second;
        Finish(easy, transfers_.at(easy)->Expire());
        worked = true;
    }
    return worked;
}

void Client::Finish(void* easy, HttpReply reply) {
    curl_multi_remove_handle(multi_, easy);
    auto node = transfers_.extract(easy);
    BARRACUDA_CHECK(!node.empty());  // a call ends once
    deadlines_.erase({node.mapped()->deadline(), easy});
    if (idle_.size() < kIdleHandlesMax) {
        curl_easy_reset(easy);
        idle_.push_back(easy);
    } else {
        curl_easy_cleanup(easy);
    }
    node.mapped()->TakeDone()(std::move(reply));
    --in_flight_;
}

std::chrono::milliseconds Client::UntilDeadline(std::chrono::milliseconds wait) const {
    if (!deadlines_.empty()) {
        const auto left = deadlines_.begin()->first - Clock::now();
        wait = std::min(wait, std::chrono::ceil<std::chrono::milliseconds>(left));
    }
    return std::max(wait, std::chrono::milliseconds(0));
}

}  // namespace barracuda::net

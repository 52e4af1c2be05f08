#include "net/client.h"

#include <curl/curl.h>
#include <fmt/format.h>
#include <sys/socket.h>

#include <algorithm>
#include <string_view>
#include <utility>

#include "base/check.h"
#include "net/socket_loop.h"
#include "net/url.h"

namespace barracuda::net {
namespace {

constexpr size_t kHeaderBytesMax = 64 * 1024;
constexpr size_t kIdleHandlesMax = 64;
constexpr long kIdleConnectionSeconds = 30;  // servers commonly close at 60 s or more

struct FreeList {
    void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};
using HeaderList = std::unique_ptr<curl_slist, FreeList>;

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

bool HasControlByte(std::string_view text) {
    return std::any_of(text.begin(), text.end(), [](char c) {
        return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
    });
}

// What would smuggle a second header or cut the URL short is refused before it reaches libcurl.
std::string ProblemOf(const HttpCall& call) {
    if (call.method.empty() || HasControlByte(call.method)) return "the method is not usable";
    if (HasControlByte(call.url)) return "the URL holds a control byte";
    if (std::any_of(call.headers.begin(), call.headers.end(), HasControlByte)) {
        return "a header holds a control byte";
    }
    return {};
}

HeaderList MakeHeaders(const HttpCall& call) {
    HeaderList list(curl_slist_append(nullptr, "Expect:"));  // no 100-continue round trip
    for (const auto& header : call.headers) {
        // The head stays the same node once the list is not empty.
        curl_slist_append(list.get(), header.c_str());
    }
    return list;
}

}  // namespace

struct Client::Transfer {
    HttpCall call;
    Done done;
    Clock::time_point deadline;
    std::shared_ptr<const AddressGuard> guard;
    HeaderList headers;
    HttpReply reply;
    size_t header_bytes = 0;
    bool headers_ended = false;  // by an empty line, not by the connection's end
    bool sent = false;
    Clock::time_point started, admitted;
    std::string_view refusal;  // the guard's, when it refused

    bool Refuse(std::string_view why) {
        if (why.empty()) return false;
        refusal = why;
        return reply.refused_address = true;
    }

    // libcurl sends a request again by itself, up to five times, when a reused connection closes
    // before the first byte of an answer. One attempt is one request: a second one is refused here,
    // and the dispatcher's schedule decides. A connection that is reused may have been opened under
    // the guard of another network: its peer is judged again.
    static int BeforeSend(void* self, char* peer, char*, int peer_port, int) {
        auto& transfer = *static_cast<Transfer*>(self);
        if (transfer.Refuse(transfer.guard->Refusal(peer, peer_port))) return CURL_PREREQFUNC_ABORT;
        if (transfer.sent) return CURL_PREREQFUNC_ABORT;
        transfer.reply.withheld = transfer.call.may_send && !transfer.call.may_send();
        if (transfer.reply.withheld) return CURL_PREREQFUNC_ABORT;
        transfer.sent = true;
        return CURL_PREREQFUNC_OK;
    }

    static curl_socket_t OpenSocket(void* self, curlsocktype purpose, curl_sockaddr* address) {
        auto& transfer = *static_cast<Transfer*>(self);
        if (purpose != CURLSOCKTYPE_IPCXN) return CURL_SOCKET_BAD;
        if (transfer.Refuse(transfer.guard->Refusal(&address->addr))) return CURL_SOCKET_BAD;
        return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
    }

    static size_t OnBody(char* data, size_t, size_t size, void* self) {
        auto& transfer = *static_cast<Transfer*>(self);
        HttpReply& reply = transfer.reply;
        const size_t room = transfer.call.response_bytes_max - reply.body.size();
        reply.body.append(data, std::min(room, size));
        if (size <= room) return size;
        reply.truncated = true;
        return 0;  // ends the transfer: an endless body must not hold a connection
    }

    static size_t OnHeader(char* data, size_t, size_t size, void* self) {
        auto& transfer = *static_cast<Transfer*>(self);
        const std::string_view line(data, size);
        if (line.starts_with("HTTP/")) transfer.headers_ended = false;  // after a 1xx, the next
        if (line == "\r\n" || line == "\n") transfer.headers_ended = true;
        transfer.header_bytes += size;
        return transfer.header_bytes <= kHeaderBytesMax ? size : 0;
    }

    void Configure(CURL* easy);
    HttpReply Conclude(CURL* easy, CURLcode code);
    std::string_view WhatFailed(CURLcode code) const;
    void Measure(CURL* easy);
};

void Client::Transfer::Configure(CURL* easy) {
    headers = MakeHeaders(call);
    curl_easy_setopt(easy, CURLOPT_URL, call.url.c_str());
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers.get());
    curl_easy_setopt(easy, CURLOPT_USERAGENT, "barracuda");
    if (call.method == "POST" || !call.body.empty()) {
        curl_easy_setopt(easy, CURLOPT_POSTFIELDS, call.body.c_str());
        curl_easy_setopt(
            easy, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(call.body.size())
        );
    }
    if (call.method == "HEAD") {
        curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
    } else {
        curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, call.method.c_str());
    }

    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(easy, CURLOPT_PROXY, "");
    curl_easy_setopt(easy, CURLOPT_DISALLOW_USERNAME_IN_URL, 1L);
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    // Without it, giving up on a slow name lookup would block Step() until the lookup ends.
    curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);
    curl_easy_setopt(easy, CURLOPT_MAXAGE_CONN, kIdleConnectionSeconds);

    curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, &Transfer::OpenSocket);
    curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, this);
    curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, &Transfer::BeforeSend);
    curl_easy_setopt(easy, CURLOPT_PREREQDATA, this);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, &Transfer::OnBody);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, this);
    curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, &Transfer::OnHeader);
    curl_easy_setopt(easy, CURLOPT_HEADERDATA, this);
}

// Also for a call that is cut off: where it hung is what an operator wants to know.
void Client::Transfer::Measure(CURL* easy) {
    using std::chrono::microseconds;
    const auto since_start = Clock::now() - started;
    reply.timings.total = std::chrono::duration_cast<microseconds>(since_start);
    auto at = [easy](CURLINFO info) {
        curl_off_t us = 0;
        curl_easy_getinfo(easy, info, &us);
        return microseconds(us);
    };
    const auto dns = at(CURLINFO_NAMELOOKUP_TIME_T);
    const auto connect = at(CURLINFO_CONNECT_TIME_T);
    const auto tls = at(CURLINFO_APPCONNECT_TIME_T);
    const auto first_byte = at(CURLINFO_STARTTRANSFER_TIME_T);
    long connects = 0;
    curl_easy_getinfo(easy, CURLINFO_NUM_CONNECTS, &connects);
    reply.reused = connects == 0 && sent;
    if (!reply.reused) {
        reply.timings.dns = dns;
        reply.timings.connect = std::max(connect - dns, microseconds(0));
        reply.timings.tls = std::max(tls - connect, microseconds(0));
    }
    // libcurl counts from when it was handed the call; before that it waited here.
    if (header_bytes > 0) {
        reply.timings.first_byte =
            first_byte + std::chrono::duration_cast<microseconds>(admitted - started);
    }
    char* ip = nullptr;
    long port = 0;
    curl_easy_getinfo(easy, CURLINFO_PRIMARY_IP, &ip);
    curl_easy_getinfo(easy, CURLINFO_PRIMARY_PORT, &port);
    if (ip != nullptr && *ip != '\0' && port > 0) {
        const bool v6 = std::string_view(ip).find(':') != std::string_view::npos;
        reply.address = v6 ? fmt::format("[{}]:{}", ip, port) : fmt::format("{}:{}", ip, port);
    }
}

// For an operator: libcurl's words where they say what happened, ours where they do not.
std::string_view Client::Transfer::WhatFailed(CURLcode code) const {
    if (header_bytes > kHeaderBytesMax) return "the reply's headers are too long";
    if (reply.refused_address) return refusal;
    if (reply.withheld) return "not sent: the right to send was lost";
    switch (code) {
        case CURLE_OK:
        case CURLE_PARTIAL_FILE:
            return "the connection ended in the middle of the reply";
        case CURLE_GOT_NOTHING:
        case CURLE_ABORTED_BY_CALLBACK:  // BeforeSend: it would have been sent again
            return "the connection ended before a reply came";
        case CURLE_RECV_ERROR:
            return "the connection broke before the reply's end";
        case CURLE_UNSUPPORTED_PROTOCOL:
            return sent ? "the reply is no HTTP" : "the address is neither http nor https";
        case CURLE_WEIRD_SERVER_REPLY:
            return "the reply is no HTTP";
        case CURLE_PEER_FAILED_VERIFICATION:
            return "its certificate is not trusted, or is another host's";
        case CURLE_SSL_CONNECT_ERROR:
            return "TLS could not be agreed on";
        default:
            return curl_easy_strerror(code);
    }
}

HttpReply Client::Transfer::Conclude(CURL* easy, CURLcode code) {
    Measure(easy);
    const bool cut_by_us = code == CURLE_WRITE_ERROR && reply.truncated;
    // libcurl takes a header that the connection's end cuts off for a whole one.
    if ((code != CURLE_OK && !cut_by_us) || !headers_ended) {
        reply.error = WhatFailed(code);
        reply.timed_out = code == CURLE_OPERATION_TIMEDOUT;
        return std::move(reply);
    }
    long status = 0;
    curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
    reply.status = static_cast<int>(status);
    reply.refused_address = false;  // one of several addresses was refused, another answered
    curl_header* location = nullptr;
    if (curl_easy_header(easy, "Location", 0, CURLH_HEADER, -1, &location) == CURLHE_OK) {
        if (auto url = ResolveUrl(call.url, location->value)) reply.location = *url;
    }
    curl_header* retry_after = nullptr;
    if (curl_easy_header(easy, "Retry-After", 0, CURLH_HEADER, -1, &retry_after) == CURLHE_OK) {
        reply.retry_after = retry_after->value;
    }
    return std::move(reply);
}

Client::Client(ClientOptions options)
    : options_(std::move(options)),
      guard_(std::make_shared<const AddressGuard>(options_.allowed)),
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
        std::lock_guard lock(mutex_);
        waiting_.push_back({std::move(call), std::move(done), deadline});
    }
    loop_->Wake();
}

void Client::Post(std::function<void()> work) {
    ++in_flight_;
    {
        std::lock_guard lock(mutex_);
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
        std::lock_guard lock(mutex_);
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
        std::lock_guard lock(mutex_);
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
    auto transfer = std::make_unique<Transfer>();
    transfer->call = std::move(waiting.call);
    transfer->done = std::move(waiting.done);
    transfer->deadline = waiting.deadline;
    transfer->started = waiting.deadline - transfer->call.timeout;
    transfer->admitted = Clock::now();
    transfer->guard = transfer->call.guard ? transfer->call.guard : guard_;
    transfer->Configure(easy);
    deadlines_.emplace(transfer->deadline, easy);
    transfers_.emplace(easy, std::move(transfer));
    BARRACUDA_CHECK(curl_multi_add_handle(multi_, easy) == CURLM_OK);
}

bool Client::ReapFinished() {
    bool worked = false;
    int left = 0;
    while (const CURLMsg* message = curl_multi_info_read(multi_, &left)) {
        if (message->msg != CURLMSG_DONE) continue;
        CURL* easy = message->easy_handle;
        Finish(easy, transfers_.at(easy)->Conclude(easy, message->data.result));
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
        Transfer& transfer = *transfers_.at(easy);
        transfer.Measure(easy);
        HttpReply reply{.error = "", .timed_out = true};
        reply.error = fmt::format("no reply within {} ms", transfer.call.timeout.count());
        reply.address = std::move(transfer.reply.address);
        reply.timings = transfer.reply.timings;
        Finish(easy, std::move(reply));
        worked = true;
    }
    return worked;
}

void Client::Finish(void* easy, HttpReply reply) {
    curl_multi_remove_handle(multi_, easy);
    auto node = transfers_.extract(easy);
    deadlines_.erase({node.mapped()->deadline, easy});
    if (idle_.size() < kIdleHandlesMax) {
        curl_easy_reset(easy);
        idle_.push_back(easy);
    } else {
        curl_easy_cleanup(easy);
    }
    node.mapped()->done(std::move(reply));
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

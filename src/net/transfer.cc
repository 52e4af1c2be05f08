#include "net/transfer.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "base/check.h"
#include "base/text.h"
#include "net/url.h"

namespace barracuda::net {
namespace {

constexpr size_t kHeaderBytesMax = 64 * 1024;
constexpr long kIdleConnectionSeconds = 30;  // servers commonly close at 60 s or more

// This machine lacks something, whoever is called.
bool IsOwnFault(int error) {
    return error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM ||
           error == EADDRNOTAVAIL;
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

std::string ProblemOf(const HttpCall& call) {
    if (call.method.empty() || HasControlByte(call.method)) return "the method is not usable";
    if (HasControlByte(call.url)) return "the URL holds a control byte";
    if (std::any_of(call.headers.begin(), call.headers.end(), HasControlByte)) {
        return "a header holds a control byte";
    }
    return {};
}

bool LacksDescriptors() {
    const int file = open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (file < 0) return IsOwnFault(errno);
    close(file);
    return false;
}

Transfer::Transfer(
    HttpCall call,
    Client::Done done,
    std::shared_ptr<const AddressGuard> guard,
    CURL* easy,
    Clock::time_point started
)
    : call_(std::move(call)),
      done_(std::move(done)),
      guard_(std::move(guard)),
      easy_(easy),
      headers_(MakeHeaders(call_)),
      started_(started),
      admitted_(Clock::now()) {
    BARRACUDA_CHECK(guard_ && easy_);
    Configure();
}

bool Transfer::Refuse(std::string_view why) {
    if (why.empty()) return false;
    refusal_ = why;
    return reply_.refused_address = true;
}

// libcurl sends a request again by itself, up to five times, when a reused connection closes
// before the first byte of an answer. That is refused here but for once on a new connection;
// what it would send on another reused one is MayRepeat's. A connection that is reused may have
// been opened under the guard of another network: its peer is judged again.
int Transfer::BeforeSend(void* self, char* peer, char*, int peer_port, int) {
    auto& transfer = *static_cast<Transfer*>(self);
    if (transfer.Refuse(transfer.guard_->Refusal(peer, peer_port))) return CURL_PREREQFUNC_ABORT;
    long connects = 0;
    curl_easy_getinfo(transfer.easy_, CURLINFO_NUM_CONNECTS, &connects);
    if (transfer.sent_) {
        const bool again = transfer.reused_ && !transfer.repeated_ && !transfer.call_.once;
        if (!again || connects == 0) return CURL_PREREQFUNC_ABORT;
        transfer.repeated_ = true;  // it is on a new connection already
    }
    transfer.reply_.withheld = transfer.call_.may_send && !transfer.call_.may_send();
    if (transfer.reply_.withheld) return CURL_PREREQFUNC_ABORT;
    transfer.sent_ = true;
    transfer.reused_ |= connects == 0;
    return CURL_PREREQFUNC_OK;
}

curl_socket_t Transfer::OpenSocket(void* self, curlsocktype purpose, curl_sockaddr* address) {
    auto& transfer = *static_cast<Transfer*>(self);
    if (purpose != CURLSOCKTYPE_IPCXN) return CURL_SOCKET_BAD;
    if (transfer.Refuse(transfer.guard_->Refusal(&address->addr))) return CURL_SOCKET_BAD;
    const int type = address->socktype | SOCK_CLOEXEC;
    const curl_socket_t opened = socket(address->family, type, address->protocol);
    if (opened == CURL_SOCKET_BAD) transfer.socket_error_ = errno;
    return opened;
}

size_t Transfer::OnBody(char* data, size_t, size_t size, void* self) {
    auto& transfer = *static_cast<Transfer*>(self);
    HttpReply& reply = transfer.reply_;
    BARRACUDA_CHECK(reply.body.size() <= transfer.call_.response_bytes_max);
    const size_t room = transfer.call_.response_bytes_max - reply.body.size();
    reply.body.append(data, std::min(room, size));
    if (size <= room) return size;
    reply.truncated = true;
    return 0;  // ends the transfer: an endless body must not hold a connection
}

size_t Transfer::OnHeader(char* data, size_t, size_t size, void* self) {
    auto& transfer = *static_cast<Transfer*>(self);
    const std::string_view line(data, size);
    if (line.starts_with("HTTP/")) transfer.headers_ended_ = false;  // after a 1xx, the next
    if (line == "\r\n" || line == "\n") transfer.headers_ended_ = true;
    transfer.header_bytes_ += size;
    return transfer.header_bytes_ <= kHeaderBytesMax ? size : 0;
}

void Transfer::Configure() {
    curl_easy_setopt(easy_, CURLOPT_URL, call_.url.c_str());
    curl_easy_setopt(easy_, CURLOPT_HTTPHEADER, headers_.get());
    curl_easy_setopt(easy_, CURLOPT_USERAGENT, "barracuda");
    if (call_.method == "POST" || !call_.body.empty()) {
        curl_easy_setopt(easy_, CURLOPT_POSTFIELDS, call_.body.c_str());
        curl_easy_setopt(
            easy_, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(call_.body.size())
        );
    }
    if (call_.method == "HEAD") {
        curl_easy_setopt(easy_, CURLOPT_NOBODY, 1L);
    } else {
        curl_easy_setopt(easy_, CURLOPT_CUSTOMREQUEST, call_.method.c_str());
    }

    curl_easy_setopt(easy_, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(easy_, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(easy_, CURLOPT_PROXY, "");
    curl_easy_setopt(easy_, CURLOPT_DISALLOW_USERNAME_IN_URL, 1L);
    curl_easy_setopt(easy_, CURLOPT_NOSIGNAL, 1L);
    // Without it, giving up on a slow name lookup would block Step() until the lookup ends.
    curl_easy_setopt(easy_, CURLOPT_QUICK_EXIT, 1L);
    curl_easy_setopt(easy_, CURLOPT_MAXAGE_CONN, kIdleConnectionSeconds);

    curl_easy_setopt(easy_, CURLOPT_OPENSOCKETFUNCTION, &Transfer::OpenSocket);
    curl_easy_setopt(easy_, CURLOPT_OPENSOCKETDATA, this);
    curl_easy_setopt(easy_, CURLOPT_PREREQFUNCTION, &Transfer::BeforeSend);
    curl_easy_setopt(easy_, CURLOPT_PREREQDATA, this);
    curl_easy_setopt(easy_, CURLOPT_WRITEFUNCTION, &Transfer::OnBody);
    curl_easy_setopt(easy_, CURLOPT_WRITEDATA, this);
    curl_easy_setopt(easy_, CURLOPT_HEADERFUNCTION, &Transfer::OnHeader);
    curl_easy_setopt(easy_, CURLOPT_HEADERDATA, this);
}

// The connection was open already and ended before any byte of a reply came: the peer had most
// likely closed it before it saw the request, and the delivery's id tells if it had not.
bool Transfer::MayRepeat(CURLcode code) const {
    const bool ended = code == CURLE_GOT_NOTHING || code == CURLE_SEND_ERROR ||
                       code == CURLE_RECV_ERROR || code == CURLE_ABORTED_BY_CALLBACK;
    return ended && sent_ && reused_ && !repeated_ && !call_.once && header_bytes_ == 0 &&
           !reply_.refused_address && !reply_.withheld;
}

void Transfer::Repeat() {
    repeated_ = true;
    sent_ = false;
    reply_ = {};
    curl_easy_setopt(easy_, CURLOPT_FRESH_CONNECT, 1L);
}

bool Transfer::OwnFault(CURLcode code) const {
    if (code == CURLE_OK || sent_) return false;
    if (code == CURLE_OUT_OF_MEMORY || IsOwnFault(socket_error_)) return true;
    long error = 0;
    curl_easy_getinfo(easy_, CURLINFO_OS_ERRNO, &error);
    const bool connecting = code == CURLE_COULDNT_CONNECT;
    return (connecting && IsOwnFault(static_cast<int>(error))) || LacksDescriptors();
}

// Also for a call that is cut off: where it hung is what an operator wants to know.
void Transfer::Measure() {
    using std::chrono::microseconds;
    const auto since_start = Clock::now() - started_;
    reply_.timings.total = std::chrono::duration_cast<microseconds>(since_start);
    auto at = [this](CURLINFO info) {
        curl_off_t us = 0;
        curl_easy_getinfo(easy_, info, &us);
        return microseconds(us);
    };
    const auto dns = at(CURLINFO_NAMELOOKUP_TIME_T);
    const auto connect = at(CURLINFO_CONNECT_TIME_T);
    const auto tls = at(CURLINFO_APPCONNECT_TIME_T);
    const auto first_byte = at(CURLINFO_STARTTRANSFER_TIME_T);
    reply_.reused = reused_;
    if (!reused_ || repeated_) {
        reply_.timings.dns = dns;
        reply_.timings.connect = std::max(connect - dns, microseconds(0));
        reply_.timings.tls = std::max(tls - connect, microseconds(0));
    }
    // libcurl counts from when it was handed the call; before that it waited here.
    if (header_bytes_ > 0) {
        reply_.timings.first_byte =
            first_byte + std::chrono::duration_cast<microseconds>(admitted_ - started_);
    }
    char* ip = nullptr;
    long port = 0;
    curl_easy_getinfo(easy_, CURLINFO_PRIMARY_IP, &ip);
    curl_easy_getinfo(easy_, CURLINFO_PRIMARY_PORT, &port);
    if (ip != nullptr && *ip != '\0' && port > 0) {
        const bool v6 = std::string_view(ip).find(':') != std::string_view::npos;
        reply_.address = v6 ? fmt::format("[{}]:{}", ip, port) : fmt::format("{}:{}", ip, port);
    }
}

// For an operator: libcurl's words where they say what happened, ours where they do not.
std::string_view Transfer::WhatFailed(CURLcode code) const {
    if (header_bytes_ > kHeaderBytesMax) return "the reply's headers are too long";
    if (reply_.refused_address) return refusal_;
    if (reply_.withheld) return "not sent: the right to send was lost";
    if (reply_.own_fault) return "not sent: this machine has no descriptor or port left";
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
            return sent_ ? "the reply is no HTTP" : "the address is neither http nor https";
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

HttpReply Transfer::Conclude(CURLcode code) {
    Measure();
    const bool cut_by_us = code == CURLE_WRITE_ERROR && reply_.truncated;
    // libcurl takes a header that the connection's end cuts off for a whole one.
    if ((code != CURLE_OK && !cut_by_us) || !headers_ended_) {
        reply_.own_fault = OwnFault(code);
        reply_.error = WhatFailed(code);
        reply_.timed_out = code == CURLE_OPERATION_TIMEDOUT;
        return std::move(reply_);
    }
    long status = 0;
    curl_easy_getinfo(easy_, CURLINFO_RESPONSE_CODE, &status);
    reply_.status = static_cast<int>(status);
    reply_.refused_address = false;  // one of several addresses was refused, another answered
    curl_header* location = nullptr;
    if (curl_easy_header(easy_, "Location", 0, CURLH_HEADER, -1, &location) == CURLHE_OK) {
        if (auto url = ResolveUrl(call_.url, location->value)) reply_.location = *url;
    }
    curl_header* retry_after = nullptr;
    if (curl_easy_header(easy_, "Retry-After", 0, CURLH_HEADER, -1, &retry_after) == CURLHE_OK) {
        reply_.retry_after = retry_after->value;
    }
    return std::move(reply_);
}

HttpReply Transfer::Expire() {
    Measure();
    HttpReply reply;
    reply.error = fmt::format("no reply within {} ms", call_.timeout.count());
    reply.timed_out = true;
    reply.own_fault = !sent_ && LacksDescriptors();
    reply.address = std::move(reply_.address);
    reply.timings = reply_.timings;
    reply.reused = reply_.reused;
    return reply;
}

}  // namespace barracuda::net

// Transfer: one call over libcurl, from its options to the reply. Internal to client.cc.
//
// Threads: the one that steps the client.
#pragma once

#include <curl/curl.h>

#include <chrono>
#include <memory>
#include <string_view>

#include "net/client.h"

namespace barracuda::net {

struct FreeHeaders {
    void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};
using HeaderList = std::unique_ptr<curl_slist, FreeHeaders>;

// Why a call cannot be made as it is; empty: it can. A control byte would smuggle a second header
// or cut the URL short.
std::string ProblemOf(const HttpCall& call);
// Whether a look-up, or the file of trusted certificates, fails for want of descriptors, which
// libcurl does not say.
bool LacksDescriptors();

class Transfer {
public:
    using Clock = std::chrono::steady_clock;

    // `easy` is the caller's, fresh or reset; it keeps pointers into this object. `started`: when
    // the call was handed over, which its timings count from.
    Transfer(
        HttpCall call,
        Client::Done done,
        std::shared_ptr<const AddressGuard> guard,
        CURL* easy,
        Clock::time_point started
    );
    Transfer(const Transfer&) = delete;
    Transfer& operator=(const Transfer&) = delete;

    const HttpCall& call() const { return call_; }
    Clock::time_point deadline() const { return started_ + call_.timeout; }
    Client::Done TakeDone() { return std::move(done_); }

    // Whether a call that ended so is made once more on a new connection; then Repeat prepares it.
    bool MayRepeat(CURLcode code) const;
    void Repeat();
    // The reply of a call that ended.
    HttpReply Conclude(CURLcode code);
    // The reply of a call that is cut off at its deadline.
    HttpReply Expire();

private:
    bool Refuse(std::string_view why);
    static int BeforeSend(void* self, char* peer, char*, int peer_port, int);
    static curl_socket_t OpenSocket(void* self, curlsocktype purpose, curl_sockaddr* address);
    static size_t OnBody(char* data, size_t, size_t size, void* self);
    static size_t OnHeader(char* data, size_t, size_t size, void* self);
    void Configure();
    bool OwnFault(CURLcode code) const;
    std::string_view WhatFailed(CURLcode code) const;
    void Measure();

    const HttpCall call_;
    Client::Done done_;
    const std::shared_ptr<const AddressGuard> guard_;
    CURL* const easy_;
    const HeaderList headers_;
    const Clock::time_point started_, admitted_;
    HttpReply reply_;
    size_t header_bytes_ = 0;
    bool headers_ended_ = false;  // by an empty line, not by the connection's end
    bool sent_ = false;
    bool reused_ = false;    // the connection it was sent on first had been open
    bool repeated_ = false;  // on a new one
    int socket_error_ = 0;
    std::string_view refusal_;  // the guard's, when it refused
};

}  // namespace barracuda::net

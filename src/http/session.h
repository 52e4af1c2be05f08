// Session: one connection, a state machine stepped by its reads, writes, answers and deadlines.
// Internal to http; runs on its IoThread alone, to which its handles (handles.h) bring calls.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "http/io_thread.h"
#include "http/parser.h"

namespace barracuda::http {

class Session : public std::enable_shared_from_this<Session> {
public:
    Session(std::shared_ptr<IoThread> thread, Tcp::socket socket, std::string peer);

    // `refused`: over connections_max, answers 503 to what is not always answered, and closes.
    void Start(IoThread::Sessions::iterator place, bool refused);
    void CheckDeadline(Clock::time_point now);  // answers 408, or closes, where it has passed
    // Between requests, with none in the socket: closes once drain_grace has passed.
    void EndIdle();
    void Close();  // at once; ends the session

    // The outcome of a handler, or of a stream; on this session's thread, once each.
    void OnAnswer(Response response);
    void OnPiece(std::optional<std::string> piece, bool dropped);
    IoThread& thread() { return *thread_; }

private:
    enum class Phase {
        kIdle,     // between requests
        kHeader,   // some bytes of a request came
        kBody,     // its header is whole
        kHandler,  // waits for OnAnswer
        kWrite,    // out_ goes to the socket
        kStream,   // waits for OnPiece
        kLinger,   // all said; waits for the peer to close, so that it reads our last bytes
        kClosed,
    };

    void Process();
    bool Step();
    bool ReadRequest();
    bool HandleRequest();
    bool BeginBody();
    const std::string& Sharer();
    bool ContinueReading();
    bool CountBody();
    void ForgetBody();
    bool SendContinue();
    bool BeginAnswer();
    bool Flush();
    bool AfterWrite();
    bool ContinueStream();
    bool FailWith(int status, const char* message);
    bool Linger();
    void StartRead();
    void OnRead(boost::system::error_code ec, size_t bytes);
    void MakeRoom();
    std::chrono::milliseconds IdlePatience() const;

    std::shared_ptr<IoThread> thread_;  // first: its io_context must outlive socket_
    Tcp::socket socket_;
    std::string peer_;
    std::optional<std::string> sharer_;
    IoThread::Sessions::iterator place_;
    RequestParser parser_;

    Phase phase_ = Phase::kIdle;
    Clock::time_point deadline_ = Clock::time_point::max();
    Clock::time_point accepted_;
    size_t body_mark_ = 0;  // bytes of the body when its deadline was set
    std::vector<char> in_;  // unparsed bytes are [begin_, end_)
    size_t begin_ = 0;
    size_t end_ = 0;
    std::string out_;
    size_t written_ = 0;
    Response response_;
    std::optional<std::string> piece_;
    size_t counted_ = 0;   // in ServerState::bodies
    size_t lingered_ = 0;  // bytes thrown away while lingering

    bool stepping_ = false;  // Process is on the stack
    bool reading_ = false;   // a read is under way
    bool writing_ = false;   // a write is under way
    bool answered_ = false;  // response_ is set
    bool refused_ = false;   // a connection too many: one request, if it is always answered
    bool served_ = false;    // a request has come
    bool left_out_ = false;  // this request's body is not waited for
    bool head_request_ = false;
    bool http_1_0_ = false;
    bool keep_alive_ = true;
    bool continued_ = false;  // 100 Continue was sent or is not wanted
    bool streaming_ = false;  // pieces follow
    bool piece_asked_ = false;
    bool piece_ready_ = false;
};

}  // namespace barracuda::http

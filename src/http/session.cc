#include "http/session.h"

#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <boost/asio/write.hpp>
#include <charconv>
#include <cstring>

#include "base/check.h"
#include "http/handles.h"

namespace barracuda::http {

namespace asio = boost::asio;
using boost::system::error_code;

namespace {

constexpr size_t kReadSmall = 4 * 1024;
constexpr size_t kReadLarge = 64 * 1024;
constexpr unsigned kStepsMax = 192;    // then other connections have their turn
constexpr size_t kKeepMax = 8 * 1024;  // larger buffers are given back after a request
constexpr std::chrono::milliseconds kRefusedPatience{250};  // for a connection too many to ask
constexpr size_t kLingerMax = 4 * 1024 * 1024;  // bytes read and thrown away for a peer's sake

static_assert(kReadSmall <= kReadLarge);
static_assert(kReadSmall <= kKeepMax);  // else a buffer of the usual size would be given back

ParserLimits LimitsOf(const ServerOptions& options) {
    return {
        .header_bytes_max = options.header_bytes_max,
        .headers_max = options.headers_max,
        .request_line_bytes_max = options.request_line_bytes_max,
        .body_bytes_max = options.body_bytes_max,
    };
}

bool WouldBlock(error_code ec) {
    return ec == asio::error::would_block || ec == asio::error::try_again;
}

}  // namespace

Session::Session(std::shared_ptr<IoThread> thread, Tcp::socket socket, std::string peer)
    : thread_(std::move(thread)),
      socket_(std::move(socket)),
      peer_(std::move(peer)),
      parser_(LimitsOf(thread_->options())) {}

void Session::Start(IoThread::Sessions::iterator place, bool refused) {
    place_ = place;
    refused_ = refused;
    accepted_ = Clock::now();
    deadline_ = accepted_ + (refused ? kRefusedPatience : IdlePatience());
    Process();
}

std::chrono::milliseconds Session::IdlePatience() const {
    const auto& options = thread_->options();
    return thread_->state().draining ? options.drain_grace : options.idle_timeout;
}

// A loop rather than calls from step to step: an answer, a written piece and the next pipelined
// request may each be ready at once, and none may deepen the stack.
void Session::Process() {
    BARRACUDA_CHECK(thread_->OnThisThread());
    if (stepping_) return;
    auto self = shared_from_this();
    stepping_ = true;
    unsigned steps = 0;
    while (Step()) {
        if (++steps < kStepsMax) continue;
        thread_->Post([self] { self->Process(); });
        break;
    }
    stepping_ = false;
}

bool Session::Step() {
    switch (phase_) {
        case Phase::kIdle:
        case Phase::kHeader:
        case Phase::kBody:
            return ReadRequest();
        case Phase::kHandler:
            return answered_ && BeginAnswer();
        case Phase::kWrite:
            return !writing_ && Flush();
        case Phase::kStream:
            return ContinueStream();
        default:
            return false;
    }
}

bool Session::ReadRequest() {
    size_t consumed = 0;
    bool any = end_ > begin_;
    auto status = parser_.Parse({in_.data() + begin_, end_ - begin_}, consumed);
    BARRACUDA_CHECK(consumed <= end_ - begin_);
    begin_ += consumed;
    if (status == RequestParser::Status::kDone) return HandleRequest();
    if (status == RequestParser::Status::kFailed) {
        return FailWith(parser_.error_status(), parser_.error_message());
    }
    if (any) return ContinueReading();
    StartRead();
    return false;
}

// Some of a request has come: sets the deadline of its part, and reads on.
bool Session::ContinueReading() {
    const auto& options = thread_->options();
    if (parser_.header_done()) {
        if (phase_ != Phase::kBody && BeginBody()) return HandleRequest();
        const size_t come = parser_.request().body.size();
        if (come >= body_mark_ + options.body_bytes_grace_min) {
            body_mark_ = come;
            deadline_ = Clock::now() + options.body_grace;
        }
        if (!CountBody()) return FailWith(503, "too much is being received");
        if (parser_.expects_continue() && !continued_ && !SendContinue()) return false;
    } else if (phase_ == Phase::kIdle) {
        phase_ = Phase::kHeader;
        if (!refused_) deadline_ = Clock::now() + options.header_timeout;
    }
    StartRead();
    return false;
}

// A header is whole and its body is not. True: the handler need not wait for it.
bool Session::BeginBody() {
    const auto& options = thread_->options();
    phase_ = Phase::kBody;
    body_mark_ = 0;
    deadline_ = Clock::now() + options.body_grace;
    parser_.request().peer_address = peer_;  // who asks may depend on it (a trusted proxy)
    left_out_ = refused_ || (options.needs_no_body && options.needs_no_body(parser_.request()));
    return left_out_;
}

const std::string& Session::Sharer() {
    if (!sharer_) sharer_ = thread_->options().sharer ? thread_->options().sharer(peer_) : peer_;
    return *sharer_;
}

// Counts what has come, and the reserve for what was announced.
bool Session::CountBody() {
    size_t bytes = parser_.request().body.capacity();
    if (bytes <= thread_->options().body_bytes_free) bytes = 0;
    if (bytes == counted_) return true;
    const size_t before = std::exchange(counted_, bytes);
    return thread_->state().bodies->Change(Sharer(), before, bytes);
}

void Session::ForgetBody() {
    if (counted_ > 0) thread_->state().bodies->Change(Sharer(), counted_, 0);
    counted_ = 0;
}

bool Session::SendContinue() {
    continued_ = true;
    if (end_ > begin_ || !parser_.request().body.empty()) return true;  // the body comes unasked
    constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
    error_code ec;
    size_t sent = socket_.write_some(asio::buffer(kContinue.data(), kContinue.size()), ec);
    if (!ec && sent == kContinue.size()) return true;
    Close();  // nothing else is queued, so 25 bytes fit unless the peer has gone
    return false;
}

bool Session::HandleRequest() {
    const auto& options = thread_->options();
    if (refused_ && !(options.always_answered && options.always_answered(parser_.request()))) {
        return FailWith(503, kTooMany);
    }
    BARRACUDA_CHECK(phase_ <= Phase::kBody && !answered_ && !writing_);  // one request at a time
    served_ = true;
    Request request = std::move(parser_.request());
    head_request_ = request.method == "HEAD";
    http_1_0_ = parser_.http_1_0();
    keep_alive_ = parser_.keep_alive() && !refused_ && !left_out_;
    request.body_left_out = std::exchange(left_out_, false);
    if (request.body_left_out) request.body.clear();
    request.peer_address = peer_;
    request.io_thread = thread_->index();
    parser_.Reset();
    phase_ = Phase::kHandler;
    deadline_ = Clock::time_point::max();  // the handler's time is the handler's to bound
    answered_ = false;
    auto answer = std::make_shared<AnswerHandle>(shared_from_this());
    Respond respond = [answer](Response response) { answer->Give(std::move(response)); };
    answer.reset();
    try {
        thread_->state().handler(std::move(request), std::move(respond));
    } catch (const std::exception& thrown) {
        options.faults->Report(Fault::kRoute, "http", thrown.what());
        respond = nullptr;  // the last copy answers 503
    }
    return true;
}

void Session::OnAnswer(Response response) {
    if (phase_ != Phase::kHandler || answered_) return;
    response_ = std::move(response);
    answered_ = true;
    Process();
}

bool Session::BeginAnswer() {
    BARRACUDA_CHECK(phase_ <= Phase::kHandler && !writing_);
    answered_ = false;
    ForgetBody();
    if (thread_->state().draining.load(std::memory_order_relaxed)) keep_alive_ = false;
    streaming_ =
        response_.stream && !head_request_ && response_.status != 204 && response_.status != 304;
    if (streaming_ && http_1_0_) keep_alive_ = false;  // its end is the connection's
    HeadForm form{
        .keep_alive = keep_alive_,
        .http_1_0 = http_1_0_,
        .head_request = head_request_,
        .date = thread_->Date(),
    };
    out_.clear();
    AppendResponse(response_, form, out_);
    if (!streaming_) response_ = Response();
    written_ = 0;
    phase_ = Phase::kWrite;
    return true;
}

bool Session::FailWith(int status, const char* message) {
    response_ = JsonError(status, message);
    keep_alive_ = false;
    head_request_ = parser_.request().method == "HEAD";
    http_1_0_ = parser_.http_1_0();
    parser_.Reset();  // gives back what came of a body
    return BeginAnswer();
}

// The first try is direct: an answer usually fits the socket's buffer and needs no completion.
bool Session::Flush() {
    BARRACUDA_CHECK(!writing_ && written_ < out_.size());
    error_code ec;
    size_t sent =
        socket_.write_some(asio::buffer(out_.data() + written_, out_.size() - written_), ec);
    if (ec && !WouldBlock(ec)) {
        Close();
        return false;
    }
    if (!ec) written_ += sent;
    BARRACUDA_CHECK(written_ <= out_.size());
    if (written_ == out_.size()) return AfterWrite();
    writing_ = true;
    deadline_ = Clock::now() + thread_->options().write_timeout;
    asio::async_write(
        socket_,
        asio::buffer(out_.data() + written_, out_.size() - written_),
        [self = shared_from_this()](error_code failed, size_t) {
            self->writing_ = false;
            if (self->phase_ != Phase::kWrite) return;
            if (failed) return self->Close();
            self->written_ = self->out_.size();
            if (self->AfterWrite()) self->Process();
        }
    );
    return false;
}

bool Session::AfterWrite() {
    BARRACUDA_CHECK(!writing_ && written_ == out_.size());
    out_.clear();
    written_ = 0;
    deadline_ = Clock::time_point::max();
    if (streaming_) {
        phase_ = Phase::kStream;
        piece_asked_ = piece_ready_ = false;
        return true;
    }
    if (out_.capacity() > kKeepMax) out_.shrink_to_fit();
    if (!keep_alive_) return Linger();
    continued_ = false;
    phase_ = Phase::kIdle;
    deadline_ = Clock::now() + IdlePatience();
    // The peer was promised a further request: with a grace it may make it.
    const bool at_once = thread_->state().draining && thread_->options().drain_grace.count() == 0;
    if (begin_ == end_ && at_once) return Linger();
    return true;
}

bool Session::ContinueStream() {
    if (!piece_asked_) {
        piece_asked_ = true;
        auto piece = std::make_shared<PieceHandle>(shared_from_this());
        NextChunk next = [piece](std::optional<std::string> data) { piece->Give(std::move(data)); };
        piece.reset();
        try {
            response_.stream(std::move(next));
        } catch (const std::exception& thrown) {
            thread_->options().faults->Report(Fault::kRoute, "http", thrown.what());
            next = nullptr;  // breaks the connection off
        }
        return phase_ == Phase::kStream;
    }
    if (!piece_ready_) return false;
    BARRACUDA_CHECK(piece_asked_);
    piece_asked_ = piece_ready_ = false;
    if (piece_ && piece_->empty()) return true;  // an empty chunk would end the body
    if (!piece_) {
        streaming_ = false;
        response_ = Response();
        if (!http_1_0_) out_ = "0\r\n\r\n";
        if (http_1_0_) return AfterWrite();
    } else if (http_1_0_) {
        out_ = std::move(*piece_);
    } else {
        char size[20];
        out_.assign(size, std::to_chars(size, size + sizeof size, piece_->size(), 16).ptr);
        out_ += "\r\n";
        out_ += *piece_;
        out_ += "\r\n";
    }
    piece_.reset();
    phase_ = Phase::kWrite;
    return true;
}

void Session::OnPiece(std::optional<std::string> piece, bool dropped) {
    if (phase_ != Phase::kStream) return;
    if (dropped) return Close();
    piece_ = std::move(piece);
    piece_ready_ = true;
    Process();
}

// Closing at once while the peer still sends would reset the connection and lose our last answer.
bool Session::Linger() {
    error_code ec;
    socket_.shutdown(Tcp::socket::shutdown_send, ec);
    phase_ = Phase::kLinger;
    deadline_ = Clock::now() + thread_->options().linger_timeout;
    begin_ = end_ = 0;
    if (ec) {
        Close();
    } else {
        StartRead();
    }
    return false;
}

void Session::MakeRoom() {
    if (begin_ == end_) {
        begin_ = end_ = 0;
        if (in_.size() > kReadSmall && phase_ == Phase::kIdle) {
            in_.resize(kReadSmall);
            in_.shrink_to_fit();
        }
    }
    size_t wanted =
        phase_ == Phase::kBody && parser_.body_left() > kReadSmall ? kReadLarge : kReadSmall;
    if (in_.size() < wanted) in_.resize(wanted);
    if (end_ == in_.size() && begin_ > 0) {
        std::memmove(in_.data(), in_.data() + begin_, end_ - begin_);
        end_ -= begin_;
        begin_ = 0;
    }
    // Bounded: the parser refuses any line longer than the header may be.
    if (end_ == in_.size()) in_.resize(in_.size() * 2);
    BARRACUDA_CHECK(begin_ <= end_ && end_ < in_.size());
}

void Session::StartRead() {
    if (reading_) return;
    reading_ = true;
    MakeRoom();
    socket_.async_read_some(
        asio::buffer(in_.data() + end_, in_.size() - end_),
        [self = shared_from_this()](error_code ec, size_t bytes) { self->OnRead(ec, bytes); }
    );
}

void Session::OnRead(error_code ec, size_t bytes) {
    BARRACUDA_CHECK(reading_ && bytes <= in_.size() - end_);
    reading_ = false;
    if (phase_ == Phase::kClosed) return;
    bool expecting = phase_ <= Phase::kBody;
    if (ec) {
        if (expecting || phase_ == Phase::kLinger) Close();
        return;
    }
    if (expecting) {
        end_ += bytes;
        return Process();
    }
    // Only after a 408 was begun: its connection ends, so what still comes is not a request.
    if (phase_ != Phase::kLinger) return;
    lingered_ += bytes;
    if (lingered_ > kLingerMax) return Close();
    begin_ = end_ = 0;
    StartRead();
}

void Session::CheckDeadline(Clock::time_point now) {
    // Where places are few, a connection that never asked anything makes room for others.
    const bool idle_too_long = !served_ && phase_ == Phase::kIdle && thread_->state().scarce() &&
                               now >= accepted_ + thread_->options().header_timeout;
    if (now < deadline_ && !idle_too_long) return;
    if (refused_ && phase_ <= Phase::kBody) {
        FailWith(503, kTooMany);
        return Process();
    }
    if (phase_ == Phase::kHeader || phase_ == Phase::kBody) {
        FailWith(408, "the request took too long to arrive");
        return Process();
    }
    Close();
}

void Session::EndIdle() {
    if (phase_ != Phase::kIdle || begin_ != end_) return;
    error_code ec;
    if (socket_.available(ec) > 0 && !ec) return;  // a request is there, its read is due
    if (thread_->options().drain_grace.count() == 0) return Close();
    deadline_ = std::min(deadline_, Clock::now() + thread_->options().drain_grace);
}

void Session::Close() {
    if (phase_ == Phase::kClosed) return;
    phase_ = Phase::kClosed;
    auto self = shared_from_this();
    error_code ignored;  // the descriptor is gone either way
    socket_.close(ignored);
    response_ = Response();
    ForgetBody();
    BARRACUDA_CHECK(counted_ == 0);  // else the budget would shrink by this connection for ever
    thread_->Forget(place_);
}

}  // namespace barracuda::http

// The two handles that a session gives away: the answer that a handler owes, and the next piece of
// a streamed body. Each counts once; whatever thread it is used or dropped on, the session hears of
// it on its own. A handle keeps its session alive until then.
//
// Threads: any.
#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "http/session.h"

namespace barracuda::http {

// Inside a Respond. Dropped without an answer it answers 503, and reports that unless the server
// stops.
class AnswerHandle {
public:
    explicit AnswerHandle(std::shared_ptr<Session> session) : session_(std::move(session)) {}
    AnswerHandle(const AnswerHandle&) = delete;
    AnswerHandle& operator=(const AnswerHandle&) = delete;
    ~AnswerHandle();

    void Give(Response response);  // the first one counts

private:
    std::shared_ptr<Session> session_;  // taken by the one who set used_
    std::atomic<bool> used_{false};
};

// Inside a NextChunk. Dropped without a piece it breaks the connection off, so that the peer sees a
// body that is not whole.
class PieceHandle {
public:
    explicit PieceHandle(std::shared_ptr<Session> session) : session_(std::move(session)) {}
    PieceHandle(const PieceHandle&) = delete;
    PieceHandle& operator=(const PieceHandle&) = delete;
    ~PieceHandle();

    void Give(std::optional<std::string> piece);  // nullopt: the body ends here; the first counts

private:
    void End(std::optional<std::string> piece, bool dropped);

    std::shared_ptr<Session> session_;  // taken by the one who set used_
    std::atomic<bool> used_{false};
};

}  // namespace barracuda::http

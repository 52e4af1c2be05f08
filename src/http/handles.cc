#include "http/handles.h"

namespace barracuda::http {

namespace {

// Runs `call` on the session's thread: at once when already there.
template <typename Call>
void OnItsThread(const std::shared_ptr<Session>& session, Call call) {
    if (session->thread().OnThisThread()) return call(*session);
    session->thread().Post([session, call = std::move(call)]() mutable { call(*session); });
}

}  // namespace

AnswerHandle::~AnswerHandle() {
    if (used_) return;
    auto& state = session_->thread().state();
    if (!state.draining) {  // an answer cut off by a stop is nobody's fault
        state.options.faults->Report(Fault::kUnanswered, "http", "a handler dropped its answer");
    }
    Give(JsonError(503, "the request was not answered"));
}

void AnswerHandle::Give(Response response) {
    if (used_.exchange(true)) return;
    const auto session = std::move(session_);
    OnItsThread(session, [response = std::move(response)](Session& its) mutable {
        its.OnAnswer(std::move(response));
    });
}

PieceHandle::~PieceHandle() {
    if (!used_) End(std::nullopt, true);
}

void PieceHandle::Give(std::optional<std::string> piece) { End(std::move(piece), false); }

void PieceHandle::End(std::optional<std::string> piece, bool dropped) {
    if (used_.exchange(true)) return;
    const auto session = std::move(session_);
    OnItsThread(session, [piece = std::move(piece), dropped](Session& its) mutable {
        its.OnPiece(std::move(piece), dropped);
    });
}

}  // namespace barracuda::http

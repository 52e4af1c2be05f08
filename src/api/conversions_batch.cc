// POST /api/v1/conversions/batch: many reports of route 1 in one body, a JSON object a line. Each
// line is read, decided, logged and answered as if it had come alone; the network is not waited
// for.
//
// It goes in pieces, the next one when the one before is answered, so that a body has a small part
// of the ledger's queue and of its io thread. The answer begins when every line has one: whoever
// does not get it sends the body again.
#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <span>

#include "api/batch_route.h"
#include "api/event_hub.h"
#include "api/event_json.h"
#include "api/json_line.h"
#include "api/private_report.h"
#include "api/record_steps.h"
#include "base/check.h"
#include "base/thread_safety.h"
#include "base/unseen.h"
#include "contacts/flow.h"

namespace barracuda::api {

namespace {

constexpr size_t kLinesMax = 10'000;
constexpr size_t kPieceMax = 256;
constexpr size_t kQueueShare = 8;  // a piece is at most this part of the ledger's queue

struct Line {
    size_t number;  // from 1, as an editor counts
    std::string_view text;
};

// The lines that hold anything, without their ends; nullopt: too many.
std::optional<std::vector<Line>> LinesOf(std::string_view body) {
    std::vector<Line> lines;
    size_t number = 0;
    for (body = SkipByteOrderMark(body); !body.empty();) {
        const size_t end = std::min(body.find('\n'), body.size());
        ++number;
        const std::string_view text = body.substr(0, end);
        const bool blank = text.find_first_not_of(" \t\r") == std::string_view::npos;
        if (!blank && lines.size() == kLinesMax) return std::nullopt;
        if (!blank) lines.push_back({number, text});
        body.remove_prefix(std::min(end + 1, body.size()));
    }
    return lines;
}

struct BatchLine {
    Call call{};  // the one that it would be alone: who asks, what is answered, what is logged
    bool answered = false;
    http::Response response{};
    std::optional<Input> input{};
    Result<std::optional<std::string>> click = std::optional<std::string>();
    PrivateWords words{};
    std::optional<Result<domain::Decision>> decision{};
};

class Batch : public std::enable_shared_from_this<Batch> {
public:
    Batch(Service& service, std::shared_ptr<Call> call, std::vector<Line> lines)
        : reports_(service),
          received_log_(static_cast<Logs&>(service).received),
          hub_(static_cast<Events&>(service).hub),
          piece_max_(
              std::clamp<size_t>(service.vitals().config.limits.queue / kQueueShare, 1, kPieceMax)
          ),
          call_(std::move(call)),
          received_(std::move(call_->received)),
          lines_(std::move(lines)) {
        call_->received.route = nullptr;  // each line has a record of its own
    }

    // Goes on until something has to be waited for, or all is answered.
    void Run() {
        while (BeginPiece()) EndPiece();
    }

private:
    bool BeginPiece();
    void Read(const Line& from, BatchLine& line);
    bool FindClicks();
    std::optional<domain::Report> ReportOf(BatchLine& line);
    bool SubmitFrom(size_t at);
    bool Submit(size_t at, domain::Report report);
    void OnDecision(size_t at, Result<domain::Decision> decision);
    void EndPiece();
    void Answer(BatchLine& line);
    void Keep(BatchLine& line);

    Reports& reports_;
    ReceivedLog* const received_log_;
    EventHub& hub_;
    const size_t piece_max_;
    const std::shared_ptr<Call> call_;
    const Received received_;  // what every line's record begins with
    const std::vector<Line> lines_;
    size_t next_ = 0;  // the first line behind the piece
    std::vector<BatchLine> piece_;
    std::string answers_;
    std::atomic<size_t> unknown_ = 0;  // lines whose click is asked for, and 1 while asking

    // Decisions come on the io thread; a piece may be submitted by whoever knew its last click.
    Mutex mutex_;
    size_t under_way_ GUARDED_BY(mutex_) = 0;
    std::optional<size_t> paused_at_ GUARDED_BY(mutex_);  // the queue was full for this line
    bool submitted_ GUARDED_BY(mutex_) = false;           // the whole piece
};

// True: it is through, without a wait.
bool Batch::BeginPiece() {
    if (next_ == lines_.size()) {
        http::Response response;
        response.content_type = "application/x-ndjson";
        response.headers.emplace_back("Cache-Control", "no-store");
        response.body = std::move(answers_);
        call_->respond(std::move(response));
        return false;
    }
    const size_t count = std::min(piece_max_, lines_.size() - next_);
    piece_ = std::vector<BatchLine>(count);
    for (size_t i = 0; i < count; ++i) Read(lines_[next_ + i], piece_[i]);
    {
        MutexLock lock(mutex_);
        BARRACUDA_CHECK(under_way_ == 0 && !paused_at_);
        submitted_ = false;
    }
    return FindClicks() && SubmitFrom(0);
}

void Batch::Read(const Line& from, BatchLine& line) {
    line.call.caller = call_->caller;
    line.call.explain = call_->explain;
    line.call.received = received_;
    line.call.respond = [&line](http::Response response) {
        if (std::exchange(line.answered, true)) return;
        line.response = std::move(response);
    };
    auto input = ParseJsonLine(from.text);
    if (!input) return line.call.respond(BadRequest(input.error()));
    line.input = std::move(*input);
}

// All clicks of a piece in few questions, where they have to be asked for. False: another thread
// goes on when they are known.
bool Batch::FindClicks() {
    unknown_ = piece_.size() + 1;
    for (auto& line : piece_) {
        std::string hash;
        if (line.input) hash = Reader(*line.input).RequiredId("click_hash");
        if (hash.empty()) {
            --unknown_;
            continue;
        }
        reports_.flows.ClickOfHash(hash, [self = shared_from_this(), &line](auto click) {
            line.click = std::move(click);
            if (--self->unknown_ > 0 || !self->SubmitFrom(0)) return;
            self->EndPiece();
            self->Run();
        });
    }
    return --unknown_ == 0;
}

std::optional<domain::Report> Batch::ReportOf(BatchLine& line) {
    if (!line.click) {
        line.call.respond(ErrorResponse(line.click.error()));
        return std::nullopt;
    }
    Reader reader(*line.input);
    domain::Report report;
    line.words = ReadPrivate(reports_, line.call.caller, *line.input, reader, *line.click, report);
    if (!FinishReading(reports_, line.call, *line.input, reader)) return std::nullopt;
    if (!Complete(reports_, line.call, report)) return std::nullopt;
    return report;
}

// Hands the lines from `at` on to the ledger. Where its queue is full it pauses while lines of this
// piece are under way, whose answers make room; with none of them the queue is filled by others,
// and the line is to be sent again. True: every line of the piece is answered, and nobody else goes
// on.
bool Batch::SubmitFrom(size_t at) {
    for (; at < piece_.size(); ++at) {
        BatchLine& line = piece_[at];
        if (line.answered) continue;
        auto report = ReportOf(line);
        if (!report || Submit(at, std::move(*report))) continue;
        {
            MutexLock lock(mutex_);
            if (--under_way_ > 0) {
                paused_at_ = at;
                return false;
            }
        }
        line.call.respond(Overloaded());
    }
    MutexLock lock(mutex_);
    submitted_ = true;
    return under_way_ == 0;
}

bool Batch::Submit(size_t at, domain::Report report) {
    {
        MutexLock lock(mutex_);
        ++under_way_;
    }
    auto answer = [self = shared_from_this(), at](Result<domain::Decision> decision) {
        self->OnDecision(at, std::move(decision));
    };
    return reports_.ledger.Submit(std::move(report), call_->request.io_thread, std::move(answer));
}

void Batch::OnDecision(size_t at, Result<domain::Decision> decision) {
    piece_[at].decision = std::move(decision);
    std::optional<size_t> paused;
    {
        MutexLock lock(mutex_);
        BARRACUDA_CHECK(under_way_ > 0);
        if (--under_way_ > 0) return;
        if (!paused_at_ && !submitted_) return;  // whoever submits goes on
        paused = std::exchange(paused_at_, std::nullopt);
    }
    if (paused && !SubmitFrom(*paused)) return;
    EndPiece();
    Run();
}

void Batch::EndPiece() {
    for (auto& line : piece_) {
        if (line.decision) Answer(line);
        BARRACUDA_CHECK(line.answered && line.response.body.starts_with('{'));
        Keep(line);
        // What the answer to it alone would say, behind which line and which status it is.
        answers_ +=
            fmt::format(R"({{"line":{},"code":{},)", lines_[next_].number, line.response.status);
        answers_.append(line.response.body, 1);
        answers_ += '\n';
        ++next_;
    }
}

void Batch::Answer(BatchLine& line) {
    AnswerDecided(line.call, std::move(*line.decision), [&line](const domain::Decision& decision) {
        const bool duplicate = decision.verdict == domain::Verdict::kDuplicate;
        const char* message = duplicate ? "Duplicate conversion ignored" : "Conversion stored";
        const auto data = PrivateData(*decision.document, line.words);
        const auto body = Head(line.call, decision, true, message).Object("data", data);
        line.call.respond(JsonResponse(200, body));
    });
}

void Batch::Keep(BatchLine& line) {
    Received& note = line.call.received;
    if (!note.route || !received_log_) return;
    note.status = line.response.status;
    note.ignored = std::move(line.call.ignored);
    if (note.status >= 300) note.reason = line.response.reason;
    if (hub_.Wanted()) hub_.Publish(Topic::kReceived, EventJson(note));
    received_log_->Put(std::move(note));
}

Error WrongBody(std::string what) { return {ErrorCode::kInvalid, std::move(what), "body"}; }

}  // namespace

void PostConversionsBatch(Service& service, std::shared_ptr<Call> call) {
    auto lines = LinesOf(call->request.body);
    if (!lines) {
        const auto what = fmt::format("the body has more than {} lines", kLinesMax);
        return call->respond(BadRequest(WrongBody(what)));
    }
    if (lines->empty()) {
        return call->respond(
            BadRequest(WrongBody("the body is empty: a JSON object a line is needed"))
        );
    }
    std::make_shared<Batch>(service, std::move(call), std::move(*lines))->Run();
}

}  // namespace barracuda::api

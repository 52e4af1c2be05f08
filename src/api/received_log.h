// The received log: every write request and how it ended, for "did your postback arrive?".
//
// Taken on the io thread as plain values (a few moves), encoded on the log's own thread. It holds
// no secret (a key is named, never shown) and nothing of the persons behind the forms: of those
// requests no address and no value is kept. docs/formats/logs.md has the fields.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/object_id.h"
#include "base/time.h"
#include "domain/decide.h"
#include "store/log_writer.h"

namespace barracuda::api {

struct Accounts;
struct Call;

struct Received {
    static constexpr size_t kReasonBytesMax = 1024;

    const char* route = nullptr;  // a literal; nullptr: this request is not logged
    Time at{};
    std::string method{};
    std::string address{};  // the client's; empty for forms
    int status = 0;
    int64_t took_ms = 0;
    std::string reason{};      // why it is no 2xx, in the operator's words
    std::string path{};        // of a request that no route takes (LoggablePath)
    bool stranger = false;     // nobody was recognised: refusals of such have a share of their own
    const char* verdict = "";  // a literal; empty: nothing was decided
    bool is_duplicate = false;
    domain::ConversionKey key{};
    AffiliateId affiliate{};  // as it was said
    std::optional<ObjectId> command{};
    std::string by{};
    std::vector<std::string> trace{};
    std::vector<domain::Conflict> conflicts{};
    std::vector<std::string> ignored{};  // names that nobody read (ignored.h)
};

using ReceivedLog = store::LogWriter<Received>;

// The record's document; on the log's own thread.
store::LogEntry EncodeReceived(const Received& received);

// Refusals of nobody in particular, whom anybody can cause: they may take an eighth of the log at
// once and another eighth over its age, so that the rest stays for those who have a key.
store::MinorShare<Received> ShareOfStrangers(size_t log_bytes_max, std::chrono::milliseconds age);

// From now on `call`'s answer is logged under `route`.
void NoteReceived(const Accounts& accounts, Call& call, const char* route);

// Notes the decision for the log, before the answer is given. `trace` and `conflicts` are moved out
// of it, unless the answer explains.
void NoteDecision(Call& call, domain::Decision& decision);

}  // namespace barracuda::api

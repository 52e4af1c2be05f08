// The operations behind Execute, each over an open store, and the few lines that they share.
//
// Threads: each blocks its caller until the ledger has answered, at most kLedgerPatience a step.
#pragma once

#include <chrono>
#include <future>
#include <memory>
#include <string>
#include <utility>

#include "app/ask.h"
#include "app/operations.h"

namespace barracuda::app {

// Keys and admins (account_operations.cc).
Answer CreateKey(Workplace& at, const Ask& ask);
Answer ListKeys(Workplace& at);
Answer RevokeKeys(Workplace& at, const Ask& ask);
Answer CreateAdmin(Workplace& at, const Ask& ask);
Answer SetPassword(Workplace& at, const Ask& ask);

// Dead deliveries (delivery_operations.cc).
Answer ListDeliveries(Workplace& at);
Answer RetryDeliveries(Workplace& at, const Ask& ask);

// Persons (erase_operation.cc).
Answer Erase(Workplace& at, const Ask& ask);

// The whole store (store_operations.cc).
Answer Backup(Workplace& at, const Ask& ask);
Answer Export(Workplace& at, const Ask& ask);
Answer Verify(Workplace& at, const Ask& ask);
Answer VerifyRestored(Workplace& at);
Answer Doctor(Workplace& at);

// Lines of a file of conversions (import_lines.h).
Answer ImportLines(Workplace& at, const Ask& ask);

inline constexpr std::chrono::seconds kLedgerPatience{30};

// Not done, exit code 1, and why.
Answer Refused(std::string why);
Answer Refused(const Error& error);

// Text of others in a table: on one line, "-" where there is none.
std::string Printable(std::string_view text);

// "1 session", "2 sessions".
std::string Counted(size_t count, const char* one, const char* many);

// Adds a line to the answer's note.
void Note(Answer& answer, std::string_view line);

// Waits for an answer that comes on the ledger's thread; kUnavailable when none came in time. The
// promise is shared: a later answer still has somewhere to go.
template <typename T, typename Start>
Result<T> Await(Start start) {
    auto promise = std::make_shared<std::promise<Result<T>>>();
    auto future = promise->get_future();
    start([promise](Result<T> result) { promise->set_value(std::move(result)); });
    if (future.wait_for(kLedgerPatience) != std::future_status::ready) {
        return Fail(ErrorCode::kUnavailable, "no answer from the ledger; it may still be done");
    }
    return future.get();
}

}  // namespace barracuda::app

#include "ledger/edit_and_wait.h"

#include <future>
#include <memory>
#include <utility>

namespace barracuda::ledger {

Result<EditState> EditAndWait(
    Ledger& ledger, store::Ref ref, EditFunction edit, std::chrono::milliseconds patience
) {
    // Shared: an answer after a timeout still has somewhere to go.
    auto promise = std::make_shared<std::promise<Result<EditState>>>();
    auto done = promise->get_future();
    ledger.Edit(std::move(ref), std::move(edit), [promise](Result<EditState> state) {
        promise->set_value(std::move(state));
    });
    if (done.wait_for(patience) != std::future_status::ready) {
        return Fail(ErrorCode::kUnavailable, "the store does not answer");
    }
    return done.get();
}

}  // namespace barracuda::ledger

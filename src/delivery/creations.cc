#include "delivery/creations.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <set>

#include "base/check.h"
#include "delivery/network_text.h"
#include "net/url.h"

namespace barracuda::delivery {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr size_t kAnswerBytesMax = 1024 * 1024;

// With so little left, an item would cut the others' call short: it goes with its like.
bool IsLate(const Creations::Item& item) {
    return item.deadline - Clock::now() < item.order.settings->attempt_timeout / 4;
}

// By what the answer to a batch names it. Two deposits of a click have the same.
std::string KeyOf(const Creations::Item& item) {
    std::string key;
    for (const auto& [name, value] : item.order.parameters) {
        if (name == "hash" || name == "goal_type_id") key += name + '=' + value + '\n';
    }
    return key;
}

// One bad item may be why the whole batch was refused.
bool MayBeOneItemsFault(const Attempt& attempt) {
    return attempt.cls == AttemptClass::kFinal || attempt.status == 413;
}

Attempt TimedOut(const Creations::Item& item) {
    Attempt attempt;
    attempt.error = fmt::format(
        "no reply within {} ms: it waited behind other creations",
        item.order.settings->attempt_timeout.count()
    );
    return attempt;
}

// The attempt at one item of a batch, by the answer's entry for it.
Attempt OfItem(Attempt attempt, const CreatedItem& created) {
    if (created.state == CreatedItem::State::kRefused) {
        attempt.accepted = false;
        attempt.cls = AttemptClass::kFinal;
        attempt.error = created.error;
    } else if (created.state == CreatedItem::State::kUnnamed) {
        // The next attempt looks it up first, so nothing is created twice.
        attempt.accepted = false;
        attempt.cls = AttemptClass::kRetry;
        attempt.error = "the answer does not name this conversion";
    }
    return attempt;
}

}  // namespace

void Creations::Add(Item item) {
    waiting_.push_back(std::move(item));
    Pump();
}

void Creations::Pump() {
    while (calls_ < kCallsMax && (!waiting_.empty() || !halves_.empty())) {
        Batch batch = Take();
        if (!batch.empty()) Send(std::move(batch));
    }
}

// The next call's items: of the same settings, late ones apart, and none that the answer could take
// for another.
Creations::Batch Creations::Take() {
    if (!halves_.empty()) {
        Batch batch = std::move(halves_.front());
        halves_.pop_front();
        return batch;
    }
    Batch batch;
    std::set<std::string> keys;
    while (!waiting_.empty() && batch.size() < kBatchMax) {
        Item& next = waiting_.front();
        if (!batch.empty() && (next.order.settings != batch.front().order.settings ||
                               IsLate(next) != IsLate(batch.front()))) {
            break;
        }
        if (!keys.insert(KeyOf(next)).second) break;
        Item item = std::move(next);
        waiting_.pop_front();
        if (item.deadline <= Clock::now()) {
            item.order.done(TimedOut(item));
        } else {
            batch.push_back(std::move(item));
        }
    }
    return batch;
}

void Creations::Send(Batch batch) {
    BARRACUDA_CHECK(!batch.empty() && batch.size() <= kBatchMax && calls_ < kCallsMax);
    const auto settings = batch.front().order.settings;
    std::string ids;
    std::vector<Parameters> conversions;
    auto deadline = batch.front().deadline;
    for (const auto& item : batch) {
        ids += (ids.empty() ? "" : ",") + item.order.delivery_id.value;
        conversions.push_back(item.order.parameters);
        deadline = std::min(deadline, item.deadline);
    }
    Parameters query;
    if (!settings->delivery_parameter.empty()) query = {{settings->delivery_parameter, ids}};
    // Not repeated blindly: the next attempt looks first whether they are there.
    net::HttpCall call{.id = batch.front().order.delivery_id.value, .method = "POST", .once = true};
    call.url = NetworkUrl(settings->private_api_url, "users/conversions", query);
    call.headers = PrivateApiHeaders(settings->private_api_token);
    call.headers.push_back("Content-Type: application/json");
    call.headers.push_back("Barracuda-Delivery: " + ids);
    call.body = ConversionsJson(conversions);
    const auto left = std::chrono::duration_cast<milliseconds>(deadline - Clock::now());
    call.timeout = std::max(left, milliseconds(1));
    call.response_bytes_max = kAnswerBytesMax;
    call.guard = settings->guard;
    auto shared = std::make_shared<Batch>(std::move(batch));
    call.may_send = [shared] {
        return std::all_of(shared->begin(), shared->end(), [](const Item& item) {
            return !item.order.may_send || item.order.may_send();
        });
    };
    CallTrace trace{.method = call.method};
    trace.url = net::MaskSecrets(call.url, SecretsOf(*settings));
    ++calls_;
    client_.Start(
        std::move(call),
        [self = shared_from_this(), shared, trace](net::HttpReply reply) {
            BARRACUDA_CHECK(self->calls_ > 0);
            --self->calls_;
            self->Answered(std::move(*shared), trace, std::move(reply));
            self->Pump();
        }
    );
}

void Creations::Answered(Batch batch, CallTrace trace, net::HttpReply reply) {
    const auto secrets = SecretsOf(*batch.front().order.settings);
    Attempt attempt = AttemptOf(reply, secrets);
    if (batch.size() > 1 && MayBeOneItemsFault(attempt)) {
        // Half of it is less: down to one item, which is judged by itself.
        const auto middle = batch.begin() + static_cast<std::ptrdiff_t>(batch.size() / 2);
        halves_.emplace_back(
            std::make_move_iterator(batch.begin()), std::make_move_iterator(middle)
        );
        halves_.emplace_back(std::make_move_iterator(middle), std::make_move_iterator(batch.end()));
        return;
    }
    NoteReply(trace, reply, secrets);
    std::vector<CreatedItem> created(batch.size());
    if (attempt.accepted) {
        std::vector<Parameters> conversions;
        for (const auto& item : batch) conversions.push_back(item.order.parameters);
        created = ReadCreated(reply.body, conversions);
        BARRACUDA_CHECK(created.size() == batch.size());
    }
    for (size_t i = 0; i < batch.size(); ++i) {
        Attempt own = OfItem(attempt, created[i]);
        own.error = net::MaskSecrets(own.error, secrets);
        // One's own part of what was said of many, or of what is too long to be kept: it is stored,
        // and told to the one who reported.
        const bool whole = batch.size() == 1 && reply.body.size() <= Attempt::kResponseBytesMax;
        if (!whole && !created[i].answer.empty()) {
            own.response = KeptText(created[i].answer, Attempt::kResponseBytesMax, secrets);
        }
        own.call = trace;
        batch[i].order.done(std::move(own));
    }
}

}  // namespace barracuda::delivery

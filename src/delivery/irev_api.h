// IrevApi: one affiliate network's two iREV APIs (docs/network-api.md). Each call
// makes ONE attempt and tells how it ended; when to try again is retry.h's and the dispatcher's
// decision.
//
// Parameters carry the contract's names and plain values; they are encoded here, once. Empty values
// are left out. Every call carries the header `Barracuda-Delivery: <delivery_id>`.
//
// Threads: the calls from any thread; `done` runs exactly once, always inside net::Client::Step(),
// also where no call is made (a missing setting, an unusable id). An IrevApi may be destroyed while
// its attempts are under way; the client may not.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/result.h"
#include "base/thread_safety.h"
#include "delivery/attempt.h"
#include "delivery/irev_settings.h"
#include "domain/conversion.h"
#include "net/client.h"

namespace barracuda::delivery {

class Creations;

class IrevApi {
public:
    using ListDone = std::function<void(Result<std::string>)>;

    // Without settings every attempt fails with an alarm, until Use.
    explicit IrevApi(net::Client& client, IrevSettings settings = {});

    // Attempts begun from now on follow `settings`.
    void Use(IrevSettings settings);

    // An attempt of this delivery by its kind: PrivateConversion or GoalPostback.
    void Send(
        const domain::Delivery& delivery,
        const Parameters& parameters,
        AttemptDone done,
        MaySend may_send
    );

    // GET {base}/goal/{goal_id}?hash=...; `goal_id` is the path, everything else the query. `hash`
    // is the parameter's when it has one, else the setting's.
    void GoalPostback(
        const DeliveryId& delivery_id,
        const Parameters& parameters,
        AttemptDone done,
        MaySend may_send = {}
    );

    // GET {base}/offer/{offer_id}?...&unique=1, then at most 5 redirects, until a Location carries
    // `sub1` or `sub` (that address is not called). Accepted: Attempt::click.
    void AcquireClick(
        const DeliveryId& delivery_id,
        const Parameters& parameters,
        AttemptDone done,
        MaySend may_send = {}
    );

    // The address that AcquireClick calls first; empty while there is no base_url, or where no path
    // can carry the offer id.
    std::string OfferUrl(const DeliveryId& delivery_id, const Parameters& parameters) const;

    // Looks the conversion up by hash and goal_type_id; creates it when it is not there, together
    // with others that wait for the same (creations.h).
    void PrivateConversion(
        const DeliveryId& delivery_id,
        const Parameters& parameters,
        AttemptDone done,
        MaySend may_send = {}
    );

    // GET users/conversions?<query>: the raw JSON body of a 2xx reply, at most 4 MiB, secrets
    // masked. Errors: kUnavailable, a setting is missing; kUpstream, the network's.
    void ListPrivateConversions(const Parameters& query, ListDone done);

private:
    std::shared_ptr<const IrevSettings> settings() const;

    net::Client& client_;
    const std::shared_ptr<Creations> creations_;
    mutable Mutex mutex_;
    std::shared_ptr<const IrevSettings> settings_ GUARDED_BY(mutex_);
};

}  // namespace barracuda::delivery

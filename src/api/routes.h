// Every route of contract.md, one file each.
#pragma once

#include "api/service.h"

namespace barracuda::api {

void PostPrivateConversion(Service& service, std::shared_ptr<Call> call);   // route 1
void ListPrivateConversions(Service& service, std::shared_ptr<Call> call);  // route 1, GET
void PostFtd(Service& service, std::shared_ptr<Call> call);                 // route 4
void AnyPostback(Service& service, std::shared_ptr<Call> call);             // route 5
void PostGoalsPostback(Service& service, std::shared_ptr<Call> call);       // route 6
void GetGoalsPostback(Service& service, std::shared_ptr<Call> call);        // route 6, GET
void PostAdminConversion(Service& service, std::shared_ptr<Call> call);     // route 7
void ListAdminConversions(Service& service, std::shared_ptr<Call> call);    // route 7, GET
void AdminConversionStats(Service& service, std::shared_ptr<Call> call);
void ListDeliveries(Service& service, std::shared_ptr<Call> call);
void GetDelivery(Service& service, std::shared_ptr<Call> call);
void ReplayDelivery(Service& service, std::shared_ptr<Call> call);
void CancelDelivery(Service& service, std::shared_ptr<Call> call);
void MarkDeliveryDone(Service& service, std::shared_ptr<Call> call);
void RetryDelivery(Service& service, std::shared_ptr<Call> call);
void PostReplay(Service& service, std::shared_ptr<Call> call);
void ListReplays(Service& service, std::shared_ptr<Call> call);
void GetReplay(Service& service, std::shared_ptr<Call> call);
void CancelReplay(Service& service, std::shared_ptr<Call> call);
void ListReceived(Service& service, std::shared_ptr<Call> call);
void ListAttempts(Service& service, std::shared_ptr<Call> call);
void Livez(Service& service, std::shared_ptr<Call> call);
void Readyz(Service& service, std::shared_ptr<Call> call);
void Metrics(Service& service, std::shared_ptr<Call> call);

}  // namespace barracuda::api

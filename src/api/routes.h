// The routes about conversions, deliveries, logs and health; those about contacts are in
// form_routes.h, networks, goals and offers in entity_routes.h, admins and keys in
// account_routes.h. Paths and methods: router.cc.
//
// Each answers its call once, on any thread, and throws nothing that the router does not catch.
#pragma once

#include "api/service.h"

namespace barracuda::api {

void PostPrivateConversion(Reports& reports, std::shared_ptr<Call> call);   // route 1
void ListPrivateConversions(Reports& reports, std::shared_ptr<Call> call);  // route 1, GET
void PostFtd(Reports& reports, std::shared_ptr<Call> call);                 // route 4
void AnyPostback(Reports& reports, std::shared_ptr<Call> call);             // route 5
void PostGoalsPostback(Reports& reports, std::shared_ptr<Call> call);       // route 6
void GetGoalsPostback(Reports& reports, std::shared_ptr<Call> call);        // route 6, GET
void PostAdminConversion(Reports& reports, std::shared_ptr<Call> call);     // route 7
void ListAdminConversions(Lists& lists, std::shared_ptr<Call> call);        // route 7, GET
void ExportConversions(Lists& lists, std::shared_ptr<Call> call);           // as CSV
void AdminConversionStats(Lists& lists, std::shared_ptr<Call> call);
void AdminReport(Lists& lists, std::shared_ptr<Call> call);
void GetConversion(Conversions& conversions, std::shared_ptr<Call> call);
void PatchConversion(Conversions& conversions, std::shared_ptr<Call> call);
void PostBulk(Conversions& conversions, std::shared_ptr<Call> call);  // many, as a job
void ListJobs(Conversions& conversions, std::shared_ptr<Call> call);
void GetJob(Conversions& conversions, std::shared_ptr<Call> call);
void CancelJob(Conversions& conversions, std::shared_ptr<Call> call);
void UndoJob(Conversions& conversions, std::shared_ptr<Call> call);
void ListDeliveries(Deliveries& deliveries, std::shared_ptr<Call> call);
void CountDeliveries(Deliveries& deliveries, std::shared_ptr<Call> call);
void Search(Deliveries& deliveries, std::shared_ptr<Call> call);  // by an id of whatever kind
void GetDelivery(Deliveries& deliveries, std::shared_ptr<Call> call);
void ReplayDelivery(Deliveries& deliveries, std::shared_ptr<Call> call);
void CancelDelivery(Deliveries& deliveries, std::shared_ptr<Call> call);
void MarkDeliveryDone(Deliveries& deliveries, std::shared_ptr<Call> call);
void RetryDelivery(Deliveries& deliveries, std::shared_ptr<Call> call);
void PostReplay(Deliveries& deliveries, std::shared_ptr<Call> call);
void ListReplays(Deliveries& deliveries, std::shared_ptr<Call> call);
void GetReplay(Deliveries& deliveries, std::shared_ptr<Call> call);
void CancelReplay(Deliveries& deliveries, std::shared_ptr<Call> call);
void ListReceived(Logs& logs, std::shared_ptr<Call> call);
void CountReceived(Logs& logs, std::shared_ptr<Call> call);
void GetReceived(Logs& logs, std::shared_ptr<Call> call);
void ListAttempts(Logs& logs, std::shared_ptr<Call> call);
void GetStatus(Vitals& vitals, std::shared_ptr<Call> call);  // what the doctor finds, and more
void ListenToEvents(Events& events, std::shared_ptr<Call> call);
void Livez(Vitals& vitals, std::shared_ptr<Call> call);
void Readyz(Vitals& vitals, std::shared_ptr<Call> call);
void Metrics(Vitals& vitals, std::shared_ptr<Call> call);

}  // namespace barracuda::api

// The routes about contacts: the two public forms, and the admin's pages.
//
// Each answers its call once, on any thread, and throws nothing that the router does not catch.
#pragma once

#include "api/service.h"

namespace barracuda::api {

void PostContact(Forms& forms, std::shared_ptr<Call> call);    // route 2
void PostRegister(Forms& forms, std::shared_ptr<Call> call);   // route 3
void FormPreflight(Forms& forms, std::shared_ptr<Call> call);  // OPTIONS on both

void ListContacts(ContactPages& pages, std::shared_ptr<Call> call);    // GET /api/admin/contacts
void ExportContacts(ContactPages& pages, std::shared_ptr<Call> call);  // POST /api/admin/contacts
void ContactStats(ContactPages& pages, std::shared_ptr<Call> call);    // GET …/contacts/stats
// GET …/contacts/{id}/timeline: what became of one person, newest first.
void GetContactTimeline(ContactPages& pages, std::shared_ptr<Call> call);
// GET, PUT, DELETE /api/admin/contacts/{id}: the id is the path's last part.
void GetContact(ContactPages& pages, std::shared_ptr<Call> call);
void PutContact(ContactPages& pages, std::shared_ptr<Call> call);
void DeleteContact(ContactPages& pages, std::shared_ptr<Call> call);
// POST /api/admin/erasures: by an e-mail or a click id; ?dry_run=1 says what would go.
void PostErasure(ContactPages& pages, std::shared_ptr<Call> call);
// POST …/contacts/{id}/approve-affiliate, …/reject-affiliate: status and reason in one call.
void ApproveAffiliate(ContactPages& pages, std::shared_ptr<Call> call);
void RejectAffiliate(ContactPages& pages, std::shared_ptr<Call> call);

}  // namespace barracuda::api

// The routes about contacts: the two public forms, and the admin's pages.
#pragma once

#include "api/service.h"

namespace barracuda::api {

void PostContact(Service& service, std::shared_ptr<Call> call);    // route 2
void PostRegister(Service& service, std::shared_ptr<Call> call);   // route 3
void FormPreflight(Service& service, std::shared_ptr<Call> call);  // OPTIONS on both

void ListContacts(Service& service, std::shared_ptr<Call> call);    // GET /api/admin/contacts
void ExportContacts(Service& service, std::shared_ptr<Call> call);  // POST /api/admin/contacts
void ContactStats(Service& service, std::shared_ptr<Call> call);    // GET …/contacts/stats
// GET, PUT, DELETE /api/admin/contacts/{id}: the id is the path's last part.
void GetContact(Service& service, std::shared_ptr<Call> call);
void PutContact(Service& service, std::shared_ptr<Call> call);
void DeleteContact(Service& service, std::shared_ptr<Call> call);

}  // namespace barracuda::api

// The routes about who may ask: signing in, one's own account, the team and the keys.
//
// Each answers its call once, on any thread, and throws nothing that the router does not catch.
#pragma once

#include <memory>

#include "api/service.h"

namespace barracuda::api {

// Signing in and out. The router asks for no caller (Access::kOpen): each judges its own.
void AdminLogin(Accounts& accounts, std::shared_ptr<Call> call);
void AdminSetup(Accounts& accounts, std::shared_ptr<Call> call);
void AcceptInvitation(Accounts& accounts, std::shared_ptr<Call> call);
void PostFactor(Accounts& accounts, std::shared_ptr<Call> call);  // the second step of a login
void SetupPage(Accounts& accounts, std::shared_ptr<Call> call);   // GET /setup
void AdminLogout(Accounts& accounts, std::shared_ptr<Call> call);

// One's own account.
void AdminProfile(Accounts& accounts, std::shared_ptr<Call> call);
void PutProfile(Accounts& accounts, std::shared_ptr<Call> call);
void ListSessions(Accounts& accounts, std::shared_ptr<Call> call);
void EndSession(Accounts& accounts, std::shared_ptr<Call> call);
void PostPassword(Accounts& accounts, std::shared_ptr<Call> call);
void NewFactorDevice(Accounts& accounts, std::shared_ptr<Call> call);
void ConfirmFactor(Accounts& accounts, std::shared_ptr<Call> call);
void DropFactorDevice(Accounts& accounts, std::shared_ptr<Call> call);

void ListAdmins(Accounts& accounts, std::shared_ptr<Call> call);
void PostAdmin(Accounts& accounts, std::shared_ptr<Call> call);
void PutAdmin(Accounts& accounts, std::shared_ptr<Call> call);
void DeleteAdmin(Accounts& accounts, std::shared_ptr<Call> call);

void ListKeys(Accounts& accounts, std::shared_ptr<Call> call);
void PostKey(Accounts& accounts, std::shared_ptr<Call> call);
void DeleteKey(Accounts& accounts, std::shared_ptr<Call> call);

}  // namespace barracuda::api

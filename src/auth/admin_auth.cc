#include "auth/admin_auth.h"

#include "auth/credentials.h"
#include "base/steady_ms.h"

namespace barracuda::auth {

Result<bool> AdminAuth::LoadFrom(store::Engine& engine) {
    auto admins = admins_.LoadFrom(engine);
    return admins ? sessions_.LoadFrom(engine) : std::move(admins);
}

void AdminAuth::BeginLogin(
    ledger::Ledger& ledger, std::shared_ptr<LoginAttempt> attempt, SharedLoginGuard::BeginDone done
) {
    if (!shared_guard_) return done(guard_.Begin(*attempt, SteadyMs()));
    SharedLoginGuard::Begin(ledger, std::move(attempt), Time::Now(), std::move(done));
}

void AdminAuth::LoginSucceeded(ledger::Ledger& ledger, const LoginAttempt& attempt) {
    if (!shared_guard_) return guard_.Succeeded(attempt, SteadyMs());
    SharedLoginGuard::Succeeded(ledger, attempt, Time::Now());
}

std::string AdminAuth::NewSetupToken() {
    std::string token = NewSecret("bkt_");
    MutexLock lock(mutex_);
    setup_hash_ = HashSecret(token);
    setup_until_ = std::chrono::steady_clock::now() + kSetupLife;
    return token;
}

bool AdminAuth::IsSetupTokenLocked(std::string_view token) const {
    if (setup_hash_.empty() || std::chrono::steady_clock::now() >= setup_until_) return false;
    // The way to the first admin only, whoever made one meanwhile.
    return admins_.empty() && ConstantTimeEquals(HashSecret(token), setup_hash_);
}

bool AdminAuth::IsSetupToken(std::string_view token) {
    MutexLock lock(mutex_);
    return IsSetupTokenLocked(token);
}

bool AdminAuth::TakeSetupToken(std::string_view token) {
    MutexLock lock(mutex_);
    if (!IsSetupTokenLocked(token)) return false;
    setup_hash_.clear();
    return true;
}

void AdminAuth::ReturnSetupToken(std::string_view token) {
    MutexLock lock(mutex_);
    if (setup_hash_.empty()) setup_hash_ = HashSecret(token);
}

}  // namespace barracuda::auth

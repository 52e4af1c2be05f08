#include "api/login_guard.h"

#include <algorithm>

namespace barracuda::api {

namespace {
// One map for both kinds; the prefix keeps an e-mail from standing for an address.
std::string AccountKey(const std::string& account) { return "a:" + account; }
std::string AddressKey(const std::string& address) { return "i:" + address; }
}  // namespace

std::optional<int> LoginGuard::WaitOf(const std::string& key, std::int64_t now_ms) {
    auto at = entries_.find(key);
    if (at == entries_.end()) return std::nullopt;
    const std::int64_t since = now_ms - at->second.last_ms;
    if (since >= kForgetMs) {
        entries_.erase(at);
        return std::nullopt;
    }
    if (at->second.failures < kFreeFailures || since >= kIntervalMs) return std::nullopt;
    return static_cast<int>((kIntervalMs - since + 999) / 1000);
}

void LoginGuard::Count(const std::string& key, std::int64_t now_ms) {
    if (!entries_.contains(key)) MakeRoom();
    Entry& entry = entries_[key];
    ++entry.failures;
    entry.last_ms = now_ms;
}

// A look at every entry, which is nothing beside the argon2id that each attempt costs.
void LoginGuard::MakeRoom() {
    if (entries_.size() < keys_max_) return;
    auto oldest = std::min_element(entries_.begin(), entries_.end(), [](auto& a, auto& b) {
        return a.second.last_ms < b.second.last_ms;
    });
    entries_.erase(oldest);
}

std::optional<int> LoginGuard::Begin(
    const std::string& account, const std::string& address, std::int64_t now_ms
) {
    std::lock_guard lock(mutex_);
    auto wait = std::max(WaitOf(AccountKey(account), now_ms), WaitOf(AddressKey(address), now_ms));
    if (wait) return wait;
    Count(AccountKey(account), now_ms);
    Count(AddressKey(address), now_ms);
    return std::nullopt;
}

void LoginGuard::Succeeded(const std::string& account, const std::string& address) {
    std::lock_guard lock(mutex_);
    entries_.erase(AccountKey(account));
    // Only this attempt: an address that knows one password must not guess others for free.
    auto at = entries_.find(AddressKey(address));
    if (at != entries_.end() && --at->second.failures <= 0) entries_.erase(at);
}

}  // namespace barracuda::api

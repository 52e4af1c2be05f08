#include "auth/login_guard.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <utility>
#include <vector>

#include "base/check.h"
#include "base/text.h"
#include "domain/bson.h"

namespace barracuda::auth {

namespace {

// The prefix keeps an e-mail from standing for an address.
LoginKey AccountKey(const std::string& account) { return {LoginKind::kAccount, "a:" + account}; }

// The key of a device's own count: the device that showed its token, else the account at an
// address, until the password changes.
LoginKey DeviceKey(const LoginAttempt& attempt) {
    if (!attempt.device.empty()) return {LoginKind::kDevice, "t:" + attempt.device};
    return {
        LoginKind::kDevice,
        fmt::format("d:{}\n{}\n{}", attempt.account, attempt.mark, attempt.from.one)};
}

// The keys that bind strangers. The address comes first: it is noted with the account.
std::vector<LoginKey> KeysOfStranger(const LoginAttempt& attempt) {
    std::vector<LoginKey> keys{{LoginKind::kAddress, "i:" + attempt.from.one}};
    if (!attempt.from.network.empty()) {
        keys.push_back({LoginKind::kNetwork, "n:" + attempt.from.network});
    }
    keys.push_back(AccountKey(attempt.account));
    return keys;
}

static_assert(SharedLoginGuard::kDocuments <= 256);  // two hexadecimal digits name one

// Where a key is counted: by its hash, so that no document tells which e-mails were tried.
struct Place {
    std::string document;
    LoginKey key;
    std::string hash;
};
Place PlaceOf(LoginKind kind, std::string hash) {
    const auto bucket = std::strtoul(hash.substr(0, 2).c_str(), nullptr, 16);
    LoginKey key{kind, hash.substr(std::min<std::size_t>(2, hash.size()))};
    return {
        fmt::format("login_guard/{:02x}", bucket % SharedLoginGuard::kDocuments),
        std::move(key),
        std::move(hash)};
}
Place PlaceOf(const LoginKey& key) { return PlaceOf(key.kind, HashHex(key.text, 16)); }

// `change` says whether the document is to be written.
using Changing = std::function<bool(LoginFailures&)>;
ledger::EditFunction EditOf(const std::string& document, Changing change) {
    return [document, change = std::move(change)](const std::optional<std::string>& stored) {
        LoginFailures failures = stored ? DecodeFailures(*stored) : LoginFailures{};
        if (!change(failures)) return ledger::EditPlan{};
        const std::int64_t rev = stored ? domain::TopFields(*stored).Number("rev") : 0;
        return ledger::EditPlan{true, EncodeFailures(document, failures, rev + 1)};
    };
}

// An edit for someone who logged in or administers the machine, in the lane that never refuses. Its
// error is dropped: a count that stays only delays, and ends by itself.
void Change(
    ledger::Ledger& ledger, const Place& place, Changing change, std::function<void()> done = [] {}
) {
    store::Ref ref{store::Collection::kSettings, place.document};
    ledger.Edit(
        std::move(ref),
        EditOf(place.document, std::move(change)),
        [done = std::move(done)](auto) { done(); }
    );
}

void TakeBack(ledger::Ledger& ledger, const LoginKey& key) {
    Change(ledger, PlaceOf(key), [key = PlaceOf(key).key](LoginFailures& failures) {
        failures.TakeBack(key);
        return true;
    });
}

// One attempt of a stranger or a known device on its way through the documents that count it: each
// may refuse it, and what was counted before is then taken back.
class Counting : public std::enable_shared_from_this<Counting> {
public:
    Counting(
        ledger::Ledger& ledger,
        std::shared_ptr<LoginAttempt> attempt,
        Time now,
        SharedLoginGuard::BeginDone done
    )
        : ledger_(ledger), attempt_(std::move(attempt)), now_(now), done_(std::move(done)) {}

    void Begin() {
        BARRACUDA_CHECK(keys_.empty() && at_ == 0);  // one attempt, once
        attempt_->known = !attempt_->device.empty();
        keys_ = {DeviceKey(*attempt_)};
        Next();
    }

private:
    // Counts at keys_[at_], or finds that the device there is not known: then the account and its
    // address count.
    void Next() {
        BARRACUDA_CHECK(at_ < keys_.size());
        const Place place = PlaceOf(keys_[at_]);
        auto change = [self = shared_from_this(), place](LoginFailures& failures) {
            return self->CountAt(place, failures);
        };
        const bool taken = ledger_.SubmitEdit(
            {store::Collection::kSettings, place.document},
            EditOf(place.document, change),
            [self = shared_from_this()](Result<ledger::EditState> state) {
                self->Counted(std::move(state));
            }
        );
        if (!taken) Counted(Fail(ErrorCode::kUnavailable, "too much waits for the ledger"));
    }

    // May run more than once, on the ledger's thread.
    bool CountAt(const Place& place, LoginFailures& failures) {
        const std::int64_t now_ms = now_.ms;
        wait_ = std::nullopt;
        if (place.key.kind == LoginKind::kDevice && attempt_->device.empty()) {
            attempt_->known = failures.Knows(place.key, now_ms);
            if (!attempt_->known) return false;
        }
        const bool set_back = failures.SetBack(place.key, now_ms);
        wait_ = failures.WaitOf(place.key, now_ms);
        if (wait_) return set_back;
        const bool account = place.key.kind == LoginKind::kAccount;
        const std::string address = account ? PlaceOf(keys_.front()).hash : std::string();
        failures.Count(place.key, now_ms, SharedLoginGuard::kKeysPerDocument, address);
        return true;
    }

    void Counted(Result<ledger::EditState> state) {
        if (!state || wait_) {
            if (!attempt_->known) {
                for (size_t i = 0; i < at_; ++i) TakeBack(ledger_, keys_[i]);
            }
            return state ? done_(wait_) : done_(Fail(state.error()));
        }
        const bool asked = keys_[at_].kind == LoginKind::kDevice;
        if (asked && !attempt_->known) {
            keys_ = KeysOfStranger(*attempt_);
            return Next();
        }
        if (++at_ == keys_.size()) return done_(std::nullopt);
        Next();
    }

    ledger::Ledger& ledger_;
    const std::shared_ptr<LoginAttempt> attempt_;
    const Time now_;
    const SharedLoginGuard::BeginDone done_;
    std::vector<LoginKey> keys_;
    size_t at_ = 0;
    std::optional<int> wait_;
};

}  // namespace

std::optional<int> LoginGuard::Begin(LoginAttempt& attempt, std::int64_t now_ms) {
    MutexLock lock(mutex_);
    const LoginKey device = DeviceKey(attempt);
    attempt.known = !attempt.device.empty() || failures_.Knows(device, now_ms);
    const auto keys = attempt.known ? std::vector{device} : KeysOfStranger(attempt);
    std::optional<int> wait;
    for (const auto& key : keys) wait = std::max(wait, failures_.WaitOf(key, now_ms));
    if (wait) return wait;
    for (const auto& key : keys) {
        const bool account = key.kind == LoginKind::kAccount;
        failures_.Count(key, now_ms, keys_max_, account ? keys.front().text : std::string());
    }
    return std::nullopt;
}

void LoginGuard::Succeeded(const LoginAttempt& attempt, std::int64_t now_ms) {
    MutexLock lock(mutex_);
    if (!attempt.known) {
        // Only this attempt: an address that knows one password must not guess others for free.
        for (const auto& key : KeysOfStranger(attempt)) failures_.TakeBack(key);
        failures_.Forget(AccountKey(attempt.account));
    }
    LoginAttempt by_address = attempt;
    if (!std::exchange(by_address.device, {}).empty()) failures_.Forget(DeviceKey(attempt));
    failures_.Know(DeviceKey(by_address), now_ms, keys_max_);
}

void LoginGuard::Forget(const std::string& account) {
    MutexLock lock(mutex_);
    for (auto& address : failures_.ForgetAccount(AccountKey(account))) {
        failures_.Forget({LoginKind::kAddress, std::move(address)});
    }
}

void SharedLoginGuard::Begin(
    ledger::Ledger& ledger, std::shared_ptr<LoginAttempt> attempt, Time now, BeginDone done
) {
    std::make_shared<Counting>(ledger, std::move(attempt), now, std::move(done))->Begin();
}

void SharedLoginGuard::Succeeded(ledger::Ledger& ledger, const LoginAttempt& attempt, Time now) {
    auto forget = [&ledger](const LoginKey& key) {
        Change(ledger, PlaceOf(key), [key = PlaceOf(key).key](LoginFailures& failures) {
            failures.Forget(key);
            return true;
        });
    };
    if (!attempt.known) {
        for (const auto& key : KeysOfStranger(attempt)) {
            if (key.kind != LoginKind::kAccount) TakeBack(ledger, key);
        }
        forget(AccountKey(attempt.account));
    }
    LoginAttempt by_address = attempt;
    if (!std::exchange(by_address.device, {}).empty()) forget(DeviceKey(attempt));
    const Place place = PlaceOf(DeviceKey(by_address));
    Change(ledger, place, [key = place.key, now](LoginFailures& failures) {
        failures.Know(key, now.ms, kKeysPerDocument);
        return true;
    });
}

void SharedLoginGuard::Forget(
    ledger::Ledger& ledger, const std::string& account, std::function<void(Result<bool>)> done
) {
    const Place place = PlaceOf(AccountKey(account));
    auto addresses = std::make_shared<std::vector<std::string>>();
    auto take = [key = place.key, addresses](LoginFailures& failures) {
        const bool there = failures.entries().contains(key.text);
        *addresses = failures.ForgetAccount(key);
        return there;
    };
    ledger.Edit(
        {store::Collection::kSettings, place.document},
        EditOf(place.document, take),
        [&ledger, addresses, done = std::move(done)](Result<ledger::EditState> state) {
            if (!state) return done(Fail(state.error()));
            // Answered when the last address is free: the owner logs in at once.
            auto answer = std::shared_ptr<void>(nullptr, [done](void*) { done(true); });
            for (const auto& hash : *addresses) {
                const Place at = PlaceOf(LoginKind::kAddress, hash);
                auto forget = [key = at.key](LoginFailures& failures) {
                    const bool there = failures.entries().contains(key.text);
                    failures.Forget(key);
                    return there;
                };
                Change(ledger, at, std::move(forget), [answer] {});
            }
        }
    );
}

}  // namespace barracuda::auth

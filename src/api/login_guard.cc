#include "api/login_guard.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>

#include "base/text.h"
#include "domain/bson.h"

namespace barracuda::api {

namespace {

// One map for both kinds; the prefix keeps an e-mail from standing for an address.
std::string AccountKey(const std::string& account) { return "a:" + account; }
std::string AddressKey(const std::string& address) { return "i:" + address; }

// Where a key is counted: no document tells which e-mails were tried.
struct Place {
    std::string document;
    std::string key;
};
Place PlaceOf(const std::string& key) {
    const std::string hash = HashHex(key, 16);
    const auto bucket = std::strtoul(hash.substr(0, 2).c_str(), nullptr, 16);
    return {
        fmt::format("login_guard/{:02x}", bucket % SharedLoginGuard::kDocuments), hash.substr(2)};
}

// `change` says whether the document is to be written.
void Change(
    ledger::Ledger& ledger,
    const std::string& document,
    std::function<bool(LoginFailures&)> change,
    std::function<void(Result<bool>)> done
) {
    auto edit = [document, change = std::move(change)](const std::optional<std::string>& stored) {
        LoginFailures failures = stored ? DecodeFailures(*stored) : LoginFailures{};
        if (!change(failures)) return ledger::EditPlan{};
        const std::int64_t rev = stored ? domain::TopFields(*stored).Number("rev") : 0;
        return ledger::EditPlan{true, EncodeFailures(document, failures, rev + 1)};
    };
    ledger.Edit(
        {store::Collection::kSettings, document},
        std::move(edit),
        [done = std::move(done)](Result<ledger::EditState> state) {
            if (!done) return;
            state ? done(true) : done(Fail(state.error()));
        }
    );
}

// Counts one attempt unless it must wait.
void CountOne(
    ledger::Ledger& ledger, const std::string& key, Time now, SharedLoginGuard::BeginDone done
) {
    const Place place = PlaceOf(key);
    auto wait = std::make_shared<std::optional<int>>();
    auto count = [place, now, wait](LoginFailures& failures) {
        *wait = failures.WaitOf(place.key, now.ms);
        if (*wait) return false;
        failures.Count(place.key, now.ms, SharedLoginGuard::kKeysPerDocument);
        return true;
    };
    Change(ledger, place.document, std::move(count), [wait, done = std::move(done)](auto changed) {
        changed ? done(*wait) : done(Fail(changed.error()));
    });
}

void TakeBackOne(ledger::Ledger& ledger, const std::string& key) {
    const Place place = PlaceOf(key);
    auto back = [place](LoginFailures& failures) {
        failures.TakeBack(place.key);
        return true;
    };
    Change(ledger, place.document, std::move(back), {});
}

}  // namespace

std::optional<int> LoginFailures::WaitOf(const std::string& key, std::int64_t now_ms) const {
    auto at = entries_.find(key);
    if (at == entries_.end()) return std::nullopt;
    const std::int64_t since = now_ms - at->second.last_ms;
    if (since >= kForgetMs || at->second.failures < kFreeFailures || since >= kIntervalMs) {
        return std::nullopt;
    }
    return static_cast<int>((kIntervalMs - since + 999) / 1000);
}

// A look at every entry, which is nothing beside the argon2id that each attempt costs.
void LoginFailures::Count(const std::string& key, std::int64_t now_ms, std::size_t keys_max) {
    std::erase_if(entries_, [&](const auto& entry) {
        return now_ms - entry.second.last_ms >= kForgetMs;
    });
    if (!entries_.contains(key) && entries_.size() >= keys_max) {
        entries_.erase(std::min_element(entries_.begin(), entries_.end(), [](auto& a, auto& b) {
            return a.second.last_ms < b.second.last_ms;
        }));
    }
    Entry& entry = entries_[key];
    ++entry.failures;
    entry.last_ms = now_ms;
}

void LoginFailures::TakeBack(const std::string& key) {
    auto at = entries_.find(key);
    if (at != entries_.end() && --at->second.failures <= 0) entries_.erase(at);
}

std::optional<int> LoginGuard::Begin(
    const std::string& account, const std::string& address, std::int64_t now_ms
) {
    std::lock_guard lock(mutex_);
    auto wait = std::max(
        failures_.WaitOf(AccountKey(account), now_ms), failures_.WaitOf(AddressKey(address), now_ms)
    );
    if (wait) return wait;
    failures_.Count(AccountKey(account), now_ms, keys_max_);
    failures_.Count(AddressKey(address), now_ms, keys_max_);
    return std::nullopt;
}

void LoginGuard::Succeeded(const std::string& account, const std::string& address) {
    std::lock_guard lock(mutex_);
    failures_.Forget(AccountKey(account));
    // Only this attempt: an address that knows one password must not guess others for free.
    failures_.TakeBack(AddressKey(address));
}

// Two documents, one after the other: what the second refuses the first takes back.
void SharedLoginGuard::Begin(
    ledger::Ledger& ledger,
    const std::string& account,
    const std::string& address,
    Time now,
    BeginDone done
) {
    const std::string from = AddressKey(address), to = AccountKey(account);
    CountOne(ledger, from, now, [&ledger, from, to, now, done = std::move(done)](auto wait) {
        if (!wait || *wait) return done(std::move(wait));
        CountOne(ledger, to, now, [&ledger, from, done](auto wait) {
            if (!wait || *wait) TakeBackOne(ledger, from);
            done(std::move(wait));
        });
    });
}

void SharedLoginGuard::Succeeded(
    ledger::Ledger& ledger, const std::string& account, const std::string& address
) {
    const Place place = PlaceOf(AccountKey(account));
    auto forget = [place](LoginFailures& failures) {
        failures.Forget(place.key);
        return true;
    };
    Change(ledger, place.document, std::move(forget), {});
    TakeBackOne(ledger, AddressKey(address));
}

std::string EncodeFailures(const std::string& id, const LoginFailures& failures, std::int64_t rev) {
    domain::BsonWriter entries;
    size_t i = 0;
    for (const auto& [key, entry] : failures.entries()) {
        domain::BsonWriter one;
        one.Text("key", key);
        one.Int("failures", entry.failures);
        one.Date("last", Time{entry.last_ms});
        entries.Document(std::to_string(i++), one.Take());
    }
    domain::BsonWriter to;
    to.Text("_id", id);
    to.Array("keys", entries);
    to.Int("rev", rev);
    return to.Take();
}

LoginFailures DecodeFailures(std::string_view bson) {
    LoginFailures failures;
    bson_iter_t at, element;
    if (!domain::OpenBson(at, bson) || !bson_iter_find(&at, "keys") ||
        !BSON_ITER_HOLDS_ARRAY(&at) || !bson_iter_recurse(&at, &element)) {
        return failures;
    }
    while (bson_iter_next(&element)) {
        const domain::TopFields entry(domain::BytesOf(element));
        failures.Put(
            entry.TextOr("key"), {static_cast<int>(entry.Number("failures")), entry.Number("last")}
        );
    }
    return failures;
}

}  // namespace barracuda::api

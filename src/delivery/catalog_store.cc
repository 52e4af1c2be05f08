#include "delivery/catalog_store.h"

#include <fmt/format.h>

#include "base/text.h"
#include "store/each_document.h"

namespace barracuda::delivery {

namespace {

template <typename Entity>
void Add(std::vector<Entity>& to, Result<Entity> entity) {
    if (entity) to.push_back(std::move(*entity));
}

}  // namespace

CatalogStore::CatalogStore(store::Engine& engine, CatalogOptions options)
    : engine_(engine), options_(std::move(options)) {}

CatalogStore::~CatalogStore() { Stop(); }

SnapshotPtr CatalogStore::snapshot() const {
    MutexLock lock(mutex_);
    return snapshot_;
}

Result<domain::Catalog::Parts> CatalogStore::ReadStored(Snapshot& next, std::string* bytes) {
    domain::Catalog::Parts parts;
    for (const char* type : {"network:", "goal:", "offer:", "stop:"}) {
        store::ScanRequest request;
        request.collection = store::Collection::kSettings;
        request.key_prefix = type;
        request.limit = 500;
        auto read = store::EachDocument(engine_, request, [&](const std::string& document) {
            *bytes += document;
            switch (type[0]) {
                case 'n':
                    return Add(parts.networks, domain::DecodeNetwork(document));
                case 'g':
                    return Add(parts.goals, domain::DecodeGoal(document));
                case 'o':
                    return Add(parts.offers, domain::DecodeOffer(document));
                default: {
                    delivery::Stop stop = DecodeStop(document);
                    next.stops.insert_or_assign(stop.network, stop);
                    return;
                }
            }
        });
        if (!read) return Fail(read.error());
    }
    return parts;
}

NetworkSecrets CatalogStore::SecretsOf(const domain::Network& network) const {
    NetworkSecrets secrets;
    auto read = [&](const std::string& ref) -> std::string {
        auto value = options_.read_secret(ref);
        if (value) return *value;
        secrets.trouble = fmt::format("secret {}: {}", ref, value.error().message);
        return {};
    };
    for (const auto& ref : network.secrets) {
        // A secret that is not there is left out: the other one may still be live.
        if (auto value = read(ref); !value.empty()) secrets.values.push_back(std::move(value));
    }
    if (!network.private_secret.empty()) secrets.private_token = read(network.private_secret);
    return secrets;
}

Result<bool> CatalogStore::Load() {
    auto next = std::make_shared<Snapshot>();
    std::string bytes;
    auto stored = ReadStored(*next, &bytes);
    if (!stored) return Fail(stored.error());
    next->catalog = domain::Catalog::Build(options_.built_in, *stored, &next->refused);
    for (const auto& [name, network] : next->catalog->networks()) {
        auto secrets = SecretsOf(network);
        // Hashed: what was loaded is kept only to be compared.
        for (const auto& value : secrets.values) bytes += HashHex(name.value + '\0' + value, 16);
        bytes += HashHex(secrets.private_token, 16) + secrets.trouble;
        next->secrets.emplace(name, std::move(secrets));
    }
    std::string loaded = HashHex(bytes, 32);
    if (loaded == loaded_) return false;
    loaded_ = std::move(loaded);
    {
        MutexLock lock(mutex_);
        snapshot_ = next;
    }
    if (options_.swapped) options_.swapped(next);
    return true;
}

void CatalogStore::Start() {
    poller_.Start(
        "catalog", options_.poll, [this] { Poll(); }, Repeater::First::kAfterPause
    );
}

void CatalogStore::Stop() {
    poller_.Stop();
    bool asked = false;
    {
        MutexLock lock(mutex_);
        closed_ = true;
        asked = !waiting_.empty();
    }
    if (asked) Poll();
}

void CatalogStore::ReloadThen(std::function<void(bool read)> done) {
    {
        MutexLock lock(mutex_);
        if (!closed_) {
            waiting_.push_back(std::move(done));
            done = {};
        }
    }
    if (done) return done(false);
    poller_.Wake();
}

void CatalogStore::Poll() {
    std::vector<std::function<void(bool)>> waiting;
    {
        MutexLock lock(mutex_);
        waiting.swap(waiting_);
    }
    // A store that cannot be read keeps the snapshot of before; the next poll tries again.
    const bool read = Load().has_value();
    for (auto& done : waiting) done(read);
}

}  // namespace barracuda::delivery

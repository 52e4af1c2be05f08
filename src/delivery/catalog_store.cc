#include "delivery/catalog_store.h"

#include <fmt/format.h>

#include "base/text.h"
#include "base/thread_name.h"
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
    std::lock_guard lock(mutex_);
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
        for (const auto& value : secrets.values) bytes += HashHex(name + '\0' + value, 16);
        bytes += HashHex(secrets.private_token, 16) + secrets.trouble;
        next->secrets.emplace(name, std::move(secrets));
    }
    std::string loaded = HashHex(bytes, 32);
    if (loaded == loaded_) return false;
    loaded_ = std::move(loaded);
    {
        std::lock_guard lock(mutex_);
        snapshot_ = next;
    }
    if (options_.swapped) options_.swapped(next);
    return true;
}

void CatalogStore::Start() {
    thread_ = std::thread([this] {
        NameThread("catalog");
        Run();
    });
}

void CatalogStore::Stop() {
    {
        std::lock_guard lock(mutex_);
        stopping_ = true;
    }
    wake_.notify_one();
    if (thread_.joinable()) thread_.join();
}

void CatalogStore::ReloadThen(std::function<void()> done) {
    {
        std::lock_guard lock(mutex_);
        if (!stopping_) {
            waiting_.push_back(std::move(done));
            wake_.notify_one();
            return;
        }
    }
    done();
}

void CatalogStore::Run() {
    while (true) {
        std::vector<std::function<void()>> waiting;
        bool stopping = false;
        {
            std::unique_lock lock(mutex_);
            wake_.wait_for(lock, options_.poll, [this] { return stopping_ || !waiting_.empty(); });
            waiting.swap(waiting_);
            stopping = stopping_;
        }
        // A store that cannot be read keeps the snapshot of before; the next poll tries again.
        if (!stopping || !waiting.empty()) (void)Load();
        for (auto& done : waiting) done();
        if (stopping) return;
    }
}

}  // namespace barracuda::delivery

// CatalogStore: this process's copy of networks, goals and offers (domain/catalog.h) with the
// values of their secrets. One immutable snapshot is swapped for the next; who holds one may go on
// with it.
//
// A thread of its own reads the store again every `poll`, so that every node follows an edit made
// at another one, and at once when asked (after an edit made here). Secrets are read anew each
// time: a rotated file is used within one poll. Nothing is rebuilt while nothing has changed.
//
// Threads: snapshot(), catalog() and ReloadThen() from any thread, and SecretNamed; Load, Start and
// Stop from the app's. `swapped` runs on the thread that loads: the app's in Load, later the
// store's own.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/repeater.h"
#include "base/thread_safety.h"
#include "delivery/stop.h"
#include "domain/catalog.h"
#include "store/engine.h"

namespace barracuda::delivery {

// The values of a network's secrets, read anew at every load. Never in a log or an answer.
struct NetworkSecrets {
    std::vector<std::string> values{};  // of Network::secrets, the newest first
    std::string private_token{};        // of Network::private_secret
    std::string trouble{};              // why one is missing; empty: none is
};

// The catalog of one moment; immutable.
struct Snapshot {
    std::shared_ptr<const domain::Catalog> catalog;
    std::map<NetworkName, NetworkSecrets> secrets;  // by network
    std::map<NetworkName, Stop> stops;              // by network
    std::vector<domain::Problem> refused;           // stored entities that do not pass any more
};
using SnapshotPtr = std::shared_ptr<const Snapshot>;

// The value that a SecretRef (domain/network.h) names. Errors say why it is not there, never what
// it is.
using ReadSecret = std::function<Result<std::string>(std::string_view ref)>;

struct CatalogOptions {
    domain::Catalog::Parts built_in{};
    ReadSecret read_secret{};
    std::function<void(const SnapshotPtr&)> swapped{};  // must be short
    std::chrono::milliseconds poll{2'000};
};

class CatalogStore {
public:
    CatalogStore(store::Engine& engine, CatalogOptions options);
    ~CatalogStore();

    // The first snapshot; before anything else. -> whether it differs from the one before. Errors:
    // the store's; the snapshot stays.
    Result<bool> Load();
    void Start();
    void Stop();  // runs what ReloadThen was given and joins

    SnapshotPtr snapshot() const;
    std::shared_ptr<const domain::Catalog> catalog() const { return snapshot()->catalog; }

    // As it is now; errors say why it is not there.
    Result<std::string> SecretNamed(std::string_view ref) const {
        return options_.read_secret(ref);
    }

    // Reads the store, then calls `done` on this object's own thread, with whether that succeeded:
    // then the snapshot is no older than this call.
    void ReloadThen(std::function<void(bool read)> done);

private:
    Result<domain::Catalog::Parts> ReadStored(Snapshot& next, std::string* bytes);
    NetworkSecrets SecretsOf(const domain::Network& network) const;
    void Poll();

    store::Engine& engine_;
    const CatalogOptions options_;

    mutable Mutex mutex_;
    SnapshotPtr snapshot_ GUARDED_BY(mutex_);
    std::vector<std::function<void(bool)>> waiting_ GUARDED_BY(mutex_);
    bool closed_ GUARDED_BY(mutex_) = false;
    std::string loaded_;  // the loading thread's: what the snapshot was built from
    Repeater poller_;     // last: it uses everything above
};

}  // namespace barracuda::delivery

// What a store, a backup or a file of an export holds, and others may have written or damaged: read
// without a crash, and what is read is written so that it reads the same.
#include <unistd.h>

#include <cstdio>
#include <fstream>

#include "auth/admins.h"
#include "auth/key_ring.h"
#include "auth/login_failures.h"
#include "auth/sessions.h"
#include "base/check.h"
#include "delivery/replay_job.h"
#include "delivery/stop.h"
#include "domain/goal.h"
#include "domain/network.h"
#include "domain/offer.h"
#include "nodes/goal_rules.h"
#include "nodes/node_document.h"
#include "report/filter_bson.h"
#include "runs.h"
#include "store/cells.h"
#include "store/document_file.h"

namespace barracuda::fuzz {

namespace {

// The second writing is the first one: nothing moves from restart to restart.
template <typename Decode, typename Encode>
void Settles(std::string_view bytes, Decode decode, Encode encode) {
    const std::string once = encode(decode(bytes));
    BARRACUDA_CHECK(encode(decode(once)) == once);
}

// What does not pass its checks is left out of the catalog, and never written again.
template <typename Decode>
void SettlesIfSound(std::string_view bytes, Decode decode) {
    auto first = decode(bytes);
    if (!first || domain::Check(*first)) return;
    const std::string once = domain::Encode(*first);
    auto second = decode(std::string_view(once));
    BARRACUDA_CHECK(second.has_value() && domain::Encode(*second) == once);
}

}  // namespace

void RunEntity(std::string_view bytes) {
    SettlesIfSound(bytes, [](std::string_view bson) { return domain::DecodeNetwork(bson); });
    SettlesIfSound(bytes, [](std::string_view bson) { return domain::DecodeGoal(bson); });
    SettlesIfSound(bytes, [](std::string_view bson) { return domain::DecodeOffer(bson); });
    Settles(bytes, nodes::DecodeNode, [](const auto& node) { return nodes::Encode(node); });
    Settles(bytes, nodes::DecodeGoalRecord, [](const auto& rule) { return nodes::Encode(rule); });
    Settles(bytes, delivery::DecodeStop, delivery::EncodeStop);
}

void RunAccount(std::string_view bytes) {
    Settles(bytes, auth::DecodeAdmin, [](const auto& admin) { return auth::EncodeAdmin(admin); });
    Settles(bytes, auth::DecodeKey, auth::EncodeKey);
    Settles(bytes, auth::DecodeSession, auth::EncodeSession);
    (void)auth::DecodeFailures(bytes);  // in no order: written again it may stand otherwise
}

void RunJob(std::string_view bytes) {
    Settles(bytes, delivery::DecodeJob, delivery::EncodeJob);
    Settles(bytes, report::DecodeFilter, [](const auto& filter) { return report::Encode(filter); });
}

// The first line is the key.
void RunCell(std::string_view bytes) {
    const auto [key, rows] = FirstLine(bytes);
    (void)store::EachRow(key, rows, [](const store::Cell& cell) { return !cell.goal.empty(); });
}

void RunImport(std::string_view text) {
    const std::string path = "/tmp/barracuda-fuzz-" + std::to_string(getpid()) + ".jsonl";
    std::ofstream(path, std::ios::binary)
        .write(text.data(), static_cast<std::streamsize>(text.size()));
    if (auto file = store::DocumentFile::Open(path)) {
        store::ScanRequest all;
        all.limit = 100;
        (void)(*file)->Scan(all);
    }
    unlink(path.c_str());
}

}  // namespace barracuda::fuzz

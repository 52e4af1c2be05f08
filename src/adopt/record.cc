#include "adopt/record.h"

#include <fmt/format.h>
#include <signal.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <thread>

#include "base/object_id.h"
#include "base/time.h"
#include "domain/bson.h"
#include "store/mongo/address.h"
#include "store/mongo/ask.h"
#include "store/mongo/state.h"

namespace barracuda::adopt {

namespace {

constexpr std::chrono::seconds kSilence{15};
constexpr std::chrono::milliseconds kLook{300};

std::string HostName() {
    char host[256] = {};
    return gethostname(host, sizeof host - 1) == 0 ? host : "";
}

store::Bson CountsOf(const AdoptCounts& counts) {
    store::Bson list;
    size_t count = 0;
    for (const auto& [name, value] : counts) {  // names hold dots: no field names
        list.Document(std::to_string(count++), store::Bson().Text("name", name).Int("n", value));
    }
    return list;
}

AdoptCounts CountsIn(const domain::TopFields& fields, const char* name) {
    AdoptCounts counts;
    bson_iter_t entry;
    const auto* list = fields.Find(name);
    if (!list || !BSON_ITER_HOLDS_ARRAY(list) || !bson_iter_recurse(list, &entry)) return counts;
    while (bson_iter_next(&entry)) {
        const domain::TopFields one(domain::BytesOf(entry));
        counts[one.TextOr("name")] = one.Number("n");
    }
    return counts;
}

// Whether its process is gone for sure.
bool IsGone(const domain::TopFields& fields, const std::string& host) {
    auto pid = static_cast<pid_t>(fields.Number("pid"));
    return pid > 0 && fields.TextOr("host") == host && kill(pid, 0) != 0 && errno == ESRCH;
}

bool IsDuplicate(uint32_t code) { return code == 11000 || code == 11001; }

}  // namespace

AdoptionRecord::AdoptionRecord(store::MongoClient& client)
    : client_(client), owner_(ObjectId::New().Hex()), host_(HostName()) {}

store::Bson AdoptionRecord::Fields() const {
    store::Bson to;
    to.Text("step", step).Int("done", done).Int("total", total);
    to.Array("counts", CountsOf(counts)).Array("page_counts", CountsOf(page_counts));
    to.Int("page_documents", page_documents).Date("updatedAt", Time::Now());
    auto put = [&](const char* name, const std::string& id) {
        if (id.empty()) {
            to.Null(name);
            return;
        }
        bson_t view = store::ViewOf(id);
        bson_append_document(to.get(), name, -1, &view);
    };
    put("cursor", cursor);
    put("page_until", page_until);
    return to;
}

void AdoptionRecord::Read(const std::string& document) {
    const domain::TopFields fields(document);
    step = fields.TextOr("step");
    done = fields.Number("done");
    total = fields.Number("total");
    cursor = fields.Bytes("cursor");
    page_until = fields.Bytes("page_until");
    page_documents = fields.Number("page_documents");
    counts = CountsIn(fields, "counts");
    page_counts = CountsIn(fields, "page_counts");
}

// False: somebody else was first.
Result<bool> AdoptionRecord::Insert() {
    auto lease = client_.Take();
    if (!lease) return Fail(lease.error());
    store::Bson document;
    document.Text("_id", store::kAdoptionId).Text("owner", owner_).Text("host", host_);
    document.Int("pid", getpid()).Int("beat", 1).Date("startedAt", Time::Now()).Merge(Fields());
    bson_error_t error = {};
    bson_t reply;
    bool inserted = mongoc_collection_insert_one(
        lease->Collection(NameOf(store::Collection::kSettings)).get(),
        document.get(),
        nullptr,
        &reply,
        &error
    );
    Error told = store::ToldError(error, &reply);
    bson_destroy(&reply);
    if (!inserted && !IsDuplicate(error.code)) return Fail(told);
    return inserted;
}

namespace {

// One update of the document that `filter` names; whether it was there.
Result<bool> UpdateOne(
    store::MongoClient& client, const store::Bson& filter, const store::Bson& update
) {
    auto lease = client.Take();
    if (!lease) return Fail(lease.error());
    bson_error_t error = {};
    bson_t reply;
    bool done = mongoc_collection_update_one(
        lease->Collection(NameOf(store::Collection::kSettings)).get(),
        filter.get(),
        update.get(),
        nullptr,
        &reply,
        &error
    );
    Error told = store::ToldError(error, &reply);
    bson_iter_t at;
    bool matched = bson_iter_init_find(&at, &reply, "matchedCount") && bson_iter_as_int64(&at) > 0;
    bson_destroy(&reply);
    if (!done) return Fail(told);
    return matched;
}

}  // namespace

Result<bool> AdoptionRecord::Seize(const std::string& owner, int64_t beat) {
    store::Bson filter, update;
    filter.Text("_id", store::kAdoptionId).Text("owner", owner).Int("beat", beat);
    update.Document(
        "$set", store::Bson().Text("owner", owner_).Text("host", host_).Int("pid", getpid())
    );
    return UpdateOne(client_, filter, update);
}

Result<bool> AdoptionRecord::Save() {
    store::Bson filter, update;
    filter.Text("_id", store::kAdoptionId).Text("owner", owner_);
    update.Document("$set", Fields()).Document("$inc", store::Bson().Int("beat", 1));
    auto saved = UpdateOne(client_, filter, update);
    if (!saved || *saved) return saved;
    return Fail(ErrorCode::kConflict, "another run has taken this adoption over");
}

Result<bool> AdoptionRecord::Finish() {
    store::Bson filter, update;
    filter.Text("_id", store::kAdoptionId);
    store::Bson fields = Fields();
    fields.Date("finishedAt", Time::Now());
    update.Document("$set", fields);
    return UpdateOne(client_, filter, update);
}

Result<bool> AdoptionRecord::Take(
    const std::function<void(const std::string&)>& waiting, std::stop_token stop
) {
    using Clock = std::chrono::steady_clock;
    std::pair<std::string, int64_t> seen;
    Clock::time_point since = Clock::now();
    for (bool told = false; !stop.stop_requested(); std::this_thread::sleep_for(kLook)) {
        auto lease = client_.Take();
        if (!lease) return Fail(lease.error());
        auto marker = FindSetting(*lease, store::kMarkerId);
        if (!marker) return Fail(marker.error());
        if (*marker) return false;
        auto stored = FindSetting(*lease, store::kAdoptionId);
        if (!stored) return Fail(stored.error());
        if (!*stored) {
            auto inserted = Insert();
            if (!inserted || *inserted) return inserted;
            continue;
        }
        const domain::TopFields fields(**stored);
        std::pair now(fields.TextOr("owner"), fields.Number("beat"));
        if (now.first == owner_) {
            Read(**stored);
            return true;
        }
        if (std::exchange(seen, now) != now) since = Clock::now();
        if (Clock::now() - since >= kSilence || IsGone(fields, host_)) {
            auto seized = Seize(now.first, now.second);
            if (!seized) return seized;
            continue;  // it is ours, or somebody was faster
        }
        if (!std::exchange(told, true) && waiting) {
            waiting(fmt::format(
                "another run adopts this database (host {}, process {}): waiting for it",
                fields.TextOr("host", "unknown"),
                fields.Number("pid")
            ));
        }
    }
    return Fail(ErrorCode::kUnavailable, "stopped");
}

}  // namespace barracuda::adopt

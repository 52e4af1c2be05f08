// The document `adoption` in `settings`: how far an adoption is, and who runs it. Internal to the
// adoption.
//
// One run at a time has it. Whoever saves it proves that it still does: every save names its owner.
// A run that has not saved for 15 s by the watcher's own clock, or whose process on this host is
// gone, has lost it. Two that write at once would do no harm (every write names what it read), only
// work twice.
//
// Threads: one. Errors: as ask.h says; kConflict: another run has taken it.
#pragma once

#include <functional>
#include <optional>
#include <stop_token>
#include <string>

#include "adopt/plan.h"
#include "store/mongo/mongo_client.h"

namespace barracuda::adopt {

class AdoptionRecord {
public:
    explicit AdoptionRecord(store::MongoClient& client);

    // Takes the adoption for this process. False: another run has ended meanwhile, there is nothing
    // left to do. `waiting` is told why it takes time.
    Result<bool> Take(const std::function<void(const std::string&)>& waiting, std::stop_token stop);
    Result<bool> Save();
    Result<bool> Finish();

    std::string step;             // empty: nothing is done yet
    std::string cursor;           // IdOnly of the last document done; empty: none of this step
    int64_t done = 0, total = 0;  // of this step
    AdoptCounts counts;
    // The page under way: up to which document, and what it will have counted.
    std::string page_until;
    int64_t page_documents = 0;
    AdoptCounts page_counts;

private:
    Result<bool> Seize(const std::string& owner, int64_t beat);
    Result<bool> Insert();
    void Read(const std::string& document);
    store::Bson Fields() const;

    store::MongoClient& client_;
    const std::string owner_;
    const std::string host_;
};

}  // namespace barracuda::adopt

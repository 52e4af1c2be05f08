// The writes of one page of an adoption, in an order that may break off anywhere. Internal to the
// adoption.
//
// Threads: one. Errors: as ask.h says.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "adopt/plan.h"
#include "store/mongo/mongo_client.h"

namespace barracuda::adopt {

// A document of `adoption_aside`; `_id` is "COLLECTION/ID" of what it is about.
struct Aside {
    std::string where;
    std::string reason;  // "merged", "differs", "no key", "renewed"
    std::string why = {};
    domain::ConversionKey key = {};
    std::string into = {};  // `_id` of the conversion that it is part of
    std::vector<AdoptDifference> differences = {};
    std::string document = {};  // the original; empty: it stays where it is
    // Of "renewed": what takes the original's place, in the same collection. Inserted after the
    // original is deleted, also by the next run.
    std::string made = {};
};

struct PageWrites {
    struct Update {
        const char* collection;
        std::string before, update;
    };
    struct Insert {
        const char* collection;
        std::string document;
    };
    struct Delete {
        const char* collection;
        std::string before;
    };
    std::vector<Aside> asides;
    std::vector<Update> updates;
    std::vector<Insert> inserts;
    std::vector<Delete> deletes;
};

struct Applied {
    bool all = true;            // false: something is not as it was read; plan again
    std::vector<size_t> taken;  // updates whose unique value another document has
};

class AdoptionWriter {
public:
    explicit AdoptionWriter(store::MongoClient& client) : client_(client) {}

    Result<Applied> Apply(const PageWrites& writes);
    // Ends what a killed run left between a deletion and its insertion.
    Result<bool> EndRenewals();
    // Documents that were set aside for these reasons, at most `limit`, in order.
    Result<std::vector<Aside>> Listed(const std::vector<const char*>& reasons, size_t limit);

private:
    Result<bool> PutAside(const std::vector<Aside>& asides);
    Result<bool> Update(const std::vector<PageWrites::Update>& updates, Applied& applied);
    Result<bool> Insert(const std::vector<PageWrites::Insert>& inserts, Applied& applied);
    Result<bool> Delete(const std::vector<PageWrites::Delete>& deletes, Applied& applied);
    Result<bool> Renew(const Aside& aside);
    Result<bool> InsertUnlessThere(const char* collection, const std::string& document);
    Result<bool> Settled(const Aside& aside);

    store::MongoClient& client_;
};

}  // namespace barracuda::adopt

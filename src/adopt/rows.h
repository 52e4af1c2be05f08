// Reading the seed's rows: pages of a collection in the order of `_id`, and everything about some
// clicks. Internal to the adoption.
//
// Threads: one. Errors: as ask.h says.
#pragma once

#include <map>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "adopt/plan.h"
#include "store/mongo/mongo_client.h"

namespace barracuda::adopt {

using Rows = std::vector<std::string>;
using Groups = std::map<domain::ConversionKey, SeedGroup>;

class AdoptionRows {
public:
    AdoptionRows(store::MongoClient& client, const AdoptRules& rules)
        : client_(client), rules_(rules) {}

    // The next `limit` documents after `after`, up to and with `until` where that is given. Both
    // are documents with the `_id` alone, or empty. Ids of all types stand in one order.
    Result<Rows> Page(
        const char* collection, const std::string& after, const std::string& until, size_t limit
    );

    // Everything that the three collections hold about these clicks.
    Result<Groups> AllOf(const std::set<std::string>& clicks);
    Result<Rows> Of(const char* collection, const std::set<std::string>& clicks);

    Result<int64_t> Count(const char* collection);  // about

    // Facts that no page shows: the oldest contact of each e-mail, and the clicks of those that
    // know none (the seed's contact form kept the click in the conversion only, with the e-mail).
    // Reads both collections once; about 60 bytes a contact stay in memory.
    Result<bool> ReadContacts();
    bool IsOldest(std::string_view contact) const;
    void NotOldest(std::string_view contact);  // another one has the key
    struct Click {
        std::string click, hash;
    };
    Click ClickOf(std::string_view contact) const;

    // Indexes by click where the seed's are gone; only for the adoption.
    Result<bool> BuildHelpers();
    Result<bool> DropHelpers();

private:
    struct Oldest {
        bool has_key = false;
        Time created;
        std::string id;
    };
    Result<bool> ReadClicks(const std::set<size_t>& wanted);
    Result<bool> ReadUntrimmed();

    store::MongoClient& client_;
    const AdoptRules& rules_;
    // By click id, how else it is written: with unseen characters at its ends. Read at first use.
    std::map<std::string, std::set<std::string>> untrimmed_;
    bool untrimmed_read_ = false;
    std::unordered_map<size_t, Oldest> oldest_;  // by hash of the e-mail
    std::unordered_map<size_t, Click> clicks_;   // the same; an empty click: several
};

// A document with the `_id` of `document` alone.
std::string IdOnly(std::string_view document);

}  // namespace barracuda::adopt

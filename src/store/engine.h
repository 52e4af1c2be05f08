// The store: documents by key, batches of single-document writes, ordered index scans.
//
// A unit of work is one document, never two (docs/decisions). Every write names what it was decided
// on; if the stored revision is another one the write is `lost` and its command is decided again.
//
//     auto loaded = engine.Load({ref});
//     auto states = engine.Commit({{.ref = ref, .before = loaded[0], .after = bson}});
//
// Threads: every method is thread-safe. Commit is meant for one caller, the ledger; several at a
// time never hold the same document.
// Errors: kUnavailable when the store cannot be read, or refuses writes since an earlier failed
// write or sync (a failed fsync leaves the state unknown: only a restart clears it).
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "domain/conversion.h"
#include "store/accepted_loss.h"

namespace barracuda::store {

enum class Collection : uint8_t {
    kConversions = 1,
    kContacts = 2,
    kAdmins = 3,
    kSessions = 4,
    kApiKeys = 5,
    kNodes = 6,
    kSettings = 7,
};

// A document's address. `key`: its primary key's parts joined by NUL (ids hold no control bytes).
struct Ref {
    Collection collection = Collection::kConversions;
    std::string key;
    friend auto operator<=>(const Ref&, const Ref&) = default;
};

// The address of a conversion, and back.
Ref RefOf(const domain::ConversionKey& key);
domain::ConversionKey ConversionKeyOf(const Ref& ref);

struct Write {
    Ref ref;
    std::optional<std::string> before;  // the document as loaded; nullopt: absent (precondition)
    std::optional<std::string> after;   // nullopt: delete
};

enum class WriteState {
    kApplied,
    kLost,     // the stored revision is not the one of `before`
    kRefused,  // a unique index already holds the value for another document
    kFailed,   // rejected, or its result is unknown
};

// The outcome of a write. `why`: the store's words about a failed one, for the operator, or empty.
struct WriteResult {
    WriteState state;
    std::string why;
    WriteResult(WriteState of, std::string words = {}) : state(of), why(std::move(words)) {}
    operator WriteState() const { return state; }
};

// Which indexes exist is data: index.h.
enum class IndexId : uint8_t;

inline constexpr size_t kRangesMax = 200;  // as many as MongoDB keeps in order by an index

struct ScanRequest {
    Collection collection = Collection::kConversions;
    std::optional<IndexId> index;    // nullopt: by primary key
    std::vector<std::string> equal;  // leading index fields (or a key prefix), exact
    // In place of `equal`: for each leading field of the index its values, any of which. At most
    // kRangesMax combinations.
    std::vector<std::vector<std::string>> any;
    std::string key_prefix;        // with no index: keys that start so
    std::optional<Time> from, to;  // on the date field after `equal`, [from, to)
    bool descending = false;
    std::string
        cursor;  // opaque, of an earlier page of this scan (else kInvalid); empty: the start
    size_t limit = 100;
};

Error BadCursor();  // kInvalid: not a place in the scan it came with

struct Page {
    std::vector<std::string> documents;
    std::string cursor;  // empty: nothing follows
};

// A question for due work. Many nodes share one queue: each asks for its own work and that of dead
// nodes. Every collection has its own: thousands of conversions that a network does not take must
// not stand in front of a form's next step.
struct WorkQuery {
    Collection collection = Collection::kConversions;  // or kContacts
    Time until;                                        // inclusive
    size_t limit = 100;
    std::optional<std::vector<NodeId>> owners = {};  // in this order; nullopt: anybody's
    std::optional<Time> from = {};                   // inclusive: nothing due earlier
};

struct WorkItem {
    Ref ref;
    NodeId owner;
    Time due;
};

inline constexpr const char* kAgain = "again";  // of a goal that counts several times a click
// Count and sum of amounts (micro-units) by what the statistics ask for; kept in the same batch as
// documents.
struct RollupRow {
    // kConversions: month, affiliate_id, goal_type, status, currency, kAgain or empty;
    // kContacts: month, type, status, affiliate_status, ftd, ftd_currency.
    std::vector<std::string> group;
    int64_t count = 0;
    __int128 micros = 0;
};

class Engine {
public:
    virtual ~Engine() = default;

    // The documents in the order of `refs`; nullopt: absent.
    virtual Result<std::vector<std::optional<std::string>>> Load(std::span<const Ref> refs) = 0;
    // The outcome of each write, in order, once it is durable.
    virtual Result<std::vector<WriteResult>> Commit(std::span<const Write> writes) = 0;
    // One page of a list. Errors: also kInvalid, a cursor of another scan.
    virtual Result<Page> Scan(const ScanRequest& request) = 0;
    // How many documents a scan finds, counted up to `most`; `limit` and `cursor` do not matter. It
    // reads no document where the engine's index has the answer.
    virtual Result<size_t> Count(const ScanRequest& request, size_t most);
    // Documents that hold any of `values` in an index whose first field is text; at most 1,000.
    virtual Result<std::vector<std::string>> FindAny(
        IndexId index, std::span<const std::string> values
    );
    // Unfinished documents, oldest first within an owner.
    virtual Result<std::vector<WorkItem>> Work(const WorkQuery& query) = 0;
    // The owners of all unfinished documents, due or not.
    virtual Result<std::vector<NodeId>> WorkOwners() = 0;
    virtual Result<std::vector<RollupRow>> Rollup(Collection collection) = 0;
    // A consistent copy into a directory that does not exist yet.
    virtual Result<bool> Backup(const std::string& directory) = 0;
    // Takes the earlier bytes of these documents out of the engine's own files, at once where no
    // reader holds an older view. Blocks, and may take seconds. An engine whose files are a
    // server's leaves that to the server.
    virtual Result<bool> Purge(std::span<const Ref> refs) {
        (void)refs;
        return true;
    }
    // Why the store takes no writes, readable; nullopt: it takes them.
    virtual std::optional<std::string> Trouble() const = 0;
    // The loss that an operator has accepted; times 0: none.
    virtual AcceptedLoss Accepted() const { return {}; }

    // Faults of the store, as readable lines; `repair` builds indexes and rollups anew.
    virtual Result<std::vector<std::string>> Verify(bool repair) = 0;

    // Whether to insert a document that is most likely new without loading it (its precondition:
    // absent): where a load is a round trip and the store's unique index judges anyway. A lost one
    // is then loaded.
    virtual bool InsertsFirst() const { return false; }
};

}  // namespace barracuda::store

// One Commit on its way to MongoDB: inserts first, the unique index as arbiter, and nothing
// answered before it is certain.
//
// A write whose answer was lost, or that no majority has confirmed, is sent again as it is (its
// `_id` and its `rev` make that harmless) and then looked up by a majority read that sees at least
// what the server saw when it refused. So there are only two ends: certain, or kFailed at the
// deadline.
//
// Threads: one object, one thread, one Commit.
#pragma once

#include <map>
#include <optional>
#include <span>
#include <vector>

#include "store/engine.h"
#include "store/mongo/mongo_client.h"
#include "store/mongo/reader.h"

namespace barracuda::store {

class CommitBatch {
public:
    CommitBatch(Reader& reader, std::span<const Write> writes, Deadline deadline);

    // An answer for every write, in order.
    std::vector<WriteResult> Run();

private:
    enum class Kind { kInsert, kReplace };
    using Indices = std::vector<size_t>;

    // The server's reply to one bulk. `errors` are by the write's position in it.
    struct WriteError {
        uint32_t code = 0;
        std::string words;
        bool of_id = false;   // the index that refused is that of `_id`
        bool of_key = false;  // or of the primary key
    };
    struct Reply {
        std::map<size_t, WriteError> errors;
        size_t done = 0;                        // inserted or matched
        bool majority = true;                   // no write concern error
        bool answered = false;                  // every write was tried and its result came back
        bool clean = false;                     // no error of any kind
        Failure failure = Failure::kTransient;  // when not answered
        std::string words;                      // what went wrong besides `errors`; may be empty
    };

    size_t EndOfRun(size_t begin) const;
    void ApplyRun(size_t begin, size_t end);
    void Send(Collection collection, Kind kind, Indices open, bool again);
    void Halve(Collection collection, Kind kind, const Indices& open, const std::string& why);
    bool Fill(
        mongoc_bulk_operation_t* bulk,
        Collection collection,
        Kind kind,
        const Indices& open,
        std::string& why
    ) const;
    Reply Bulk(Collection collection, Kind kind, const Indices& open);
    static void ReadErrors(
        const bson_t& reply, Collection collection, std::map<size_t, WriteError>& into
    );
    // Settles what the reply makes certain; -> what must be looked up.
    Indices Settle(Kind kind, const Indices& open, const Reply& reply, bool again);
    // -> what is neither stored nor out of date, and is sent again.
    Indices LookUp(Kind kind, const Indices& doubtful, bool again);
    std::optional<WriteResult> StateOfInsert(
        size_t i, const std::optional<std::string>& stored, bool tried
    );
    std::optional<WriteResult> StateOfReplace(size_t i, const std::optional<std::string>& stored);
    void Delete(size_t index);
    void FailAt(size_t index, std::string why);

    Reader& reader_;
    std::span<const Write> writes_;
    Deadline deadline_;
    std::vector<std::optional<WriteResult>> states_;
    std::vector<std::string> documents_;  // as stored by each write; empty: a delete
    // By a unique index; told once a majority has its holder.
    std::map<size_t, WriteResult> refused_;
};

}  // namespace barracuda::store

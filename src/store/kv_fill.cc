// Very many new documents at once: what a commit derives from each, without its looks at what is
// stored.
#include <unordered_map>

#include "store/cells.h"
#include "store/index.h"
#include "store/kv_engine.h"
#include "store/kv_keys.h"
#include "store/kv_run.h"

namespace barracuda::store {

namespace {

// Everything that stands in the store for these documents, in order.
KvRun RunOf(std::vector<NewDocument> documents) {
    KvRun run(documents.size());
    std::unordered_map<std::string, RollupValue> rollups;
    CellBatch cells;
    for (auto& [ref, bytes] : documents) {
        const domain::TopFields fields(bytes);
        for (const auto& entry : EntriesOf(ref, fields)) run.Put(Space::kIndexes, entry.key, {});
        if (auto work = WorkKeyOf(ref, fields)) run.Put(Space::kWork, *work, {});
        if (auto sum = RollupOf(ref, fields)) rollups[std::move(sum->first)].Add(sum->second);
        if (ref.collection == Collection::kConversions) {
            cells.Change(std::nullopt, CountedOf(fields));
        }
        run.Put(Space::kDocuments, DocumentKey(ref), bytes);
        bytes = {};  // so that many of them do not stand in memory twice
    }
    for (const auto& [key, sum] : rollups) run.Add(key, sum.Bytes());
    cells.Each([&run](std::string_view key, const std::string& rows) { run.Add(key, rows); });
    run.Sort();
    return run;
}

}  // namespace

Result<bool> KvEngine::Insert(std::vector<NewDocument> documents) {
    if (auto trouble = Trouble()) return Fail(ErrorCode::kUnavailable, *trouble);
    const KvRun run = RunOf(std::move(documents));
    auto ingested = kv_->Ingest(run);
    for (const auto& at : run.Of(Space::kWork)) empty_work_.Added(run.Key(at));
    TakeKnown();  // loads of the meantime may have read that there was none
    if (ingested) return true;
    SetTrouble("the store refuses writes until a restart: " + ingested.error().message);
    return ingested;
}

Fillable* FillableOf(Engine& engine) { return dynamic_cast<Fillable*>(&engine); }

}  // namespace barracuda::store

#include "store/rocks/rocks_ingest.h"

#include <fmt/format.h>
#include <rocksdb/db.h>
#include <rocksdb/sst_file_writer.h>

namespace barracuda::store {

namespace {

using rocksdb::Status;

Status WriteTable(
    rocksdb::DB& db,
    rocksdb::ColumnFamilyHandle* family,
    const std::string& path,
    const KvRun& run,
    Space space
) {
    const auto options = db.GetOptions(family);
    // Its pages stay in memory: what is made is looked at next.
    rocksdb::SstFileWriter table(rocksdb::EnvOptions(options), options, family, false);
    Status status = table.Open(path);
    for (const auto& at : run.Of(space)) {
        if (!status.ok()) return status;
        const auto key = run.Key(at), value = run.Value(at);
        status = at.add ? table.Merge(key, value) : table.Put(key, value);
    }
    return status.ok() ? table.Finish() : status;
}

}  // namespace

Result<bool> IngestRun(
    rocksdb::DB& db, const Families& families, const std::string& place, const KvRun& run
) {
    std::vector<rocksdb::IngestExternalFileArg> tables;
    Status status;
    for (size_t space = 0; space < kSpaces && status.ok(); ++space) {
        if (run.Of(static_cast<Space>(space)).empty()) continue;
        rocksdb::IngestExternalFileArg table;
        table.column_family = families[space];
        table.external_files = {fmt::format("{}-{}.sst", place, space)};
        table.options.move_files = true;
        table.options.write_global_seqno = false;  // for programs of before RocksDB 5.16
        tables.push_back(table);
        const auto& path = tables.back().external_files.front();
        status = WriteTable(db, families[space], path, run, static_cast<Space>(space));
    }
    // All in one edit of the manifest: documents and what is derived of them come together.
    if (status.ok() && !tables.empty()) status = db.IngestExternalFiles(tables);
    if (!status.ok()) {
        for (const auto& table : tables) {
            (void)db.GetEnv()->DeleteFile(table.external_files.front());
        }
        return Fail(RocksErrorOf(status));
    }
    return true;
}

}  // namespace barracuda::store

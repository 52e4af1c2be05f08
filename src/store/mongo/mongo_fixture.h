// What tests over a real replica set share (BARRACUDA_TEST_MONGODB): an engine over a database of
// its own, and the server's failCommand fail point.
#pragma once

#include "store/engine_fixture.h"
#include "store/mongo/mongo_engine.h"

namespace barracuda::store {

inline constexpr auto kApplied = WriteState::kApplied;
inline constexpr auto kLost = WriteState::kLost;
inline constexpr auto kFailed = WriteState::kFailed;

// One instance where there is a server, none elsewhere.
class MongoTest : public testing::TestWithParam<Kind> {
protected:
    TempDatabase database_;
    std::unique_ptr<MongoEngine> engine_ = database_.Open();
    Engine& engine() { return *engine_; }

    void TearDown() override { FailPoint(R"({"configureFailPoint":"failCommand","mode":"off"})"); }

    void FailPoint(std::string_view command) {
        auto lease = engine_->client().Take();
        ASSERT_TRUE(lease);
        auto set = lease->Command(Bson::Json(command), true);
        ASSERT_TRUE(set) << set.error().message;
    }
    // `how`: members of the fail point's data, as JSON.
    void Fail(const std::string& command, int times, const std::string& how) {
        std::string mode = times > 0 ? "{\"times\":" + std::to_string(times) + "}" : "\"alwaysOn\"";
        FailPoint(
            R"({"configureFailPoint":"failCommand","mode":)" + mode + R"(,"data":{"appName":")" +
            database_.name() + R"(","failCommands":[")" + command + R"("],)" + how + "}}"
        );
    }
    // Bytes straight into the database, as another application wrote them.
    void Insert(const char* collection, const Bson& document) {
        auto lease = engine_->client().Take();
        ASSERT_TRUE(lease);
        bson_error_t error = {};
        ASSERT_TRUE(mongoc_collection_insert_one(
            lease->Collection(collection).get(), document.get(), nullptr, nullptr, &error
        )) << error.message;
    }
};

// Written, but the server says that no majority confirmed it (64: wtimeout).
inline constexpr const char* kUnconfirmed =
    R"("writeConcernError":{"code":64,"errmsg":"waiting for replication timed out"})";
inline constexpr const char* kClosed = R"("closeConnection":true)";
inline constexpr const char* kNoPrimary = R"("errorCode":10107)";

// A database with one document that this engine did not write.
inline void With(TempDatabase& theirs, const char* collection, const char* json) {
    auto lease = MongoBeside().Take();
    ASSERT_TRUE(lease);
    MongoCollection into(
        mongoc_client_get_collection(lease->get(), theirs.name().c_str(), collection),
        mongoc_collection_destroy
    );
    bson_error_t error = {};
    EXPECT_TRUE(
        mongoc_collection_insert_one(into.get(), Bson::Json(json).get(), nullptr, nullptr, &error)
    ) << error.message;
}

}  // namespace barracuda::store

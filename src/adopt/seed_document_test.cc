#include "adopt/seed_document.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace barracuda::adopt {
namespace {

using domain::BsonWriter;
using domain::TopFields;

std::string JsonOf(std::string_view bson) {
    bson_t view;
    EXPECT_TRUE(bson_init_static(&view, reinterpret_cast<const uint8_t*>(bson.data()), bson.size())
    );
    char* text = bson_as_relaxed_extended_json(&view, nullptr);
    std::string json = text;
    bson_free(text);
    return json;
}

std::string BsonOf(const char* json) {
    bson_t* parsed = bson_new_from_json(reinterpret_cast<const uint8_t*>(json), -1, nullptr);
    EXPECT_TRUE(parsed) << json;
    std::string bytes(reinterpret_cast<const char*>(bson_get_data(parsed)), parsed->len);
    bson_destroy(parsed);
    return bytes;
}

std::optional<Time> TimeIn(const char* json) {
    const std::string bson = BsonOf(json);
    return SeedTime(TopFields(bson), "at");
}

TEST(SeedTimes, AreReadInEveryTypeTheSeedWrote) {
    const Time moment{1'700'000'000'000};
    for (const char* json :
         {R"({"at": {"$date": {"$numberLong": "1700000000000"}}})",
          R"({"at": {"$numberLong": "1700000000000"}})",
          R"({"at": 1700000000})",
          R"({"at": 1700000000.0})",
          R"({"at": 1700000000000.0})",
          R"({"at": "2023-11-14T22:13:20Z"})",
          R"({"at": "2023-11-14T22:13:20.000Z"})"}) {
        EXPECT_EQ(TimeIn(json), moment) << json;
    }
    for (const char* json :
         {R"({})",
          R"({"at": null})",
          R"({"at": ""})",
          R"({"at": "yesterday"})",
          R"({"at": true})",
          R"({"at": {"year": 2023}})",
          R"({"at": [1700000000]})"}) {
        EXPECT_FALSE(TimeIn(json)) << json;
    }
}

TEST(SeedTimes, ADocumentsAgeIsTheFirstOfThreeThatIsThere) {
    auto created = [](const char* json) {
        const std::string bson = BsonOf(json);
        return SeedCreated(TopFields(bson));
    };
    const char* id = R"("_id": {"$oid": "6553f100000000000000000a"})";  // 2023-11-14T22:13:20Z
    auto with = [&](const std::string& more) { return "{" + std::string(id) + more + "}"; };
    EXPECT_EQ(created(with("").c_str()), (Time{1'700'000'000'000}));
    EXPECT_EQ(created(with(R"(, "updatedAt": 1600000000)").c_str()), (Time{1'600'000'000'000}));
    EXPECT_EQ(
        created(with(R"(, "createdAt": 1500000000, "updatedAt": 1600000000)").c_str()),
        (Time{1'500'000'000'000})
    );
    EXPECT_EQ(created(with(R"(, "createdAt": 0)").c_str()), (Time{1'700'000'000'000}))
        << "1970 is no age";
    EXPECT_EQ(created(R"({"_id": "text"})"), Time{});
    EXPECT_EQ(created("{}"), Time{});
}

TEST(SubstituteIds, AreTheSameEveryTimeAndTellNoAge) {
    const std::string text = BsonOf(R"({"_id": "a"})"), number = BsonOf(R"({"_id": 1})");
    const ObjectId id = SubstituteId("conversions", text);
    EXPECT_EQ(SubstituteId("conversions", text), id);
    EXPECT_NE(SubstituteId("postbacks", text), id);
    EXPECT_NE(SubstituteId("conversions", number), id);
    EXPECT_NE(
        SubstituteId("conversions", number), SubstituteId("conversions", BsonOf(R"({"_id": "1"})"))
    ) << "the number 1 and the text 1 are two documents";
    BsonWriter made;
    made.Id("_id", id);
    const std::string bson = made.Take();
    EXPECT_TRUE(HasSubstituteId(bson));
    EXPECT_EQ(SeedCreated(TopFields(bson)).ms, 0);
    EXPECT_FALSE(HasSubstituteId(text));
    EXPECT_FALSE(HasSubstituteId(BsonOf(R"({"_id": {"$oid": "6553f100000000000000000a"}})")));
}

TEST(SeedTypes, TextOtherScalarsAndNothingAreToldApart) {
    const std::string bson = BsonOf(R"({"text": "7", "number": 7, "null": null, "flag": true})");
    const TopFields fields(bson);
    EXPECT_TRUE(HoldsText(fields, "text"));
    for (const char* name : {"number", "null", "flag", "absent"}) {
        EXPECT_FALSE(HoldsText(fields, name)) << name;
    }
    EXPECT_TRUE(HoldsOtherScalar(fields, "number"));
    EXPECT_TRUE(HoldsOtherScalar(fields, "flag"));
    for (const char* name : {"text", "null", "absent"}) {
        EXPECT_FALSE(HoldsOtherScalar(fields, name)) << name;
    }
}

TEST(SameValues, NameTypeAndBytesCount) {
    const std::string bson = BsonOf(
        R"({"a": 1, "b": {"$numberLong": "1"}, "c": 1.0, "d": "1", "e": {"x": 1}, "f": {"x": 2}})"
    );
    const TopFields fields(bson);
    const char* names[] = {"a", "b", "c", "d", "e", "f"};
    for (const char* one : names) {
        for (const char* other : names) {
            EXPECT_EQ(SameValue(*fields.Find(one), *fields.Find(other)), one == other)
                << one << " " << other;
        }
    }
}

TEST(Updates, NameWhatChangedAndNothingElse) {
    const std::string read = BsonOf(R"({"_id": "a", "same": 1, "other": 1, "gone": true})");
    const std::string after = BsonOf(R"({"_id": "a", "same": 1, "other": 2, "fresh": "x"})");
    EXPECT_EQ(
        JsonOf(UpdateOf(read, after, {})),
        R"({ "$set" : { "other" : 2, "fresh" : "x" }, "$unset" : { "gone" : "" } })"
    );
    EXPECT_EQ(UpdateOf(read, read, {}), "");
    EXPECT_EQ(JsonOf(UpdateOf(read, read, {"same"})), R"({ "$set" : { "same" : 1 } })");
    EXPECT_EQ(UpdateOf(read, read, {"absent"}), "");
}

TEST(SeedKeys, AReasonIsGivenForWhatHasNone) {
    const AdoptRules rules{.now = Time{1}};
    auto problem = [&](SeedKind kind, const char* json) {
        auto key = SeedKeyOf(kind, BsonOf(json), rules);
        return key ? "" : key.error().message;
    };
    EXPECT_EQ(problem(SeedKind::kConversion, R"({"goal_id": "6"})"), "no click");
    EXPECT_EQ(problem(SeedKind::kConversion, R"({"click_id": "", "goal_id": "6"})"), "no click");
    EXPECT_EQ(problem(SeedKind::kConversion, R"({"click_id": "c"})"), "no goal");
    EXPECT_EQ(problem(SeedKind::kPostback, R"({"click_id": "c"})"), "no goal");
    EXPECT_EQ(problem(SeedKind::kFtd, R"({"click_id": "c"})"), "") << "a deposit's goal is known";
    EXPECT_EQ(problem(SeedKind::kFtd, R"({"click_id": true})"), "click_id: no id");
    EXPECT_EQ(problem(SeedKind::kFtd, R"({"click_id": {"a": 1}})"), "click_id: no id");
    EXPECT_EQ(
        problem(SeedKind::kFtd, R"({"click_id": "a\u0007b"})"), "click_id: has a control character"
    );
    const std::string longest = R"({"click_id": ")" + std::string(1024, 'c') + R"("})";
    const std::string longer = R"({"click_id": ")" + std::string(1025, 'c') + R"("})";
    EXPECT_EQ(problem(SeedKind::kFtd, longest.c_str()), "");
    EXPECT_EQ(problem(SeedKind::kFtd, longer.c_str()), "click_id: is longer than 1024 bytes");
}

}  // namespace
}  // namespace barracuda::adopt

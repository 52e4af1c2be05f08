// An answer is JSON whatever is stored.
#include "api/conversion_json.h"

#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "domain/bson.h"

namespace barracuda::api {
namespace {

namespace json = boost::json;

json::object JsonOf(const domain::BsonWriter& document) {
    auto conversion = domain::DecodeConversion(document.Take());
    EXPECT_TRUE(conversion);
    boost::system::error_code ec;
    auto value = json::parse(ConversionJson(*conversion).Done(), ec);
    EXPECT_FALSE(ec) << ec.message() << ": " << ConversionJson(*conversion).Done();
    return ec ? json::object() : value.as_object();
}

TEST(ConversionJson, OfASoundDocument) {
    domain::BsonWriter to;
    to.Text("click_id", "c\xC3\xA9");
    to.Text("goal_id", "6");
    to.Decimal("amount", "12.50");
    to.Bool("is_test", true);
    to.Int("history_dropped", 3);
    auto shown = JsonOf(to);
    EXPECT_EQ(shown["history_dropped"].as_int64(), 3);
    EXPECT_EQ(shown["click_id"].as_string(), "c\xC3\xA9");
    EXPECT_EQ(shown["amount"].to_number<double>(), 12.5);
    EXPECT_TRUE(shown["is_test"].as_bool());
}

TEST(ConversionJson, OfWhatOthersStored) {
    domain::BsonWriter to, history, entry;
    to.Text("click_id", "c\xFF");
    to.Text("goal_id", "6");
    to.Text("amount", "about \"ten\"");
    to.Text("payout", "1e999");
    to.Text("is_test", "maybe");
    to.Text("sub1", std::string_view("a\0\x01\x7f", 4));
    to.Text("country", "\xED\xA0\x80");
    entry.Text("by", "\xC0");
    history.Document("0", entry.Take());
    to.Array("history", history);
    auto shown = JsonOf(to);
    EXPECT_EQ(shown["click_id"].as_string(), "c\xEF\xBF\xBD");
    EXPECT_EQ(shown["amount"].as_string(), "about \"ten\"");
    EXPECT_EQ(shown["payout"].as_string(), "1e999");
    EXPECT_FALSE(shown["is_test"].as_bool());
    EXPECT_EQ(shown["sub1"].as_string().size(), 4u);
    EXPECT_EQ(shown["history"].as_array().size(), 1u);
}

// Told as it was given.
TEST(ConversionJson, OfMetadata) {
    bson_t inner = BSON_INITIALIZER, list = BSON_INITIALIZER;
    bson_append_double(&inner, "a", -1, 0.1);
    bson_append_double(&inner, "b", -1, 1e300);
    bson_append_double(&inner, "c", -1, -2.5e-7);
    bson_append_int64(&inner, "d", -1, 9007199254740993);
    bson_append_int32(&inner, "e", -1, -1);
    bson_append_utf8(&inner, "f\"", -1, "x\0\n\"", 4);
    bson_append_bool(&inner, "g", -1, true);
    bson_append_null(&inner, "h", -1);
    bson_append_utf8(&list, "0", -1, "y", 1);
    bson_append_double(&list, "1", -1, 7);
    bson_append_array(&inner, "i", -1, &list);
    bson_append_date_time(&inner, "j", -1, 0);
    bson_append_double(&inner, "k", -1, HUGE_VAL);
    domain::BsonWriter to;
    to.Text("click_id", "c");
    to.Text("goal_id", "6");
    to.Document("metadata", {reinterpret_cast<const char*>(bson_get_data(&inner)), inner.len});
    bson_destroy(&inner);
    bson_destroy(&list);
    auto conversion = domain::DecodeConversion(to.Take());
    ASSERT_TRUE(conversion);
    const std::string shown = ConversionJson(*conversion).Done();
    const std::string expected =
        R"("metadata":{"a":0.1,"b":1e+300,"c":-2.5e-07,"d":9007199254740993,"e":-1,)"
        R"("f\"":"x\u0000\n\"","g":true,"h":null,"i":["y",7],)";
    EXPECT_NE(shown.find(expected), std::string::npos) << shown;
    boost::system::error_code ec;
    auto metadata = json::parse(shown, ec).at("metadata").as_object();
    EXPECT_TRUE(metadata.at("j").is_object() && metadata.at("k").is_object()) << shown;
}

}  // namespace
}  // namespace barracuda::api

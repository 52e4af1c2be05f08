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
    auto shown = JsonOf(to);
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

}  // namespace
}  // namespace barracuda::api

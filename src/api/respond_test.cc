// Answers: what a parser reads of them is what was put in, whatever it was; and which refusal says
// what.
#include "api/respond.h"

#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <random>

#include "base/text.h"

namespace barracuda::api {
namespace {

namespace json = boost::json;

std::string Read(const std::string& text) {
    boost::system::error_code ec;
    const auto value = json::parse(text, ec);
    EXPECT_FALSE(ec) << text;
    return value.is_string() ? std::string(value.get_string()) : "no text";
}

TEST(JsonText, EveryByteAndEveryPairOfThemIsJson) {
    for (int one = 0; one < 256; ++one) {
        for (int other = 0; other < 256; ++other) {
            const std::string text{static_cast<char>(one), static_cast<char>(other)};
            const std::string quoted = JsonText(text);
            ASSERT_EQ(Read(quoted), IsUtf8(text, Nul::kTaken) ? text : CleanUtf8(text))
                << one << " " << other;
            for (unsigned char c : quoted)
                ASSERT_TRUE(c >= 0x20 && c != 0x7f)
                    << "no control byte in a line of a log or a stream";
        }
    }
}

TEST(JsonText, AnyTextIsReadAgain) {
    std::mt19937_64 random(9);
    const std::vector<std::string> alphabet = {
        "a",
        "\"",
        "\\",
        "\n",
        "\x01",
        "\x7f",
        "</script>",
        "\u2028",
        "ß",
        "\U0001f41f",
        "\ufeff",
        "{",
        "\\u0041"};
    for (int round = 0; round < 20'000; ++round) {
        std::string text;
        for (size_t n = random() % 12; n > 0; --n) text += alphabet[random() % alphabet.size()];
        ASSERT_EQ(Read(JsonText(text)), text);
        ASSERT_EQ(Read("\"" + JsonName(text) + "\""), text);
    }
}

TEST(JsonObject, IsReadAsItWasPut) {
    JsonObject inner, object;
    JsonList list, none;
    inner.Text("text", "a\"b").TextOrNull("nothing", "").TextOrNull("some", "x");
    list.Text("one").Raw("2").Object(inner);
    object.Bool("yes", true).Bool("no", false).Int("least", INT64_MIN).Int("most", INT64_MAX);
    object.Amount("money", "12.5").Amount("no_money", "many").Raw("raw", "null");
    object.List("list", list)
        .List("none", none)
        .Object("inner", inner)
        .Object("empty", JsonObject());
    const auto read = json::parse(object.Done()).get_object();
    EXPECT_EQ(read.at("yes"), true);
    EXPECT_EQ(read.at("no"), false);
    EXPECT_EQ(read.at("least").get_int64(), INT64_MIN);
    EXPECT_EQ(read.at("most").get_int64(), INT64_MAX);
    EXPECT_EQ(read.at("money").get_double(), 12.5);
    EXPECT_EQ(read.at("no_money").get_string(), "many") << "what is no sum stays text";
    EXPECT_TRUE(read.at("raw").is_null());
    EXPECT_EQ(read.at("list").get_array().size(), 3u);
    EXPECT_EQ(read.at("none").get_array().size(), 0u);
    EXPECT_EQ(read.at("inner").get_object().at("text").get_string(), "a\"b");
    EXPECT_TRUE(read.at("inner").get_object().at("nothing").is_null());
    EXPECT_EQ(read.at("empty").get_object().size(), 0u);
    EXPECT_EQ(read.size(), 11u);
}

struct Refused {
    ErrorCode code;
    int status;
};

TEST(ErrorResponse, EachErrorHasItsStatusAndSaysWhatItMay) {
    for (const auto& [code, status] :
         {Refused{ErrorCode::kInvalid, 400},
          Refused{ErrorCode::kUnauthorized, 401},
          Refused{ErrorCode::kForbidden, 403},
          Refused{ErrorCode::kNotFound, 404},
          Refused{ErrorCode::kConflict, 409},
          Refused{ErrorCode::kLimited, 429},
          Refused{ErrorCode::kUpstream, 502},
          Refused{ErrorCode::kUnavailable, 503},
          Refused{ErrorCode::kInternal, 503}}) {
        const auto response = ErrorResponse({code, "why \"it\" is so", "field"});
        EXPECT_EQ(response.status, status);
        const auto body = json::parse(response.body).get_object();
        EXPECT_EQ(body.at("success"), false);
        const bool ours = status == 503;
        EXPECT_EQ(body.at("message").get_string() == "why \"it\" is so", !ours)
            << "a fault of ours is not told to strangers";
        EXPECT_EQ(body.contains("field"), status == 400) << status;
        EXPECT_NE(response.reason.find("why \"it\" is so"), std::string::npos) << "but to the log";
        bool retry = false, challenge = false;
        for (const auto& [name, value] : response.headers) {
            retry |= name == "Retry-After";
            challenge |= name == "WWW-Authenticate";
        }
        EXPECT_EQ(retry, status == 503 || status == 429) << status;
        EXPECT_EQ(challenge, status == 401) << status;
    }
}

TEST(ErrorResponse, ARefusalWithoutAFieldNamesNone) {
    const auto body = json::parse(BadRequest({ErrorCode::kInvalid, "why", {}}).body).get_object();
    EXPECT_FALSE(body.contains("field"));
    const auto named =
        json::parse(BadRequest({ErrorCode::kInvalid, "a\nb is wrong", "a\nb"}).body).get_object();
    EXPECT_EQ(named.at("field").get_string(), "a\nb");
}

}  // namespace
}  // namespace barracuda::api

#include "api/input.h"

#include <gtest/gtest.h>

#include <string>

#include "api/nearest.h"
#include "api/reader.h"

namespace barracuda::api {
namespace {

http::Request Posted(std::string body, std::string type = "") {
    http::Request request;
    request.method = "POST";
    request.target = "/";
    request.body = std::move(body);
    if (!type.empty()) request.headers.emplace_back("Content-Type", std::move(type));
    return request;
}

http::Request Asked(const std::string& query) {
    http::Request request;
    request.target = "/?" + query;
    request.malformed_query = !http::ParseQuery(query, request.query);
    return request;
}

std::string Refusal(const http::Request& request) {
    auto input = Input::OfBody(request);
    return input ? "" : input.error().message;
}

constexpr const char* kForm = "application/x-www-form-urlencoded";
constexpr const char* kMultipart = "multipart/form-data; boundary=xyz";

std::string Part(const std::string& header, const std::string& text) {
    return "--xyz\r\n" + header + "\r\n\r\n" + text + "\r\n";
}
std::string Field(const std::string& name, const std::string& text) {
    return Part("Content-Disposition: form-data; name=\"" + name + "\"", text);
}

TEST(Input, AByteOrderMarkIsNoPartOfTheFirstName) {
    const std::string mark = "\xEF\xBB\xBF";
    for (const auto& request :
         {Posted(mark + R"({"amount":5})"),
          Posted(mark + "amount=5", kForm),
          Posted(mark + R"({"amount":5})", kForm),
          Posted(mark + Field("amount", "5") + "--xyz--", kMultipart)}) {
        auto input = Input::OfBody(request);
        ASSERT_TRUE(input) << input.error().message;
        ASSERT_TRUE(input->Find("amount"));
        EXPECT_EQ(input->Find("amount")->text, "5");
    }
    EXPECT_NE(Refusal(Posted(mark)).find("empty"), std::string::npos);
}

TEST(Input, OnlyWhatIsReadCanBeWrong) {
    const std::string bad = "\"\xFF\"";
    for (const auto& request :
         {Posted(R"({"id":"a","x":1,"x":2,"y":{"a":[1]},"z":[]})"),
          Posted(R"({"id":"a","x":)" + bad + "}"),
          Posted(R"({"id":"a",)" + bad + ":1}"),
          Posted("id=a&x=1&x=2&x%=1&y=100%&%FF=1&&=1&=2", kForm)}) {
        auto input = Input::OfBody(request);
        ASSERT_TRUE(input) << input.error().message;
        Reader reader(*input);
        EXPECT_EQ(reader.Id("id"), "a");
        EXPECT_FALSE(reader.error());
        EXPECT_FALSE(input->Unread().empty());
    }
    auto read = [](const http::Request& request) {
        auto input = request.body.empty() ? Input::OfQuery(request) : Input::OfBody(request);
        Reader reader(*input);
        reader.Text("x");
        return reader.error() ? reader.error()->message : "";
    };
    EXPECT_EQ(read(Posted(R"({"x":1,"x":1})")), "x is given twice");
    EXPECT_EQ(read(Posted("x=&x=", kForm)), "x is given twice");
    EXPECT_EQ(read(Posted("x=100%", kForm)), "x has an invalid %-escape");
    EXPECT_EQ(read(Posted(R"({"x":)" + bad + "}")), "x is not valid UTF-8");
    EXPECT_EQ(read(Posted(R"({"x":"a\u0000"})")), "x has a NUL character");
    EXPECT_EQ(read(Asked("x=a%00")), "x has a NUL character");
    EXPECT_EQ(read(Asked("x=a&x=a")), "x is given twice");
    EXPECT_EQ(read(Asked("x=5%&y=%zz")), "x has an invalid %-escape");
    EXPECT_EQ(read(Posted(R"({"x":true})")), "x must be text, not true or false");
}

TEST(Input, SaysWhatIsUnread) {
    auto input = Input::OfBody(Posted(R"({"b":1,"a":null,"c":"","d":[],"e":{}})"));
    Reader reader(*input);
    reader.Text("a");
    reader.Text("c");
    EXPECT_EQ(input->Unread(), (std::vector<std::string>{"b", "d", "e"}));
}

TEST(Input, MultipartTextFieldsAreAForms) {
    auto input = Input::OfBody(Posted(
        "preamble\r\n" + Field("a", "1\r\n2") + Field("empty", "") + Field("q%22 \\\" x", "3") +
            Part("content-disposition: FORM-DATA ; name=token; x=\"a;b\"", "4") +
            Part(
                "Content-Disposition: form-data; name=\"file\"; "
                "filename=\"a.txt\"\r\nContent-Type: "
                "text/plain",
                "5"
            ) +
            Part("Content-Disposition: form-data; name=\"star\"; filename*=utf-8''a", "6") +
            Part(
                "Content-Disposition: form-data; name=\"coded\"\r\nContent-Transfer-Encoding: "
                "base64",
                "Nw=="
            ) +
            Part("Content-Type: text/plain", "8") + "--xyz--\r\nepilogue",
        "Multipart/Form-Data; charset=utf-8; Boundary=\"xyz\""
    ));
    ASSERT_TRUE(input) << input.error().message;
    auto text = [&](const char* name) { return input->Find(name) ? input->Find(name)->text : "-"; };
    EXPECT_EQ(text("a"), "1\r\n2");
    EXPECT_EQ(text("empty"), "-");
    EXPECT_TRUE(input->Has("empty"));
    EXPECT_EQ(text("q\" \" x"), "3");
    EXPECT_EQ(text("token"), "4");
    for (const char* name : {"file", "star", "coded"}) EXPECT_FALSE(input->Has(name)) << name;
    EXPECT_EQ(input->Unread(), (std::vector<std::string>{"file", "star", "coded", ""}));
    EXPECT_TRUE(Input::OfBody(Posted("--xyz--\r\n", kMultipart)));
}

TEST(Input, WhatIsNoMultipartIsRefused) {
    for (const auto& request :
         {Posted(Field("a", "1") + "--xyz--", "multipart/form-data"),
          Posted("", kMultipart),
          Posted("a=1", kMultipart),
          Posted(R"({"a":1})", kMultipart),
          Posted(Field("a", "1"), kMultipart),
          Posted("--xyz\r\nContent-Disposition: form-data; name=a", kMultipart),
          Posted("--xyzContent", kMultipart),
          Posted("--xyz\r\n", kMultipart),
          Posted("--xyz\r\n\r\n", kMultipart),
          Posted(Part(std::string(9000, 'h'), "1") + "--xyz--", kMultipart),
          Posted("--xyz", "multipart/form-data; boundary=" + std::string(71, 'x'))}) {
        EXPECT_NE(Refusal(request).find("multipart"), std::string::npos) << request.body;
    }
    EXPECT_EQ(
        Refusal(Posted("--xyz--", "multipart/form-data; boundary=;;;\"=")),
        "the body is not valid multipart/form-data: its content type names no boundary of 1 to 70 "
        "characters"
    );
}

TEST(Input, FieldsAreBounded) {
    std::string form, parts, json = "{\"k\":1";
    for (int i = 0; i < 1024; ++i) {
        form += "k" + std::to_string(i) + "=1&";
        parts += Field("k", "1");
        json += ",\"k" + std::to_string(i) + "\":1";
    }
    EXPECT_EQ(Refusal(Posted(form, kForm)), "");
    EXPECT_NE(Refusal(Posted(form + "k=1", kForm)).find("1024 fields"), std::string::npos);
    EXPECT_EQ(Refusal(Posted(parts + "--xyz--", kMultipart)), "");
    EXPECT_NE(
        Refusal(Posted(parts + Field("k", "1") + "--xyz--", kMultipart)).find("1024 fields"),
        std::string::npos
    );
    EXPECT_NE(Refusal(Posted(json + "}")).find("1024 fields"), std::string::npos);
}

TEST(Input, WhatIsNoJsonIsNamed) {
    struct Case {
        std::string body, type, words;
    } cases[] = {
        {R"({"a":1,})", "application/json", "at byte 7"},
        {"\xEF\xBB\xBF{\"a\":1,}", "", "at byte 10"},
        {R"({"click":tru})", "", "click"},
        {R"({"a":1} x)", "", "more after its end"},
        {"{\"a\":\"\\ud800\"}", "", "at a"},
        {"a=1&b=2", "application/json", "x-www-form-urlencoded"},
        {"click_id=c+1", "", "x-www-form-urlencoded"},
        {"<xml a='1'/>", "text/xml; charset=utf-8", "text/xml is not taken"},
        {"a,b", "text/csv", "text/csv is not taken"},
        {"--x", "multipart/mixed; boundary=x", "multipart/mixed is not taken"},
        {std::string("{\0\"\0a\0", 6), "application/json", "UTF-16"},
        {std::string("\0{\0\"", 4), "application/json", "UTF-16"},
        {std::string("\xFF\xFE{\0", 4), "application/json", "UTF-16"},
        {"\x1F\x8B\x08", "application/json", "compressed"},
        {"nonsense", "application/json", "not valid JSON at byte"},
        {"[1]", "application/json", "must be a JSON object"},
        {"", "application/json", "empty"},
    };
    for (const auto& c : cases) {
        EXPECT_NE(Refusal(Posted(c.body, c.type)).find(c.words), std::string::npos)
            << c.words << " | " << Refusal(Posted(c.body, c.type));
    }
    for (const char* type :
         {"", "text/plain", "application/vnd.api+json", "application/JSON;x=y"}) {
        EXPECT_EQ(Refusal(Posted(R"({"a":1})", type)), "") << type;
    }
}

TEST(Reader, IdsAreTrimmedAndNeverAStandIn) {
    auto id = [](const char* json, Reader::StandIns stand_ins = Reader::StandIns::kRefused) {
        auto input = Input::OfBody(Posted(json));
        Reader reader(*input, stand_ins);
        std::string text = reader.Id("id");
        return reader.error() ? reader.error()->message
                              : text + (input->Unread().empty() ? "" : " unread");
    };
    EXPECT_EQ(id(R"({"id":" a b\u200b"})"), "a b");
    EXPECT_EQ(id(R"({"id":"\u00a0"})"), "");
    EXPECT_EQ(id(R"({"id":5})"), "5");
    EXPECT_EQ(id(R"({"id":12345678901234567890123})"), "12345678901234567890123");
    for (const char* number : {R"({"id":5.0})", R"({"id":1e3})", R"({"id":true})"}) {
        EXPECT_EQ(id(number), "id must be a string or a whole number");
    }
    EXPECT_NE(id(R"({"id":"{x}"})").find("macro"), std::string::npos);
    EXPECT_NE(id(R"({"id":"null"})").find("placeholder"), std::string::npos);
    EXPECT_EQ(id(R"({"id":"{x}"})", Reader::StandIns::kDropped), " unread");
    EXPECT_EQ(id(R"({"id":"null"})", Reader::StandIns::kDropped), " unread");
    EXPECT_NE(
        id(R"({"id":"a\u200bb"})", Reader::StandIns::kDropped).find("nobody sees"),
        std::string::npos
    );
}

TEST(Reader, AnUnescapedMacroIsAMacro) {
    for (const char* query : {"id=%click_id%", "id=%ad_id%", "id=%cafe%", "a=%&id=%25x%"}) {
        auto input = Input::OfQuery(Asked(query));
        Reader reader(*input);
        reader.Id("id");
        ASSERT_TRUE(reader.error()) << query;
        EXPECT_NE(reader.error()->message.find("macro"), std::string::npos) << query;
    }
}

TEST(Reader, Sub1IsNeverAReasonToRefuse) {
    auto sub1 = [](std::string json) {
        auto input = Input::OfBody(Posted("{\"sub1\":" + json + "}"));
        Reader reader(*input);
        std::string text = reader.Sub1();
        EXPECT_FALSE(reader.error()) << json;
        return text + (reader.dropped() ? " dropped" : "");
    };
    EXPECT_EQ(sub1(R"("\ufeffa\tb ")"), "a\tb");
    EXPECT_EQ(sub1("5"), "5");
    EXPECT_EQ(sub1("\"" + std::string(4096, 'x') + "  \""), std::string(4096, 'x'));
    for (const std::string& json :
         {"\"" + std::string(4097, 'x') + "\"",
          std::string(R"("{sub1}")"),
          std::string(R"(" None ")"),
          std::string("true"),
          std::string("[1]"),
          std::string("{}"),
          std::string(R"("a\u0000")"),
          std::string("\"\xFF\"")}) {
        EXPECT_EQ(sub1(json), " dropped") << json;
    }
}

TEST(Reader, AnEmptyListIsNoMetadata) {
    auto metadata = [](const char* json) {
        auto input = Input::OfBody(Posted(json));
        Reader reader(*input);
        domain::Fields fields;
        reader.Common(fields);
        if (reader.error()) return reader.error()->message;
        return std::string(fields.Find(domain::Field::kMetadata) ? "given" : "none");
    };
    EXPECT_EQ(metadata(R"({"metadata":[]})"), "none");
    EXPECT_EQ(metadata(R"({"metadata":[ ]})"), "none");
    EXPECT_EQ(metadata(R"({"metadata":{}})"), "given");
    EXPECT_EQ(metadata(R"({"metadata":[[]]})"), "metadata must be an object");
    EXPECT_EQ(metadata(R"({"metadata":[1]})"), "metadata must be an object");
    // What lies beside it may be as deep as JSON may be.
    std::string deep = "1";
    for (int i = 0; i < 60; ++i) deep = "[" + deep + "]";
    EXPECT_EQ(metadata((R"({"other":)" + deep + R"(,"metadata":{"a":1}})").c_str()), "given");
    EXPECT_NE(metadata("{\"metadata\":{\"a\":\"\xFF\"}}").find("UTF-8"), std::string::npos);
}

TEST(Reader, CountsAreWholeNumbers) {
    auto count = [](const std::string& text, size_t most) {
        auto input = Input::OfBody(Posted("{\"n\":\"" + text + "\"}"));
        Reader reader(*input);
        const size_t value = most ? reader.CountUpTo("n", 50, most) : reader.Count("n", 50);
        return reader.error() ? 0 : value;
    };
    for (size_t most : {0, 200}) {
        EXPECT_EQ(count("", most), 50u);
        EXPECT_EQ(count("7", most), 7u);
        for (const char* none : {"0", "00", "-1", "+1", "1.5", "1e3", "x", " 1", "5x"}) {
            EXPECT_EQ(count(none, most), 0u) << none;
        }
    }
    EXPECT_EQ(count("201", 200), 200u);
    EXPECT_EQ(count("2147483648", 200), 200u);
    EXPECT_EQ(count(std::string(40, '9'), 200), 200u);
    EXPECT_EQ(count("999999999", 0), Reader::kCountMax);
    EXPECT_EQ(count("1000000000", 0), 0u);
    EXPECT_EQ(count(std::string(40, '9'), 0), 0u);
}

TEST(Nearest, NamesWhatWasMeant) {
    constexpr std::string_view kNames[] = {"goal_type", "type", "status", "sortBy", "to", "amount"};
    EXPECT_EQ(DidYouMean("goaltype", kNames), "; did you mean goal_type?");
    EXPECT_EQ(DidYouMean("typ", kNames), "; did you mean type?");
    EXPECT_EQ(DidYouMean("stauts", kNames), "; did you mean status?");
    EXPECT_EQ(DidYouMean("ammount", kNames), "; did you mean amount?");
    EXPECT_EQ(DidYouMean("xyz", kNames), "");
    EXPECT_EQ(DidYouMean("t", kNames), "");
    EXPECT_EQ(DidYouMean(std::string(5000, 'a'), kNames), "");
}

}  // namespace
}  // namespace barracuda::api

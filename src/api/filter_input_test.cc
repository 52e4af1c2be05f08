// What a query or a body means: several values with commas between, words of closed lists, and what
// can match nothing.
#include "api/filter_input.h"

#include <gmock/gmock.h>

#include <random>

namespace barracuda::api {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(ValuesIn, CommasPartThemAndABackslashKeepsOne) {
    EXPECT_THAT(ValuesIn("a"), ElementsAre("a"));
    EXPECT_THAT(ValuesIn("a,b"), ElementsAre("a", "b"));
    EXPECT_THAT(ValuesIn(" a , b\u200b,,\t,"), ElementsAre("a", "b"));
    EXPECT_THAT(ValuesIn("a\\,b"), ElementsAre("a,b"));
    EXPECT_THAT(ValuesIn("\\,"), ElementsAre(","));
    EXPECT_THAT(ValuesIn("\\,\\,,\\,"), ElementsAre(",,", ","));
    EXPECT_THAT(ValuesIn("a\\b,c\\"), ElementsAre("a\\b", "c\\")) << "a backslash of its own";
    EXPECT_THAT(ValuesIn("\\\\,a"), ElementsAre("\\,a")) << "the second one keeps the comma";
    EXPECT_THAT(ValuesIn(""), IsEmpty());
    EXPECT_THAT(ValuesIn(" , ,,"), IsEmpty());
}

TEST(ValuesIn, WhatAPageJoinsIsReadAgain) {
    std::mt19937_64 random(5);
    const std::string letters = "ab,;= \"ß";
    for (int round = 0; round < 20'000; ++round) {
        std::vector<std::string> values(random() % 5);
        std::string text;
        for (auto& value : values) {
            value = "x";
            for (size_t n = random() % 5; n > 0; --n) value += letters[random() % letters.size()];
            value += "x";
            if (!text.empty()) text += ',';
            for (char c : value) text += c == ',' ? "\\," : std::string(1, c);
        }
        ASSERT_EQ(ValuesIn(text), values) << text;
    }
}

Input Of(const std::vector<std::pair<std::string, std::string>>& given) {
    Input input;
    for (const auto& [name, text] : given) input.Add(name, {Value::Kind::kText, text});
    return input;
}

report::Filter Read(const std::vector<std::pair<std::string, std::string>>& given) {
    const Input input = Of(given);
    Reader reader(input);
    auto filter = ReadFilter(reader);
    EXPECT_FALSE(reader.error()) << reader.error()->message;
    EXPECT_THAT(input.Unread(), IsEmpty());
    return filter;
}

TEST(ReadFilter, EachNameSaysOnePart) {
    using namespace domain;
    EXPECT_EQ(Read({}), report::Filter());
    EXPECT_THAT(
        Read({{"goal_type", "deposit,other"}}).goal_types,
        ElementsAre(GoalType::kDeposit, GoalType::kOther)
    );
    EXPECT_THAT(
        Read({{"status", "rejected,pending,rejected"}}).statuses,
        ElementsAre(Status::kRejected, Status::kPending)
    ) << "each once";
    EXPECT_THAT(Read({{"provenance", "auto"}}).provenances, ElementsAre(Provenance::kAuto));
    EXPECT_THAT(
        Read({{"delivery_state", "dead,cancelled"}}).delivery_states,
        ElementsAre(DeliveryState::kDead, DeliveryState::kCancelled)
    );
    struct Named {
        const char* name;
        report::Filter::Texts report::Filter::*texts;
    };
    for (const auto& [name, texts] :
         {Named{"click_id", &report::Filter::clicks},
          Named{"goal_id", &report::Filter::goals},
          Named{"affiliate_id", &report::Filter::affiliates},
          Named{"offer_id", &report::Filter::offers},
          Named{"transaction_id", &report::Filter::transactions},
          Named{"currency", &report::Filter::currencies},
          Named{"country", &report::Filter::countries},
          Named{"source", &report::Filter::sources},
          Named{"network", &report::Filter::networks}}) {
        const auto filter = Read({{name, "one, t\\,wo"}});
        EXPECT_THAT(filter.*texts, ElementsAre("one", "t,wo")) << name;
        auto without = filter;
        (without.*texts).clear();
        EXPECT_EQ(without, report::Filter()) << name << " says nothing else";
    }
    EXPECT_EQ(Read({{"search", " beg,in "}}).click_prefix, "beg,in")
        << "one beginning, commas and all";
    EXPECT_EQ(Read({{"is_test", "true"}}).test, true);
    EXPECT_EQ(Read({{"is_test", "0"}}).test, false);
    EXPECT_EQ(Read({{"min_amount", "0.5"}}).least, *Money::Parse("0.5"));
    EXPECT_EQ(Read({{"max_amount", "1000000000000"}}).most, *Money::Parse("1000000000000"));
    EXPECT_EQ(Read({{"min_amount", "5"}, {"max_amount", "5"}}).least, *Money::Parse("5"));
    EXPECT_EQ(Read({{"from", "2026-01-31"}}).from, *Time::ParseIso("2026-01-31"));
    EXPECT_EQ(Read({{"to", "2026-01-31"}}).to, *Time::ParseIso("2026-02-01")) << "a day is within";
    EXPECT_EQ(Read({{"to", "2026-01-31T00:00:00Z"}}).to, *Time::ParseIso("2026-01-31"));
    EXPECT_EQ(Read({{"updated_from", "2026-01-31"}}).changed_from, *Time::ParseIso("2026-01-31"));
    EXPECT_EQ(Read({{"updated_to", "2026-12-31"}}).changed_to, *Time::ParseIso("2027-01-01"));
}

TEST(ReadFilter, WhatMatchesNothingIsRefusedByItsName) {
    std::string many;
    for (size_t i = 0; i <= kValuesMax; ++i) many += std::to_string(i) + ",";
    const std::pair<std::string, std::string> wrong[] = {
        {"goal_type", "deposit,nothing"},
        {"goal_type", "Deposit"},
        {"status", "open"},
        {"provenance", "api"},
        {"delivery_state", "sent"},
        {"is_test", "perhaps"},
        {"min_amount", "-1"},
        {"min_amount", "1e400"},
        {"max_amount", "NaN"},
        {"from", "soon"},
        {"to", "2026-02-30"},
        {"updated_from", "2026-01-01T00:00:00"},
        {"updated_to", "x"},
        {"click_id", many},
        {"source", many},
        {"network", many},
        {"status", many},
        {"search", std::string(Reader::kTextBytesMax + 1, 'x')},
        {"country", std::string("a\0b", 3)},
        {"offer_id", "\xff"}};
    for (const auto& [name, text] : wrong) {
        const Input input = Of({{name, text}, {"goal_id", "6"}});
        Reader reader(input);
        (void)ReadFilter(reader);
        ASSERT_TRUE(reader.error()) << name << "=" << text.substr(0, 40);
        EXPECT_EQ(reader.error()->where, name);
        EXPECT_EQ(reader.error()->message.rfind(name + " ", 0), 0u) << reader.error()->message;
    }
    const Input empty = Of({{"min_amount", "2"}, {"max_amount", "1"}});
    Reader reader(empty);
    (void)ReadFilter(reader);
    ASSERT_TRUE(reader.error());
    EXPECT_EQ(reader.error()->where, "max_amount");
}

TEST(ReadFilter, AsManyAsMayAreTaken) {
    std::string many;
    for (size_t i = 0; i < kValuesMax; ++i) many += (i ? "," : "") + std::to_string(i);
    EXPECT_EQ(Read({{"click_id", many}}).clicks.size(), kValuesMax);
}

TEST(ReadZone, AbsentIsUtcAndAWrongNameIsNamed) {
    const Input none = Of({});
    Reader absent(none);
    EXPECT_TRUE(ReadZone(absent).IsUtc());
    EXPECT_FALSE(absent.error());
    const Input there = Of({{"tz", "Asia/Kolkata"}});
    Reader named(there);
    EXPECT_EQ(ReadZone(named).OffsetSeconds(Time{0}), 19'800);
    EXPECT_FALSE(named.error());
    const Input wrong = Of({{"tz", "Mars/Olympus"}});
    Reader refused(wrong);
    EXPECT_TRUE(ReadZone(refused).IsUtc()) << "what is refused goes on as if absent";
    ASSERT_TRUE(refused.error());
    EXPECT_EQ(refused.error()->where, "tz");
}

}  // namespace
}  // namespace barracuda::api

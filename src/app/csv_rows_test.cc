// What a CSV file may hold, and where reading of it goes on.
#include "app/csv_rows.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

namespace barracuda::app {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using Rows = std::vector<std::vector<std::string>>;

Rows All(
    const std::string& text, std::string* fault = nullptr, std::vector<int64_t>* lines = nullptr
) {
    std::istringstream from(text);
    CsvRows rows(from);
    Rows all;
    while (rows.Next()) {
        all.push_back(rows.cells());
        if (lines) lines->push_back(rows.line());
    }
    EXPECT_TRUE(fault || rows.fault().empty()) << rows.fault();
    if (fault) *fault = rows.fault();
    return all;
}

TEST(CsvRows, CellsQuotesAndLineEnds) {
    EXPECT_EQ(All("a,b\n1,2\n"), (Rows{{"a", "b"}, {"1", "2"}}));
    EXPECT_EQ(All("a,b\r\n1,\"x, y\"\r\n"), (Rows{{"a", "b"}, {"1", "x, y"}}));
    EXPECT_EQ(All("a,b\n1,\"say \"\"so\"\"\""), (Rows{{"a", "b"}, {"1", "say \"so\""}}));
    EXPECT_EQ(All("a,b\n\"one\ntwo\",\n"), (Rows{{"a", "b"}, {"one\ntwo", ""}}));
    EXPECT_EQ(All("a,b\n\"\",\n"), (Rows{{"a", "b"}, {"", ""}}));
    EXPECT_EQ(
        All("\xEF\xBB\xBF"
            "a,b\n1,2"),
        (Rows{{"a", "b"}, {"1", "2"}})
    ) << "no final line end";
    EXPECT_EQ(All("a\n\n \r\nb\n"), (Rows{{"a"}, {"b"}})) << "blank lines are none";
    EXPECT_EQ(All(""), Rows{});
}

TEST(CsvRows, TheSeparatorIsTheHeaders) {
    EXPECT_EQ(All("a;b\n1,5;2\n"), (Rows{{"a", "b"}, {"1,5", "2"}}));
    EXPECT_EQ(All("a\tb\n1,5\t2;3\n"), (Rows{{"a", "b"}, {"1,5", "2;3"}}));
    EXPECT_EQ(All("\"a;b;c\",d\n1,2\n"), (Rows{{"a;b;c", "d"}, {"1", "2"}})) << "not within quotes";
}

TEST(CsvRows, ARowIsNamedByTheLineOnWhichItBegins) {
    std::vector<int64_t> lines;
    All("a,b\n\n\"1\n2\n3\",x\ny,z\n", nullptr, &lines);
    EXPECT_THAT(lines, ElementsAre(1, 3, 6));
}

TEST(CsvRows, WhatIsNoCsvIsAFault) {
    std::string fault;
    EXPECT_EQ(All("a,b\n1,\"open\n2,3\n", &fault).size(), 1u);
    EXPECT_THAT(fault, HasSubstr("within quotes"));
    EXPECT_EQ(All("a,b\n\"1\"x,2\n", &fault).size(), 1u);
    EXPECT_THAT(fault, HasSubstr("behind the closing quote"));
    EXPECT_EQ(All("a,b\n\"" + std::string(CsvRows::kRowBytesMax, 'x'), &fault).size(), 1u);
    EXPECT_THAT(fault, HasSubstr("longer than"));
}

TEST(CsvRows, GoesOnWhereItWas) {
    const std::string text = "a;b\n1;\"x\ny\"\n2;z\n3;w";
    std::istringstream from(text);
    CsvRows first(from);
    ASSERT_TRUE(first.Next() && first.Next());
    std::istringstream again(text);
    CsvRows rest(again);
    rest.GoOn(first.separator(), first.lines(), first.offset());
    ASSERT_TRUE(rest.Next());
    EXPECT_THAT(rest.cells(), ElementsAre("2", "z"));
    EXPECT_EQ(rest.line(), 4);
    ASSERT_TRUE(rest.Next());
    EXPECT_THAT(rest.cells(), ElementsAre("3", "w"));
    EXPECT_EQ(rest.offset(), static_cast<int64_t>(text.size()));
    EXPECT_FALSE(rest.Next());
}

}  // namespace
}  // namespace barracuda::app

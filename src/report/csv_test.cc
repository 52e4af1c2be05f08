// CSV: what is read back is what was written, and nothing of it runs in a spreadsheet.
#include "report/csv.h"

#include <gtest/gtest.h>

#include <random>
#include <vector>

#include "base/unseen.h"

namespace barracuda::report {
namespace {

// One line as RFC 4180 reads it, without the CRLF at its end.
std::vector<std::string> CellsOf(std::string_view line) {
    std::vector<std::string> cells(1);
    bool quoted = false;
    line.remove_suffix(2);
    for (size_t i = 0; i < line.size(); ++i) {
        const char c = line[i];
        if (quoted && c == '"' && line.substr(i + 1).starts_with('"')) {
            cells.back() += line[++i];
        } else if (c == '"' && (quoted || cells.back().empty())) {
            quoted = !quoted;
        } else if (c == ',' && !quoted) {
            cells.emplace_back();
        } else {
            cells.back() += c;
        }
    }
    return cells;
}

std::string WithoutApostrophes(std::string text) {
    std::erase(text, '\'');
    return text;
}

std::string Utf8Of(char32_t code) {
    std::string text;
    if (code < 0x80) return std::string(1, static_cast<char>(code));
    const int more = code < 0x800 ? 1 : code < 0x10000 ? 2 : 3;
    static constexpr int kLead[] = {0, 0xC0, 0xE0, 0xF0};
    text += static_cast<char>(kLead[more] | (code >> (6 * more)));
    for (int i = more - 1; i >= 0; --i) text += static_cast<char>(0x80 | (code >> (6 * i) & 0x3F));
    return text;
}

TEST(Csv, WhatIsReadBackIsWhatWasWritten) {
    std::mt19937_64 random(7);
    const std::vector<std::string> alphabet = {
        "a", "=", "+",      "-",      "@",      ",", ";",          "\"", "\n", "\r", "\t",
        "|", " ", "\u00a0", "\u200b", "\uff1d", "ß", "\U0001f41f", "1",  "(",  "\\"};
    for (int round = 0; round < 20'000; ++round) {
        std::vector<std::string> cells(1 + random() % 4);
        for (auto& cell : cells) {
            for (size_t n = random() % 7; n > 0; --n) cell += alphabet[random() % alphabet.size()];
        }
        const std::string line = CsvRow(cells);
        ASSERT_TRUE(line.ends_with("\r\n"));
        const auto read = CellsOf(line);
        ASSERT_EQ(read.size(), cells.size()) << line;
        for (size_t i = 0; i < cells.size(); ++i) {
            ASSERT_EQ(WithoutApostrophes(read[i]), cells[i]) << line;
        }
    }
}

// A spreadsheet's own rule: blanks, then what begins a formula; by every separator that one is
// told.
bool Runs(std::string_view cell) {
    for (bool begins = true; !cell.empty();) {
        if (begins) {
            std::string_view at = cell;
            for (auto first = FirstUtf8(at); first.size > 0 && IsUnseen(first.code);
                 first = FirstUtf8(at)) {
                at.remove_prefix(first.size);
            }
            for (std::string_view formula :
                 {"=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20"}) {
                if (at.starts_with(formula)) return true;
            }
        }
        begins = std::string_view(";\t\r\n|").find(cell[0]) != std::string_view::npos;
        cell.remove_prefix(1);
    }
    return false;
}

TEST(Csv, NothingRunsBehindWhatNobodySees) {
    size_t unseen = 0;
    for (char32_t code = 1; code < 0xE1000; ++code) {
        if (code >= 0xD800 && code < 0xE000) continue;
        if (!IsUnseen(code)) continue;
        ++unseen;
        for (const char* formula : {"=1+1", "+1", "-1", "@x", "\uff1dcmd"}) {
            const std::string text = Utf8Of(code) + formula;
            ASSERT_TRUE(Runs(text)) << "control: as it came it would";
            const std::string line = CsvRow(std::vector<std::string>{text, "x;" + text});
            for (const auto& cell : CellsOf(line)) {
                ASSERT_FALSE(Runs(cell))
                    << std::hex << static_cast<uint32_t>(code) << " " << formula;
            }
        }
    }
    EXPECT_GT(unseen, 4'000u);
}

TEST(Csv, RandomCellsNeverRun) {
    std::mt19937_64 random(11);
    const std::vector<std::string> alphabet = {
        "=",
        "+",
        "-",
        "@",
        ";",
        "\t",
        "\r",
        "\n",
        "|",
        " ",
        "\"",
        "\u2066",
        "\u00ad",
        "\uff0d",
        "x"};
    size_t would_have = 0;
    for (int round = 0; round < 20'000; ++round) {
        std::string text;
        for (size_t n = random() % 8; n > 0; --n) text += alphabet[random() % alphabet.size()];
        would_have += Runs(text);
        const auto cells = CellsOf(CsvRow(std::vector<std::string>{text}));
        ASSERT_EQ(cells.size(), 1u);
        ASSERT_FALSE(Runs(cells[0])) << text;
    }
    EXPECT_GT(would_have, 5'000u) << "control";
}

TEST(Csv, WhatIsHarmlessStandsAsItIs) {
    for (const char* text :
         {"",
          "plain",
          "a=b",
          "5 - 3",
          "ann+x@example.com",
          "it's",
          "'already",
          "ß",
          "\U0001f41f",
          "1.5",
          "2026-01-01T00:00:00.000Z",
          "a|b",
          "a;b",
          "x = 1"}) {
        EXPECT_EQ(
            CellsOf(CsvRow(std::vector<std::string>{text, "end"})),
            (std::vector<std::string>{text, "end"})
        );
    }
    EXPECT_EQ(CsvRow({}), "\r\n");
    EXPECT_EQ(CsvRow(std::vector<std::string>{"", ""}), ",\r\n");
}

}  // namespace
}  // namespace barracuda::report

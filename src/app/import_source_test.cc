// Files of conversions as lines of JSON: what is read of them, what is refused, and where it goes
// on.
#include "app/import_source.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <sstream>

#include "api/json_line.h"
#include "app/import_state.h"

namespace barracuda::app {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class ImportSourceTest : public testing::Test {
protected:
    ImportSourceTest() {
        std::string made = (std::filesystem::temp_directory_path() / "import-XXXXXX").string();
        directory_ = mkdtemp(made.data());
    }
    ~ImportSourceTest() override { std::filesystem::remove_all(directory_); }

    std::string Put(const std::string& text) const {
        std::ofstream(directory_ + "/file", std::ios::binary) << text;
        return directory_ + "/file";
    }
    std::unique_ptr<ImportSource> Open(
        const std::string& text, std::vector<std::string> maps = {}
    ) {
        auto source = ImportSource::Open({Put(text), "", std::move(maps)});
        EXPECT_TRUE(source) << source.error().message;
        return source ? std::move(*source) : nullptr;
    }
    std::string Refusal(const std::string& text, std::vector<std::string> maps = {}) {
        auto source = ImportSource::Open({Put(text), "", std::move(maps)});
        return source ? "opened" : source.error().message;
    }
    // "NUMBER JSON", or "NUMBER !PROBLEM".
    static std::vector<std::string> Rest(ImportSource& source) {
        std::vector<std::string> all;
        for (SourceLine line; source.Next(line);) {
            all.push_back(
                std::to_string(line.number) + " " +
                (line.problem.empty() ? line.json : "!" + line.problem)
            );
        }
        return all;
    }
    std::vector<std::string> Lines(const std::string& text, std::vector<std::string> maps = {}) {
        auto source = Open(text, std::move(maps));
        return source ? Rest(*source) : std::vector<std::string>();
    }

    std::string directory_;
};

TEST_F(ImportSourceTest, LinesOfJsonAsTheyStand) {
    EXPECT_THAT(
        Lines("{\"a\":1}\n\n \r\n{\"b\":2}\r\n{\"c\":3}"),
        ElementsAre("1 {\"a\":1}", "4 {\"b\":2}", "5 {\"c\":3}")
    );
    EXPECT_THAT(Lines("\xEF\xBB\xBF{\"a\":1}\n"), ElementsAre("1 {\"a\":1}"));
    EXPECT_THAT(
        Lines("{\"a\":\"\xff\"}\n{}\n"), ElementsAre("1 !the line is not valid UTF-8", "2 {}")
    );
    EXPECT_THAT(Lines(std::string("{\0}\n{}", 6)), ElementsAre(HasSubstr("1 !"), "2 {}")) << "NUL";
    const std::string long_line(ImportSource::kLineBytesMax + 1, 'x');
    EXPECT_THAT(
        Lines("{" + long_line + "\n{}\n"), ElementsAre(HasSubstr("1 !the line is longer"), "2 {}")
    );
    EXPECT_THAT(Lines("{nonsense\n"), ElementsAre("1 {nonsense")) << "whoever parses it says so";
}

TEST_F(ImportSourceTest, RowsByTheirHeader) {
    EXPECT_THAT(
        Lines("Click ID,Goal-Id,AMOUNT,note\nc1,6,1.50,x\nc2,5,,\n"),
        ElementsAre(
            "2 {\"click_id\":\"c1\",\"goal_id\":\"6\",\"amount\":\"1.50\"}",
            "3 {\"click_id\":\"c2\",\"goal_id\":\"5\"}"
        )
    );
    EXPECT_THAT(
        Lines("player;goal_id;Sum\nc1;6;2\n", {"player=click_id", "Sum=amount"}),
        ElementsAre("2 {\"click_id\":\"c1\",\"goal_id\":\"6\",\"amount\":\"2\"}")
    );
    EXPECT_THAT(
        Lines("click_id,amount\nc1,2\n", {"amount="}), ElementsAre("2 {\"click_id\":\"c1\"}")
    );
    EXPECT_THAT(Lines("click_id,id\na,b\n", {"id=click_id"}), ElementsAre("2 {\"click_id\":\"b\"}"))
        << "what is said comes before the name";
    EXPECT_THAT(
        Lines("click_id,metadata\na,\"{\"\"x\"\":1}\"\n"),
        ElementsAre("2 {\"click_id\":\"a\",\"metadata\":{\"x\":1}}")
    );
    EXPECT_THAT(
        Lines("click_id,sub1\nc1\nc2,\"a \"\"b\"\"\n\"\nc3,\xff\n,\n"),
        ElementsAre(
            "2 !the row has 1 cells, the header 2",
            "3 {\"click_id\":\"c2\",\"sub1\":\"a \\\"b\\\"\\n\"}",
            HasSubstr("5 !sub1 is not valid UTF-8"),
            "6 {}"
        )
    );
}

TEST_F(ImportSourceTest, WhatARowSaysIsJson) {
    std::string wild = "click_id,sub2\n";
    for (int c = 1; c < 128; ++c) {
        const std::string cell(1, static_cast<char>(c));
        wild += "c" + std::to_string(c) + ",\"" + (cell == "\"" ? "\"\"" : cell) + "\"\n";
    }
    auto source = Open(wild);
    size_t read = 0;
    for (SourceLine line; source->Next(line); ++read) {
        auto input = api::ParseJsonLine(line.json);
        ASSERT_TRUE(input) << line.json << ": " << input.error().message;
        EXPECT_EQ(input->Find("sub2")->text, std::string(1, static_cast<char>(read + 1)));
    }
    EXPECT_EQ(read, 127u);
}

TEST_F(ImportSourceTest, HeadersThatSayTooLittleOrTooMuch) {
    EXPECT_THAT(Refusal("a,b\n1,2\n"), HasSubstr("no column is the click_id"));
    EXPECT_THAT(Refusal("a,b\n1,2\n"), HasSubstr("the columns are a, b"));
    EXPECT_THAT(Refusal("click_id,Click ID\n1,2\n"), HasSubstr("two columns are click_id"));
    EXPECT_THAT(Refusal("click_id\n1\n", {"x=amount"}), HasSubstr("no column x"));
    EXPECT_THAT(
        Refusal("click_id\n1\n", {"click_id=colour"}), HasSubstr("no conversion has a field")
    );
    EXPECT_THAT(Refusal("click_id\n1\n", {"click_id"}), HasSubstr("COLUMN=FIELD"));
    EXPECT_THAT(Refusal("{}\n", {"a=amount"}), HasSubstr("--map is for CSV"));
    EXPECT_THAT(ImportSource::Open({Put(""), "csv", {}}).error().message, HasSubstr("no header"));
    EXPECT_THAT(Lines(""), ElementsAre()) << "no lines of JSON are an import of nothing";
    EXPECT_FALSE(ImportSource::Open({directory_, "", {}}));
    EXPECT_FALSE(ImportSource::Open({directory_ + "/absent", "", {}}));
    EXPECT_EQ(Open("click_id,note\n")->ColumnsText(), "columns: click_id; not read: note");
}

TEST_F(ImportSourceTest, NothingBehindAnOpenQuoteIsRead) {
    auto source = Open("click_id\na\n\"b\nc\n");
    EXPECT_THAT(Rest(*source), ElementsAre("2 {\"click_id\":\"a\"}"));
    EXPECT_THAT(source->fault(), HasSubstr("line 3: the file ends within quotes"));
}

// From each place that a reading notes, the rest is what it would have read.
TEST_F(ImportSourceTest, GoesOnFromEveryPlace) {
    for (const std::string text :
         {"click_id;sub1\n1;a\n\n2;\"b\nb\"\n3;c\n4;d",
          "{\"a\":1}\r\n\n{\"b\":2}\n{\"c\":3}\n{\"d\":4}"}) {
        const auto all = Lines(text);
        for (size_t from = 0; from <= all.size(); ++from) {
            auto source = Open(text);
            SourceLine line;
            for (size_t i = 0; i < from; ++i) ASSERT_TRUE(source->Next(line));
            const ImportState state{
                source->beginning(), source->place(), {.read = 7, .refused = 1}};
            const std::string path = directory_ + "/state";
            ASSERT_TRUE(WriteState(path, state));
            auto read = ReadState(path);
            ASSERT_TRUE(read && *read);
            EXPECT_EQ((*read)->counts, state.counts);
            auto again = Open(text);
            EXPECT_EQ((*read)->beginning, again->beginning());
            again->GoOn((*read)->place);
            EXPECT_EQ(
                Rest(*again), std::vector(all.begin() + static_cast<ptrdiff_t>(from), all.end())
            );
        }
    }
}

TEST_F(ImportSourceTest, AStateIsWholeOrRefused) {
    const std::string path = directory_ + "/state";
    auto none = ReadState(path);
    ASSERT_TRUE(none);
    EXPECT_FALSE(*none);
    ASSERT_TRUE(WriteState(path, {"b", {',', 5, 9}, {.read = 4}}));
    std::ifstream file(path);
    const std::string whole{std::istreambuf_iterator<char>(file), {}};
    for (size_t cut = 0; cut + 2 < whole.size(); ++cut) {
        std::ofstream(path) << whole.substr(0, cut);
        EXPECT_FALSE(ReadState(path)) << cut;
    }
    EXPECT_FALSE(WriteState(directory_ + "/absent/state", {}));
}

TEST_F(ImportSourceTest, AnExportIsKnownByItsFirstLine) {
    EXPECT_TRUE(*IsExport(Put("{\"barracuda_export\":1}\n")));
    EXPECT_FALSE(*IsExport(Put("{\"click_id\":1}\n")));
    EXPECT_FALSE(*IsExport(Put("")));
    EXPECT_FALSE(IsExport(directory_ + "/absent"));
}

}  // namespace
}  // namespace barracuda::app

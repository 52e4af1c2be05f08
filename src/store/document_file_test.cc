// A store as a file: nothing is lost on the way there and back, and no half of one is taken for a
// whole.
#include "store/document_file.h"

#include <sys/stat.h>

#include "store/copy.h"
#include "store/document_ref.h"
#include "store/engine_fixture.h"

namespace barracuda::store {
namespace {

using testing::HasSubstr;

// One of each kind of value that BSON knows and JSON does not.
std::string Odd() {
    bson_t b = BSON_INITIALIZER;
    BSON_APPEND_UTF8(&b, "_id", "odd");
    BSON_APPEND_INT32(&b, "int32", 5);
    BSON_APPEND_INT64(&b, "int64", INT64_MAX);
    BSON_APPEND_DOUBLE(&b, "double", 0.1);
    BSON_APPEND_DOUBLE(&b, "whole", 100.0);
    BSON_APPEND_DATE_TIME(&b, "date", -1);
    BSON_APPEND_NULL(&b, "null");
    BSON_APPEND_UNDEFINED(&b, "undefined");
    BSON_APPEND_BOOL(&b, "bool", true);
    BSON_APPEND_UTF8(&b, "a.b$\"\n\xc3\xa9", "line\nend \"\\ \xe2\x82\xac");
    BSON_APPEND_UTF8(&b, "twice", "1");
    BSON_APPEND_UTF8(&b, "twice", "2");
    bson_decimal128_t decimal;
    bson_decimal128_from_string("123456.7890", &decimal);
    BSON_APPEND_DECIMAL128(&b, "decimal", &decimal);
    bson_oid_t oid;
    bson_oid_init_from_string(&oid, "65a000000000000000000001");
    BSON_APPEND_OID(&b, "oid", &oid);
    bson_t child;
    BSON_APPEND_ARRAY_BEGIN(&b, "array", &child);
    BSON_APPEND_INT32(&child, "0", 1);
    bson_append_array_end(&b, &child);
    std::string bytes(reinterpret_cast<const char*>(bson_get_data(&b)), b.len);
    bson_destroy(&b);
    return bytes;
}

struct DocumentFileTest : testing::TestWithParam<Kind> {
    AnyStore from{GetParam()};
    Store to{false};
    TempDirectory directory;
    std::string path = directory.At("export.jsonl");

    void SetUp() override {
        std::vector<Write> writes = {{{Collection::kSettings, "odd"}, std::nullopt, Odd()}};
        for (int i = 0; i < 30; ++i) {
            std::string click = "c" + std::to_string(i);
            writes.push_back({DealRef(click), std::nullopt, Document({.click = click})});
        }
        auto states = from.engine().Commit(writes);
        ASSERT_TRUE(states);
        EXPECT_THAT(*states, testing::Each(WriteState::kApplied));
    }
    std::string Text() const {
        std::ifstream file(path);
        return {std::istreambuf_iterator<char>(file), {}};
    }
    void Put(const std::string& text) const { std::ofstream(path) << text; }
    std::string Refusal() const {
        auto file = DocumentFile::Open(path);
        return file ? "opened" : file.error().message;
    }
};

INSTANTIATE_TEST_SUITE_P(Kinds, DocumentFileTest, testing::ValuesIn(Kinds()), [](const auto& info) {
    return std::string(NameOf(info.param));
});

TEST_P(DocumentFileTest, EverythingComesBackByteForByte) {
    EXPECT_EQ(WriteDocuments(from.engine(), path).value(), 31);
    struct stat status {};
    ASSERT_EQ(stat(path.c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777, 0600u);
    auto file = DocumentFile::Open(path);
    ASSERT_TRUE(file) << file.error().message;
    auto report = CopyStore(**file, *to.engine, {.source = "file", .page = 7});
    ASSERT_TRUE(report) << report.error().message;
    EXPECT_EQ(report->copied, 31);
    for (auto collection : kCollections) {
        EXPECT_EQ(
            FingerprintOf(from.engine(), collection, {}).value(),
            FingerprintOf(*to.engine, collection, {}).value()
        ) << NameOf(collection);
    }
    EXPECT_EQ(Get(*to.engine, {Collection::kSettings, "odd"}), Odd());
    EXPECT_THAT(to.engine->Verify(false).value(), testing::IsEmpty());
    Put("\xEF\xBB\xBF" + Text());  // as some editors save it
    EXPECT_EQ(Refusal(), "opened");
}

TEST_P(DocumentFileTest, IsMadeAnewAndOnlyRead) {
    ASSERT_TRUE(WriteDocuments(from.engine(), path));
    auto again = WriteDocuments(from.engine(), path);
    ASSERT_FALSE(again);
    EXPECT_EQ(again.error().code, ErrorCode::kConflict);
    EXPECT_FALSE(WriteDocuments(from.engine(), directory.At("absent/x")));
    auto file = DocumentFile::Open(path);
    ASSERT_TRUE(file);
    Write write{DealRef("x"), std::nullopt, Document({})};
    EXPECT_FALSE((*file)->Commit(std::span(&write, 1)));
    ScanRequest request;
    request.cursor = "-5";
    EXPECT_FALSE((*file)->Scan(request));
    request = {};
    request.index = IndexId::kConversionCreated;
    EXPECT_FALSE((*file)->Scan(request));
}

TEST_P(DocumentFileTest, HalfOfOneIsNone) {
    ASSERT_TRUE(WriteDocuments(from.engine(), path));
    const std::string whole = Text();
    std::vector<size_t> lines;
    for (size_t at = 0; at != whole.npos; at = whole.find('\n', at + 1)) lines.push_back(at);
    for (size_t cut : {size_t{0}, size_t{5}, lines[1], lines[5], lines[5] + 10, whole.size() - 3}) {
        Put(whole.substr(0, cut));
        EXPECT_NE(Refusal(), "opened") << cut;
    }
    Put(whole.substr(0, lines[4]) + whole.substr(lines[5]));
    EXPECT_THAT(Refusal(), HasSubstr("damaged")) << "a line is missing";
    Put(whole.substr(0, lines[1]) + "\n{\"orders\":{}}" + whole.substr(lines[1]));
    EXPECT_THAT(Refusal(), HasSubstr("line 2: no document of a collection of ours"));
    std::string odd = whole;
    odd[lines[3] + 30] = '}';
    Put(odd);
    EXPECT_THAT(Refusal(), HasSubstr("damaged")) << "one character";
    Put(whole.substr(0, lines[5]));
    EXPECT_THAT(Refusal(), HasSubstr("cut off"));
}

// Cut anywhere, also within a line: what goes on with it writes what a single run writes.
TEST_P(DocumentFileTest, GoesOnWhereItWasBrokenOff) {
    ASSERT_TRUE(WriteDocuments(from.engine(), path));
    const std::string whole = Text(), part = path + ".part";
    std::vector<size_t> cuts = {0, 5, whole.find('\n') + 1, whole.size() - 1, whole.size()};
    for (size_t at = 0; at != whole.npos; at = whole.find('\n', at + 1)) cuts.push_back(at + 7);
    for (size_t cut : cuts) {
        std::filesystem::remove(path);
        std::ofstream(part) << whole.substr(0, cut);
        auto refused = WriteDocuments(from.engine(), path);
        ASSERT_FALSE(refused);
        EXPECT_THAT(refused.error().message, HasSubstr("--resume"));
        EXPECT_EQ(WriteDocuments(from.engine(), path, true).value_or(-1), 31) << cut;
        EXPECT_EQ(Text(), whole) << cut;
        EXPECT_FALSE(std::filesystem::exists(part));
    }
    std::filesystem::remove(path);
    EXPECT_EQ(WriteDocuments(from.engine(), path, true).value(), 31)
        << "with nothing to go on with";
}

TEST_P(DocumentFileTest, DoesNotGoOnWithWhatIsAnothers) {
    ASSERT_TRUE(WriteDocuments(from.engine(), path));
    const std::string whole = Text(), part = path + ".part";
    std::filesystem::remove(path);
    std::ofstream(part) << whole.substr(0, whole.find('\n', whole.size() / 2) + 1);
    auto another = WriteDocuments(*to.engine, path, true);
    ASSERT_FALSE(another);
    EXPECT_THAT(another.error().message, HasSubstr("another"));
    std::ofstream(part) << "something else\n";
    EXPECT_FALSE(WriteDocuments(from.engine(), path, true));
    EXPECT_FALSE(std::filesystem::exists(path));
}

TEST(DocumentFile, ADocumentThatIsNoTextIsNamedAndLeavesNoFile) {
    Store store(false);
    TempDirectory directory;
    domain::BsonWriter bad;
    bad.Text("_id", "bad");
    bad.Text("text", "\xff\xfe");
    Write write{{Collection::kSettings, "bad"}, std::nullopt, bad.Take()};
    ASSERT_TRUE(store.engine->Commit(std::span(&write, 1)));
    auto written = WriteDocuments(*store.engine, directory.At("x"));
    ASSERT_FALSE(written);
    EXPECT_THAT(written.error().message, HasSubstr("settings"));
    EXPECT_FALSE(std::filesystem::exists(directory.At("x")));
    EXPECT_FALSE(std::filesystem::exists(directory.At("x.part")));
}

}  // namespace
}  // namespace barracuda::store

#include "app/store_watch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

namespace barracuda::app {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;

struct Watched {
    std::optional<std::string> trouble;
    std::vector<std::string> lines;
    StoreWatch::Clock::time_point now{};
    StoreWatch watch{
        [this] { return trouble; },
        [this](Level level, std::string_view message, LogFields fields) {
            lines.push_back(LogLine(false, "2026-01-31T23:59:59.123Z", level, message, fields));
        }};

    void Look() { watch.Look(now += 500ms); }
};

TEST(StoreWatchTest, SaysNothingOfAStoreThatIsWell) {
    Watched store;
    for (int i = 0; i < 3; ++i) store.Look();
    EXPECT_THAT(store.lines, ElementsAre());
}

TEST(StoreWatchTest, SaysOnceThatATroubleBeginsAndOnceThatItEnds) {
    Watched store;
    store.trouble = "no primary";
    store.Look();
    store.trouble = "fenced";  // the same trouble, seen from another side
    for (int i = 0; i < 10; ++i) store.Look();
    store.trouble.reset();
    for (int i = 0; i < 10; ++i) store.Look();
    EXPECT_THAT(
        store.lines,
        ElementsAre(
            "23:59:59 error: nothing can be written why=no primary\n",
            "23:59:59 info: writes are taken again after_s=5\n"
        )
    );
}

TEST(StoreWatchTest, TellsEveryTroubleAnew) {
    Watched store;
    for (const char* why : {"one", "two"}) {
        store.trouble = why;
        store.Look();
        store.trouble.reset();
        store.Look();
    }
    ASSERT_EQ(store.lines.size(), 4u);
    EXPECT_EQ(store.lines[2], "23:59:59 error: nothing can be written why=two\n");
}

}  // namespace
}  // namespace barracuda::app

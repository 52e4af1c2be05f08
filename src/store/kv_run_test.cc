#include "store/kv_run.h"

#include <gtest/gtest.h>

#include <map>
#include <random>

namespace barracuda::store {
namespace {

// Keys that begin alike for up to 20 bytes, of bytes on both sides of a char's sign.
std::string AnyKey(std::mt19937& random) {
    static constexpr char kBytes[] = {'\0', '\1', 'a', '\x7f', '\x80', '\xff'};
    std::string key(random() % 20, 'a');
    for (size_t i = random() % 4; i > 0; --i) key.push_back(kBytes[random() % sizeof kBytes]);
    return key;
}

TEST(KeyHead, ComparesLikeTheKeysWhereItTellsThemApart) {
    std::mt19937 random(1);
    size_t apart = 0;
    for (int i = 0; i < 20'000; ++i) {
        const auto a = AnyKey(random), b = AnyKey(random);
        const auto of_a = KeyHead::Of(a), of_b = KeyHead::Of(b);
        if (of_a == of_b) continue;
        ++apart;
        EXPECT_EQ(of_a < of_b, a < b);
    }
    EXPECT_GT(apart, 10'000u);
    // Where it does not, the keys themselves do.
    EXPECT_EQ(KeyHead::Of("a"), KeyHead::Of(std::string_view("a\0", 2)));
    EXPECT_EQ(KeyHead::Of("0123456789abcdef1"), KeyHead::Of("0123456789abcdef2"));
}

TEST(KvRun, GivesEverySpaceInOrderAsItWasPut) {
    std::mt19937 random(2);
    KvRun run(10);  // more come than it was told
    std::map<std::string, std::string> put[kSpaces];
    for (int i = 0; i < 2'000; ++i) {
        const auto space = static_cast<Space>(random() % kSpaces);
        const auto key = AnyKey(random);
        const std::string value(random() % 300, static_cast<char>('a' + i % 26));
        if (!put[static_cast<size_t>(space)].emplace(key, value).second) continue;
        run.Put(space, key, value);
    }
    run.Add(std::string(30, '\xff'), "sums");
    run.Sort();
    for (size_t space = 0; space < kSpaces; ++space) {
        auto wanted = put[space].begin();
        for (const auto& at : run.Of(static_cast<Space>(space))) {
            if (at.add) {
                EXPECT_EQ(at.space, Space::kIndexes);
                EXPECT_EQ(run.Value(at), "sums");
                continue;
            }
            ASSERT_NE(wanted, put[space].end());
            EXPECT_EQ(run.Key(at), wanted->first);
            EXPECT_EQ(run.Value(at), wanted->second);
            ++wanted;
        }
        EXPECT_EQ(wanted, put[space].end());
    }
}

}  // namespace
}  // namespace barracuda::store

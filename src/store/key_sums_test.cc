#include "store/key_sums.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <random>
#include <string>
#include <vector>

namespace barracuda::store {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class KeySumsTest : public testing::Test {
protected:
    const KeySums::Secret secret_ = KeySums::Draw();

    KeySums Of(const std::vector<std::string>& keys, Space space = Space::kIndexes) const {
        KeySums sums(secret_);
        for (const auto& key : keys) sums.Add(space, key);
        return sums;
    }
};

TEST_F(KeySumsTest, TheOrderAndTheWayTheyAreAddedUpDoNotMatter) {
    std::vector<std::string> keys;
    for (int i = 0; i < 1'000; ++i) keys.push_back("\3key-" + std::to_string(i));
    const KeySums whole = Of(keys);
    std::shuffle(keys.begin(), keys.end(), std::mt19937(1));
    KeySums parts = Of({keys.begin(), keys.begin() + 400});
    parts.Add(Of({keys.begin() + 400, keys.end()}));
    EXPECT_THAT(whole.Unlike(parts), IsEmpty());
}

TEST_F(KeySumsTest, EachChangeOfASetIsSeenAndNamed) {
    const std::vector<std::string> keys = {"\1a", "\1b", "\2a", "\2b"};
    const auto first = KeySet(Space::kIndexes, '\1'), second = KeySet(Space::kIndexes, '\2');
    EXPECT_THAT(Of(keys).Unlike(Of({"\1a", "\2a", "\2b"})), ElementsAre(first)) << "missing";
    EXPECT_THAT(Of(keys).Unlike(Of({"\1a", "\1b", "\2a", "\2c"})), ElementsAre(second))
        << "another";
    EXPECT_THAT(Of(keys).Unlike(Of({"\1a", "\1b", "\2a", "\2a"})), ElementsAre(second)) << "twice";
    EXPECT_THAT(Of(keys).Unlike(Of({"\1b", "\2a"})), ElementsAre(first, second));
    const auto work = KeySet(Space::kWork, '\0');
    EXPECT_THAT(Of({"n1", "x2"}, Space::kWork).Unlike(Of({"n1"}, Space::kWork)), ElementsAre(work));
    EXPECT_THAT(Of({}).Unlike(Of({"\4stray"})), ElementsAre(KeySet(Space::kIndexes, '\4')));
    KeySums filled = Of({"\1a"});
    filled.Add(Space::kIndexes, "\1b", false);
    EXPECT_THAT(filled.Unlike(Of({"\1a", "\1b"})), ElementsAre(first)) << "a value in it";
}

// Bits of one key that are moved into another one leave many a weaker sum as it was.
TEST_F(KeySumsTest, KeysThatExchangeTheirBytesAreOthers) {
    EXPECT_FALSE(Of({"\1ab", "\1cd"}).Unlike(Of({"\1ad", "\1cb"})).empty());
    EXPECT_FALSE(Of({"\1a", "\1a"}).Unlike(Of({"\1b", "\1b"})).empty());
    for (int bit = 0; bit < 24; ++bit) {
        std::string changed = "\1abcd";
        changed[1 + static_cast<size_t>(bit) / 8] ^= static_cast<char>(1 << (bit % 8));
        EXPECT_FALSE(Of({"\1abcd"}).Unlike(Of({changed})).empty()) << bit;
    }
}

TEST_F(KeySumsTest, ASumOfAnotherSecretIsAnother) {
    KeySums other(KeySums::Draw());
    other.Add(Space::kIndexes, "\1a");
    EXPECT_FALSE(other.Unlike(Of({"\1a"})).empty());
}

}  // namespace
}  // namespace barracuda::store

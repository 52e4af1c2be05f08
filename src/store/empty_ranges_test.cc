#include "store/empty_ranges.h"

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <random>

namespace barracuda::store {
namespace {

using Look = EmptyRanges::Look;

TEST(EmptyRanges, ALookBeginsBehindWhatAnEarlierOneFoundEmpty) {
    EmptyRanges ranges;
    Look(ranges).Found("a", "m");
    Look look(ranges);
    EXPECT_EQ(look.From("a"), "m");
    EXPECT_EQ(look.From("c"), "m");
    EXPECT_EQ(look.From("m"), "m");
    EXPECT_EQ(look.From("A"), "A");
    look.Found("m", "p");
    EXPECT_EQ(look.From("a"), "p");
    EXPECT_EQ(ranges.size(), 1u) << "what touches is one";
    look.Found("x", "z");
    EXPECT_EQ(look.From("q"), "q");
    look.Found("b", "y");
    EXPECT_EQ(look.From("a"), "z");
    EXPECT_EQ(ranges.size(), 1u);
}

TEST(EmptyRanges, WhatIsAddedEndsARange) {
    EmptyRanges ranges;
    Look(ranges).Found("a", "z");
    ranges.Added("k");
    EXPECT_EQ(Look(ranges).From("a"), "k");
    EXPECT_EQ(Look(ranges).From("l"), "l");
    ranges.Added("a");
    EXPECT_EQ(Look(ranges).From("a"), "a");
    EXPECT_EQ(ranges.size(), 0u);
}

// The look's iterator may be older than what is added: its finding must not hide that.
TEST(EmptyRanges, WhatIsAddedDuringALookIsNotHiddenByIt) {
    EmptyRanges ranges;
    {
        Look look(ranges);
        ranges.Added("k");
        look.Found("a", "z");
        EXPECT_EQ(look.From("a"), "k");
        look.Found("k", "z");
        EXPECT_EQ(look.From("k"), "k");
        ranges.Added("c");
    }
    EXPECT_EQ(Look(ranges).From("a"), "c");
}

TEST(EmptyRanges, AreBounded) {
    EmptyRanges ranges;
    Look look(ranges);
    for (size_t i = 0; i < 10 * EmptyRanges::kRangesMax; ++i) {
        std::string from = std::to_string(1'000'000 + 2 * i);
        look.Found(from, from + "x");
        ASSERT_LE(ranges.size(), EmptyRanges::kRangesMax);
    }
    ranges.Clear();
    EXPECT_EQ(ranges.size(), 0u);
}

// Any interleaving of looks over older snapshots, writes and what is told of them afterwards: a key
// that stands and was told of is found by every look that begins then.
TEST(EmptyRanges, NeverHideAKeyThatWasToldOf) {
    for (unsigned seed = 0; seed < 120; ++seed) {
        std::mt19937 random(seed);
        auto key = [&] { return std::string(1, static_cast<char>('a' + random() % 20)); };
        EmptyRanges ranges;
        std::set<std::string> stored, told;
        std::vector<std::string> untold;
        struct Open {
            std::unique_ptr<Look> look;
            std::set<std::string> snapshot;
        };
        std::vector<Open> open;
        for (int step = 0; step < 200; ++step) {
            switch (random() % 5) {
                case 0:
                    if (auto added = key(); stored.insert(added).second) untold.push_back(added);
                    break;
                case 1:
                    if (untold.empty()) break;
                    ranges.Added(untold.front());
                    told.insert(untold.front());
                    untold.erase(untold.begin());
                    break;
                case 2: {
                    std::string gone = key();
                    stored.erase(gone);
                    told.erase(gone);
                    std::erase(untold, gone);
                    break;
                }
                case 3:
                    open.push_back({std::make_unique<Look>(ranges), {}});
                    open.back().snapshot = stored;
                    break;
                default: {
                    if (open.empty()) break;
                    auto& one = open[random() % open.size()];
                    std::string wanted = key(), from = one.look->From(wanted);
                    auto first = one.snapshot.lower_bound(from);
                    one.look->Found(wanted, first == one.snapshot.end() ? "zz" : *first);
                    if (random() % 2 == 0) open.erase(open.begin());
                }
            }
            Look look(ranges);
            for (const auto& stands : told) {
                for (char c = 'a'; c <= stands[0]; ++c) {
                    ASSERT_LE(look.From(std::string(1, c)), stands) << seed << " " << step;
                }
            }
        }
    }
}

}  // namespace
}  // namespace barracuda::store

// The order of a batch's writes, which the store may choose and its answers may not show.
#include <fmt/format.h>

#include "store/engine_fixture.h"

namespace barracuda::store {
namespace {

constexpr auto kApplied = WriteState::kApplied;
constexpr auto kLost = WriteState::kLost;
constexpr auto kRefused = WriteState::kRefused;

class EngineOrderTest : public testing::TestWithParam<Kind> {
protected:
    AnyStore store_{GetParam()};
    Engine& engine() { return store_.engine(); }
};

INSTANTIATE_TEST_SUITE_P(Kinds, EngineOrderTest, testing::ValuesIn(Kinds()), [](const auto& info) {
    return std::string(NameOf(info.param));
});

// In whatever order the store goes about it. A batch holds nothing of the larger one before.
TEST_P(EngineOrderTest, EachStateStandsInThePlaceOfItsWrite) {
    const auto stored = Document({.click = "m", .rev = 7});
    ASSERT_EQ(Put(engine(), DealRef("m"), std::nullopt, stored), kApplied);
    for (const bool mixed : {false, true}) {
        for (int count : {40, 3}) {
            std::vector<Write> writes;
            States wanted;
            for (int i = count; i > 0; --i) {  // the keys come down
                const std::string click = fmt::format("{}-{}-{:02}", mixed, count, i);
                const bool lost = i % 3 == 0;
                const auto never = Document({.click = click, .rev = 7});
                const auto before = lost ? std::optional(never) : std::nullopt;
                writes.push_back({DealRef(click), before, Document({.click = click})});
                wanted.push_back(lost ? kLost : kApplied);
            }
            if (mixed) {
                const std::string one = fmt::format("one{}", count),
                                  two = fmt::format("two{}", count);
                const std::string email = one + "@example.test";
                // Of two that want the same value the first has it.
                writes.push_back({ContactRef(two), std::nullopt, Contact(two, email)});
                writes.push_back({ContactRef(one), std::nullopt, Contact(one, email)});
                wanted.push_back(kApplied);
                wanted.push_back(kRefused);
            }
            EXPECT_EQ(Commit(engine(), writes), wanted) << mixed << count;
            for (size_t i = 0; i < writes.size(); ++i) {
                const auto after = wanted[i] == kApplied ? writes[i].after : std::nullopt;
                EXPECT_EQ(Get(engine(), writes[i].ref), after);
            }
        }
    }
    EXPECT_EQ(Get(engine(), DealRef("m")), stored);
    const auto findings = engine().Verify(false);
    ASSERT_TRUE(findings);
    EXPECT_THAT(*findings, testing::IsEmpty());
}

}  // namespace
}  // namespace barracuda::store

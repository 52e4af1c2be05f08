// A filter that is stored with a job means the same ones when it is read again.
#include "report/filter_bson.h"

#include <gtest/gtest.h>

#include <functional>
#include <random>

#include "domain/bson.h"

namespace barracuda::report {
namespace {

using domain::DeliveryState;
using domain::GoalType;
using domain::Provenance;
using domain::Status;

struct Part {
    const char* name;
    std::function<void(Filter&)> set;
};

const std::vector<Part>& Parts() {
    static const std::vector<Part> parts = {
        {"goal_types",
         [](Filter& f) {
             f.goal_types = {GoalType::kDeposit, GoalType::kOther};
         }},
        {"statuses",
         [](Filter& f) {
             f.statuses = {Status::kRejected, Status::kPending};
         }},
        {"provenances",
         [](Filter& f) {
             f.provenances = {Provenance::kAuto, Provenance::kUnknown};
         }},
        {"clicks",
         [](Filter& f) {
             f.clicks = {"a", "b,c", "\u2028", "\U0001f41f"};
         }},
        {"goals", [](Filter& f) { f.goals = {"6"}; }},
        {"affiliates",
         [](Filter& f) {
             f.affiliates = {"7", "$ne", "a.b"};
         }},
        {"offers",
         [](Filter& f) {
             f.offers = {"2", "2 "};
         }},
        {"transactions", [](Filter& f) { f.transactions = {std::string(1024, 't')}; }},
        {"currencies", [](Filter& f) { f.currencies = {"EUR"}; }},
        {"countries",
         [](Filter& f) {
             f.countries = {"DE", "RO"};
         }},
        {"sources", [](Filter& f) { f.sources = {"=1+1"}; }},
        {"networks", [](Filter& f) { f.networks = {"default"}; }},
        {"delivery_states",
         [](Filter& f) {
             f.delivery_states = {DeliveryState::kDead, DeliveryState::kCancelled};
         }},
        {"click_prefix", [](Filter& f) { f.click_prefix = "begins"; }},
        {"test", [](Filter& f) { f.test = true; }},
        {"no test", [](Filter& f) { f.test = false; }},
        {"least", [](Filter& f) { f.least = *Money::Parse("0.000001"); }},
        {"least of nothing", [](Filter& f) { f.least = *Money::Parse("0"); }},
        {"most", [](Filter& f) { f.most = *Money::Parse("1000000000000"); }},
        {"from", [](Filter& f) { f.from = Time{0}; }},
        {"from long ago", [](Filter& f) { f.from = Time{-62'000'000'000'000}; }},
        {"to", [](Filter& f) { f.to = *Time::ParseIso("9999-12-31"); }},
        {"changed_from", [](Filter& f) { f.changed_from = Time{1}; }},
        {"changed_to",
         [](Filter& f) { f.changed_to = *Time::ParseIso("2026-06-01T12:00:00.123Z"); }}};
    return parts;
}

TEST(FilterBson, EachPartIsReadAsItWasWritten) {
    for (const auto& [name, set] : Parts()) {
        Filter filter;
        set(filter);
        EXPECT_NE(filter, Filter()) << "control: " << name << " says something";
        EXPECT_EQ(DecodeFilter(Encode(filter)), filter) << name;
    }
}

TEST(FilterBson, AnyOfThemTogether) {
    std::mt19937_64 random(3);
    for (int round = 0; round < 2'000; ++round) {
        Filter filter;
        for (const auto& part : Parts()) {
            if (random() % 3 == 0) part.set(filter);
        }
        ASSERT_EQ(DecodeFilter(Encode(filter)), filter);
        ASSERT_EQ(Encode(DecodeFilter(Encode(filter))), Encode(filter));
    }
}

TEST(FilterBson, NothingIsNothing) {
    EXPECT_EQ(Encode(Filter()).size(), 5u) << "an empty document";
    EXPECT_EQ(DecodeFilter(Encode(Filter())), Filter());
    EXPECT_EQ(DecodeFilter(""), Filter());
}

// A job that means fewer is harmless, one that means more is not: no two parts are stored alike.
TEST(FilterBson, NoTwoPartsAreStoredAlike) {
    for (size_t i = 0; i < Parts().size(); ++i) {
        for (size_t j = 0; j < i; ++j) {
            Filter one, other;
            Parts()[i].set(one);
            Parts()[j].set(other);
            EXPECT_NE(Encode(one), Encode(other)) << Parts()[i].name << " " << Parts()[j].name;
        }
    }
}

}  // namespace
}  // namespace barracuda::report

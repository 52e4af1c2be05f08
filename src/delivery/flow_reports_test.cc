#include "delivery/flow_reports.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace barracuda::delivery {
namespace {

using testing::Contains;
using testing::Pair;

domain::Contact Person() {
    domain::Contact contact;
    contact.id = ObjectId::New();
    contact.click_id = "theclick";
    contact.sub1 = "thehash";
    contact.flow.route = "contact";
    return contact;
}

// The conversion may be one that a tracker recorded, which knows no hash.
TEST(FlowReports, TellTheNetworkTheClicksOwnHash) {
    for (const auto& report : {RegistrationOf(Person(), {}), DepositOf(Person(), {})}) {
        ASSERT_EQ(report.deliveries.size(), 1u);
        EXPECT_THAT(report.deliveries[0].extra, Contains(Pair("hash", "thehash")));
    }
}

TEST(FlowReports, ASumOf0IsNotGiven) {
    auto contact = Person();
    contact.flow.deposit_amount = Money{0};
    contact.flow.sale_amount = Money{0};
    const auto ruled = DepositOf(contact, {.then_amount = "70"});
    EXPECT_EQ(ruled.given.Get(domain::Field::kAmount), "70");
    EXPECT_EQ(ruled.given.Get(domain::Field::kSaleAmount), "70");
    contact.flow.deposit_amount = Money{33'000'000};
    EXPECT_EQ(DepositOf(contact, {}).given.Get(domain::Field::kSaleAmount), "33");
}

}  // namespace
}  // namespace barracuda::delivery

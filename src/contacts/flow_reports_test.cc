#include "contacts/flow_reports.h"

#include <gtest/gtest.h>

#include "contacts/click_hash.h"

namespace barracuda::contacts {
namespace {

domain::Contact Person() {
    domain::Contact contact;
    contact.id = ObjectId::New();
    contact.click_id = "theclick";
    contact.sub1 = "brought";
    contact.click_hash = "thehash";
    contact.hash_given = true;
    contact.flow.route = "contact";
    return contact;
}

std::string HashIn(const domain::Report& report) {
    for (const auto& [name, value] : report.deliveries.at(0).extra) {
        if (name == "hash") return value;
    }
    return "";
}

// The conversion may be one that a tracker recorded, which knows no hash.
TEST(FlowReports, TellTheNetworkTheHashThatItGave) {
    auto given = Person();
    auto of_0_1_0 = Person();
    of_0_1_0.sub1 = "thehash";
    of_0_1_0.click_hash = "";
    of_0_1_0.hash_given = false;
    of_0_1_0.clicked_url = "https://landing.example/?sub1=thehash";
    for (const auto& contact : {given, of_0_1_0}) {
        EXPECT_EQ(HashIn(RegistrationOf(contact, nullptr)), "thehash");
        EXPECT_EQ(HashIn(DepositOf(contact, "100", nullptr)), "thehash");
    }
}

TEST(FlowReports, TellTheNetworkNoHashThatAFormTyped) {
    auto typed = Person();
    typed.click_id = typed.click_hash = typed.sub1 = std::string(32, 'a');
    typed.hash_given = false;
    auto of_the_old_application = Person();
    of_the_old_application.flow.route = "";
    of_the_old_application.click_hash = "";
    of_the_old_application.hash_given = false;
    of_the_old_application.clicked_url = "https://landing.example/?sub1=another";
    for (const auto& contact : {typed, of_the_old_application}) {
        EXPECT_EQ(HashIn(RegistrationOf(contact, nullptr)), "");
        EXPECT_EQ(NetworkHashOf(contact), "");
    }
    of_the_old_application.clicked_url = "https://landing.example/?a=1&sub=brought";
    EXPECT_EQ(NetworkHashOf(of_the_old_application), "brought");
}

TEST(FlowReports, ASumOf0IsNotGiven) {
    auto contact = Person();
    contact.flow.deposit_amount = Money{0};
    contact.flow.sale_amount = Money{0};
    const auto ruled = DepositOf(contact, "70", nullptr);
    EXPECT_EQ(ruled.given.Get(domain::Field::kAmount), "70");
    EXPECT_EQ(ruled.given.Get(domain::Field::kSaleAmount), "70");
    contact.flow.deposit_amount = Money{33'000'000};
    EXPECT_EQ(DepositOf(contact, "100", nullptr).given.Get(domain::Field::kSaleAmount), "33");
}

}  // namespace
}  // namespace barracuda::contacts

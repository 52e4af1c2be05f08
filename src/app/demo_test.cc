#include "app/demo.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>

#include "contacts/flag_check.h"
#include "delivery/schedule_check.h"
#include "demo/fill.h"
#include "net/address_guard.h"
#include "store/kv_engine.h"
#include "store/memory/memory_kv.h"

namespace barracuda::app {
namespace {

const Time kEnd = *Time::ParseIso("2026-11-30T12:00:00Z");

demo::FillOptions OptionsOf(size_t conversions) {
    demo::FillOptions options;
    options.contacts = 50;
    options.sandbox = "http://127.0.0.1:9";
    options.conversions = {.count = conversions, .end = kEnd};
    return options;
}

auto EmptyStore() {
    return store::KvEngine::Open(
        std::make_unique<store::MemoryKv>(std::make_shared<store::MemoryKv::Data>())
    );
}

TEST(DemoStore, IsSoundLikeOneThatGrew) {
    auto engine = EmptyStore();
    ASSERT_TRUE(engine);
    auto options = OptionsOf(9'000);
    options.batch = 1'000;
    size_t calls = 0;
    options.go_on = [&calls](size_t) { return ++calls; };
    const auto written = demo::Fill(**engine, options);
    ASSERT_TRUE(written) << written.error().message;
    EXPECT_GT(*written, 9'000u) << "those of the forms come on top";
    EXPECT_EQ(calls, 10u) << "nine batches, and what stands around them";
    auto findings = (*engine)->Verify(false);
    ASSERT_TRUE(findings);
    ASSERT_TRUE(delivery::CheckSchedules(**engine, demo::kNobody, {}, *findings));
    ASSERT_TRUE(contacts::CheckFlags(**engine, {}, {}, *findings));
    EXPECT_TRUE(findings->empty()) << findings->size() << ", first: " << findings->front();
}

TEST(DemoStore, IsNeverSomebodys) {
    auto engine = EmptyStore();
    ASSERT_TRUE(demo::Fill(**engine, OptionsOf(10)));
    const auto again = demo::Fill(**engine, OptionsOf(10));
    ASSERT_FALSE(again);
    EXPECT_EQ(again.error().code, ErrorCode::kConflict);
}

TEST(DemoStore, FillingCanBeBrokenOff) {
    auto engine = EmptyStore();
    auto options = OptionsOf(200'000);
    options.go_on = [](size_t) { return false; };
    EXPECT_FALSE(demo::Fill(**engine, options));
}

bool MayCall(const config::Config& config, const char* address) {
    const net::AddressGuard guard(
        *ParseRanges(config.network.allow_addresses),
        {},
        *ParseRanges(config.network.deny_addresses)
    );
    return guard.Refusal(address, 80).empty();
}

TEST(DemoConfig, NothingBeyondLoopbackIsCalled) {
    const auto config = DemoConfig("/nowhere", "http://127.0.0.1:9", "");
    ASSERT_TRUE(config) << config.error().message;
    EXPECT_TRUE(config->demo);
    EXPECT_EQ(config->store.data, "/nowhere/data");
    EXPECT_TRUE(MayCall(*config, "127.0.0.1"));
    EXPECT_TRUE(MayCall(*config, "127.255.255.255"));
    for (const char* address :
         {"126.255.255.255",
          "128.0.0.0",
          "0.0.0.0",
          "8.8.8.8",
          "63.1.2.3",
          "64.0.0.1",
          "96.0.0.1",
          "112.0.0.1",
          "120.0.0.1",
          "124.0.0.1",
          "126.0.0.1",
          "203.0.113.9",
          "255.255.255.255",
          "::1",
          "2001:db8::1",
          "10.0.0.1",
          "169.254.169.254"}) {
        EXPECT_FALSE(MayCall(*config, address)) << address;
    }
}

TEST(DemoConfig, OthersMayNotWriteIntoIt) {
    EXPECT_EQ(DemoConfig("/n", "http://127.0.0.1:9", "")->auth.ingest, "open");
    EXPECT_EQ(DemoConfig("/n", "http://127.0.0.1:9", "0.0.0.0:80")->auth.ingest, "key");
    EXPECT_FALSE(DemoConfig("/n", "http://127.0.0.1:9", "nowhere"));
}

}  // namespace
}  // namespace barracuda::app

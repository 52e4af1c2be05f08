// For tests of the client: one call, stepped to its end.
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <optional>
#include <utility>

#include "net/client.h"
#include "net/test_server.h"

namespace barracuda::net {

inline HttpReply Fetch(
    Client& client, HttpCall call, std::chrono::milliseconds step = std::chrono::milliseconds(100)
) {
    std::optional<HttpReply> reply;
    client.Start(std::move(call), [&](HttpReply got) { reply = std::move(got); });
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    while (!reply && std::chrono::steady_clock::now() < end) client.Step(step);
    EXPECT_TRUE(reply.has_value());
    return reply.value_or(HttpReply{});
}

}  // namespace barracuda::net

// The requests of one thread of a load: one conversion each, as route 5 (GET), route 4 (POST) or
// Redis (SET … NX) take it.
//
// Threads: one.
#pragma once

#include <fmt/format.h>

#include <iterator>
#include <random>
#include <string>

namespace barracuda::bench {

enum class Send { kGet, kPost, kRedis };
enum class Keys { kDistinct, kRepeats, kOne };

class Requests {
public:
    // `run`: no other load of the same server has it, or its keys would be known there.
    Requests(Send send, Keys keys, std::string run, int thread, std::string host)
        : send_(send),
          keys_(keys),
          run_(std::move(run)),
          thread_(thread),
          host_(std::move(host)),
          random_(static_cast<uint64_t>(thread)) {}

    // Puts the next one's bytes into `out`.
    void Next(std::string& out) {
        const std::string click = Click(Number());
        out.clear();
        auto to = std::back_inserter(out);
        switch (send_) {
            case Send::kGet:
                fmt::format_to(
                    to,
                    "GET /api/postback?click_id={}&affiliate_id=7&goal=registration HTTP/1.1\r\n"
                    "Host: {}\r\n\r\n",
                    click,
                    host_
                );
                break;
            case Send::kPost: {
                const std::string body =
                    fmt::format(R"({{"click_id":"{}","affiliate_id":"7","amount":250}})", click);
                fmt::format_to(
                    to,
                    "POST /api/ftd HTTP/1.1\r\nHost: {}\r\nContent-Type: application/json\r\n"
                    "Content-Length: {}\r\n\r\n{}",
                    host_,
                    body.size(),
                    body
                );
                break;
            }
            case Send::kRedis:
                fmt::format_to(
                    to,
                    "*4\r\n$3\r\nSET\r\n${}\r\n{}:5\r\n${}\r\n{}\r\n$2\r\nNX\r\n",
                    click.size() + 2,
                    click,
                    kRedisValue.size(),
                    kRedisValue
                );
                break;
        }
    }

private:
    static constexpr std::string_view kRedisValue =
        R"({"affiliate_id":"7","goal_type":"registration","status":"pending","amount":"0",)"
        R"("currency":"USD","createdAt":"2026-06-01T00:00:00.000Z","route":"postback"})";
    static constexpr uint64_t kRepeated = 5;  // one of so many

    uint64_t Number() {
        if (keys_ == Keys::kOne) return 0;
        if (keys_ == Keys::kRepeats && sent_ > 0 && random_() % kRepeated == 0) {
            return random_() % sent_;
        }
        return sent_++;
    }
    // The scattered head keeps the keys from arriving in order; the tail makes them distinct.
    std::string Click(uint64_t n) const {
        if (keys_ == Keys::kOne) return run_ + "-one";
        return fmt::format(
            "{:08x}-{}-{}-{}", static_cast<uint32_t>(n * 2654435761u), run_, thread_, n
        );
    }

    const Send send_;
    const Keys keys_;
    const std::string run_;
    const int thread_;
    const std::string host_;
    std::mt19937_64 random_;
    uint64_t sent_ = 0;
};

}  // namespace barracuda::bench

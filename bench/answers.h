// The answers on one connection, as far as a load must know them: where one ends, and what it says.
//
// Threads: one.
#pragma once

#include <charconv>
#include <string>
#include <string_view>

namespace barracuda::bench {

enum class Said { kNotYet, kRecorded, kDuplicate, kOther, kFailed };

// Takes one answer off `bytes`. kOther: a success that tells neither (a server that keeps nothing).
// A broken one, or none of the forms that our peers use (a length is needed), is kFailed.
inline Said TakeHttp(std::string& bytes) {
    const size_t head = bytes.find("\r\n\r\n");
    if (head == std::string::npos) return Said::kNotYet;
    const std::string_view all(bytes);
    constexpr std::string_view kLength = "\r\nContent-Length: ";
    const size_t at = all.substr(0, head + 2).find(kLength);
    size_t length = 0;
    const char* digits = bytes.data() + at + kLength.size();
    if (at == std::string::npos ||
        std::from_chars(digits, bytes.data() + head, length).ec != std::errc()) {
        bytes.clear();
        return Said::kFailed;
    }
    if (bytes.size() < head + 4 + length) return Said::kNotYet;
    const std::string_view body = all.substr(head + 4, length);
    Said said = Said::kFailed;
    if (all.size() > 9 && all[9] == '2') {
        said = Said::kOther;
        if (body.find(R"("isDuplicate":false)") != body.npos) said = Said::kRecorded;
        if (body.find(R"("isDuplicate":true)") != body.npos) said = Said::kDuplicate;
    }
    bytes.erase(0, head + 4 + length);
    return said;
}

// Of SET … NX: it was set, it was there, or something else.
inline Said TakeRedis(std::string& bytes) {
    const size_t end = bytes.find("\r\n");
    if (end == std::string::npos) return Said::kNotYet;
    const std::string line = bytes.substr(0, end);
    bytes.erase(0, end + 2);
    if (line == "+OK") return Said::kRecorded;
    return line == "$-1" ? Said::kDuplicate : Said::kFailed;
}

}  // namespace barracuda::bench

#include "report/list_pages.h"

namespace barracuda::report {

namespace {

constexpr size_t kLengthBytes = 4;

}  // namespace

Error PageTooFar(const char* many, size_t looked) {
    return {
        ErrorCode::kInvalid,
        "page lies beyond the " + std::to_string(looked) + " " + many +
            " that are looked at: go on by cursor (nextCursor of an earlier page)",
        "page"};
}

std::string SortedPlace::Bytes() const {
    std::string bytes;
    for (size_t shift = 0; shift < kLengthBytes; ++shift) {
        bytes.push_back(static_cast<char>(block.size() >> (8 * shift)));
    }
    return bytes + block + last;
}

std::optional<SortedPlace> SortedPlace::Parse(std::string_view bytes) {
    if (bytes.size() < kLengthBytes) return std::nullopt;
    size_t length = 0;
    for (size_t i = 0; i < kLengthBytes; ++i) {
        length |= size_t{static_cast<unsigned char>(bytes[i])} << (8 * i);
    }
    bytes.remove_prefix(kLengthBytes);
    if (length > bytes.size()) return std::nullopt;
    return SortedPlace{std::string(bytes.substr(0, length)), std::string(bytes.substr(length))};
}

}  // namespace barracuda::report

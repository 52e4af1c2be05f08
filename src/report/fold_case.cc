#include "report/fold_case.h"

#include <unicode/bytestream.h>
#include <unicode/normalizer2.h>

#include <algorithm>

#include "base/text.h"

namespace barracuda::report {

std::string FoldCase(std::string_view text) {
    auto plain = [](char c) { return static_cast<unsigned char>(c) < 0x80; };
    if (std::all_of(text.begin(), text.end(), plain)) return Lower(text);
    UErrorCode code = U_ZERO_ERROR;
    const auto* folding = icu::Normalizer2::getNFKCCasefoldInstance(code);
    if (U_FAILURE(code)) return Lower(text);
    const std::string clean = CleanUtf8(text);
    std::string folded;
    icu::StringByteSink<std::string> sink(&folded);
    const auto size = static_cast<int32_t>(clean.size());
    folding->normalizeUTF8(0, icu::StringPiece(clean.data(), size), sink, nullptr, code);
    return U_FAILURE(code) ? Lower(text) : folded;
}

}  // namespace barracuda::report

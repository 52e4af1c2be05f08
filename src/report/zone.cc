#include "report/zone.h"

#include <fmt/format.h>
#include <unicode/timezone.h>
#include <unicode/ucal.h>

#include <cstdlib>

namespace barracuda::report {

struct Zone::Rules {
    std::unique_ptr<icu::TimeZone> zone;
};

std::optional<Zone> Zone::Named(std::string_view name) {
    constexpr size_t kNameMax = 64;
    if (name.empty() || name.size() > kNameMax) return std::nullopt;
    if (name == UCAL_UNKNOWN_ZONE_ID) return std::nullopt;  // ICU's own word for none
    if (name == "UTC") return Zone();
    const auto text = icu::UnicodeString::fromUTF8(
        icu::StringPiece(name.data(), static_cast<int32_t>(name.size()))
    );
    auto rules = std::make_shared<Rules>();
    rules->zone.reset(icu::TimeZone::createTimeZone(text));
    // What ICU does not know becomes a zone of this name.
    if (!rules->zone || *rules->zone == icu::TimeZone::getUnknown()) return std::nullopt;
    return Zone(std::move(rules));
}

int Zone::OffsetSeconds(Time at) const {
    if (!rules_) return 0;
    int32_t raw = 0, saved = 0;
    UErrorCode status = U_ZERO_ERROR;
    rules_->zone->getOffset(static_cast<UDate>(at.ms), false, raw, saved, status);
    return U_FAILURE(status) ? 0 : (raw + saved) / 1000;
}

Time Zone::At(int64_t local_ms) const {
    if (!rules_) return Time{local_ms};
    int32_t raw = 0, saved = 0;
    UErrorCode status = U_ZERO_ERROR;
    rules_->zone->getOffset(static_cast<UDate>(local_ms), true, raw, saved, status);
    return Time{U_FAILURE(status) ? local_ms : local_ms - raw - saved};
}

std::string Zone::Iso(Time at) const {
    if (!rules_) return at.Iso();
    const int seconds = OffsetSeconds(at);
    std::string text = Time{at.ms + seconds * 1000LL}.Iso();
    text.pop_back();  // the Z
    const int minutes = std::abs(seconds) / 60;
    return fmt::format(
        "{}{}{:02}:{:02}", text, seconds < 0 ? '-' : '+', minutes / 60, minutes % 60
    );
}

}  // namespace barracuda::report

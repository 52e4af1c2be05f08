#include "base/time.h"

#include <fmt/format.h>

#include <chrono>

namespace barracuda {

namespace chrono = std::chrono;

Time Time::Now() {
    auto now = chrono::system_clock::now().time_since_epoch();
    return Time{chrono::duration_cast<chrono::milliseconds>(now).count()};
}

namespace {

chrono::year_month_day DayOf(int64_t ms) {
    auto point = chrono::sys_time<chrono::milliseconds>(chrono::milliseconds(ms));
    return chrono::year_month_day(chrono::floor<chrono::days>(point));
}

bool Digits(std::string_view text, size_t at, size_t count, int& out) {
    if (at + count > text.size()) return false;
    out = 0;
    for (size_t i = at; i < at + count; ++i) {
        if (text[i] < '0' || text[i] > '9') return false;
        out = out * 10 + (text[i] - '0');
    }
    return true;
}

}  // namespace

std::string Time::Iso() const {
    auto day = DayOf(ms);
    int64_t rest = ms - chrono::sys_days(day).time_since_epoch() / chrono::milliseconds(1);
    return fmt::format(
        "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z",
        int(day.year()),
        unsigned(day.month()),
        unsigned(day.day()),
        rest / 3600000,
        rest / 60000 % 60,
        rest / 1000 % 60,
        rest % 1000
    );
}

std::string Time::Month() const {
    const auto day = DayOf(ms);
    const int year = int(day.year());
    const unsigned month = unsigned(day.month());
    if (year < 0 || year > 9999) return fmt::format("{:04}-{:02}", year, month);
    std::string text = "0000-00";  // every conversion's, several times each
    for (int i = 3, rest = year; i >= 0; --i, rest /= 10)
        text[i] = static_cast<char>('0' + rest % 10);
    text[5] = static_cast<char>('0' + month / 10);
    text[6] = static_cast<char>('0' + month % 10);
    return text;
}

std::optional<Time> Time::ParseIso(std::string_view text) {
    int year, month, day, hour = 0, minute = 0, second = 0, milli = 0, offset = 0;
    if (!Digits(text, 0, 4, year) || !Digits(text, 5, 2, month) || !Digits(text, 8, 2, day) ||
        text[4] != '-' || text[7] != '-') {
        return std::nullopt;
    }
    chrono::year_month_day date(
        chrono::year(year),
        chrono::month(static_cast<unsigned>(month)),
        chrono::day(static_cast<unsigned>(day))
    );
    if (!date.ok()) return std::nullopt;
    size_t at = 10;
    if (text.size() > at) {
        if (text[at] != 'T' || !Digits(text, 11, 2, hour) || !Digits(text, 14, 2, minute) ||
            text[13] != ':') {
            return std::nullopt;
        }
        at = 16;
        if (at < text.size() && text[at] == ':') {
            if (!Digits(text, 17, 2, second)) return std::nullopt;
            at = 19;
        }
        if (at < text.size() && text[at] == '.') {
            size_t end = at + 1;
            int scale = 100;
            while (end < text.size() && text[end] >= '0' && text[end] <= '9') {
                milli += (text[end++] - '0') * scale;
                scale /= 10;
            }
            if (end == at + 1) return std::nullopt;
            at = end;
        }
        if (at == text.size()) return std::nullopt;
        if (text[at] == 'Z') {
            ++at;
        } else if (text[at] == '+' || text[at] == '-') {
            int hours, minutes;
            if (!Digits(text, at + 1, 2, hours) || !Digits(text, at + 4, 2, minutes) ||
                text[at + 3] != ':' || hours > 23 || minutes > 59) {
                return std::nullopt;
            }
            offset = (hours * 60 + minutes) * (text[at] == '-' ? -1 : 1);
            at += 6;
        }
        if (at != text.size() || hour > 23 || minute > 59 || second > 60) return std::nullopt;
    }
    int64_t days = chrono::sys_days(date).time_since_epoch().count();
    int64_t seconds = days * 86400 + hour * 3600 + minute * 60 + second - offset * 60;
    return Time{seconds * 1000 + milli};
}

}  // namespace barracuda

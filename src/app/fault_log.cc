#include "app/fault_log.h"

#include <vector>

#include "base/text.h"

namespace barracuda::app {

namespace {

constexpr size_t kWhatBytesMax = 256;

// One printable line; a word with an @ may be a person's address.
std::string Readable(std::string_view what) {
    const std::string text(CutUtf8(CleanUtf8(what), kWhatBytesMax));
    std::string out, word;
    const auto end_word = [&] {
        out += word.find('@') == std::string::npos ? word : "***";
        word.clear();
    };
    for (char c : text) {
        const bool blank = static_cast<unsigned char>(c) <= 0x20 || c == 0x7f;
        if (!blank) {
            word += c;
            continue;
        }
        end_word();
        out += ' ';
    }
    end_word();
    return out;
}

}  // namespace

void FaultLog::Report(Fault kind, std::string_view subject, std::string_view what) {
    counts_[static_cast<size_t>(kind)].fetch_add(1, std::memory_order_relaxed);
    const auto now = Clock::now();
    std::string text = Readable(what);
    Key key{kind, std::string(CutUtf8(subject, kWhatBytesMax))};
    {
        MutexLock lock(mutex_);
        if (noted_.size() >= kSubjectsMax && !noted_.contains(key)) key.second = std::string("-");
        Noted& noted = noted_[key];
        if (now < noted.quiet_until) {
            ++noted.untold;
            noted.last = std::move(text);
            return;
        }
        noted.quiet_until = now + kQuiet;
    }
    Tell(key, text, 1);
}

void FaultLog::Look(Clock::time_point now) {
    std::vector<std::pair<Key, Noted>> due;
    {
        MutexLock lock(mutex_);
        for (auto at = noted_.begin(); at != noted_.end();) {
            auto& [key, noted] = *at;
            if (now < noted.quiet_until) {
                ++at;
            } else if (noted.untold == 0) {
                at = noted_.erase(at);
            } else {
                due.emplace_back(key, noted);
                noted = {.quiet_until = now + kQuiet};
                ++at;
            }
        }
    }
    for (const auto& [key, noted] : due) Tell(key, noted.last, noted.untold);
}

void FaultLog::Finish() { Look(Clock::time_point::max() - kQuiet); }

std::array<uint64_t, kFaults> FaultLog::counts() const {
    std::array<uint64_t, kFaults> out{};
    for (size_t i = 0; i < kFaults; ++i) out[i] = counts_[i].load(std::memory_order_relaxed);
    return out;
}

void FaultLog::Tell(const Key& key, const std::string& what, uint64_t count) {
    log_(
        Level::kError,
        "a fault of ours",
        {{"kind", NameOf(key.first)},
         {"subject", key.second},
         {"why", what},
         {"count", std::to_string(count)}}
    );
}

}  // namespace barracuda::app

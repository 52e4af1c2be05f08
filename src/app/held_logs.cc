#include "app/held_logs.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <charconv>

#include "store/rocks/store_files.h"

namespace barracuda::app {

namespace {

// A record is seen while it is being written; after so many looks it is damage.
constexpr int kLooksMax = 20;

std::string NameOf(uint64_t number) { return fmt::format("{:06}.log", number); }

std::optional<uint64_t> LogNumberOf(std::string_view name) {
    if (!name.ends_with(".log")) return std::nullopt;
    name.remove_suffix(4);
    uint64_t number = 0;
    const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), number);
    if (error != std::errc() || end != name.data() + name.size()) return std::nullopt;
    return number;
}

}  // namespace

Result<bool> HeldLogs::Hold() {
    auto names = store::NamesIn(data_);
    if (!names) return Fail(names.error());
    for (const auto& name : *names) {
        const auto number = LogNumberOf(name);
        if (!number || *number <= read_ || held_.contains(*number)) continue;
        const std::string to = to_ + "/" + NameOf(*number);
        if (link((data_ + "/" + name).c_str(), to.c_str()) != 0) {
            if (errno == ENOENT) continue;  // gone: whoever misses it notices by its sequence
            return Fail(store::FileError("cannot link " + name, errno));
        }
        File file(open(to.c_str(), O_RDONLY | O_CLOEXEC));
        if (!file) return Fail(store::FileError("cannot read " + name, errno));
        held_.emplace(*number, Held{store::WalReader(std::move(file))});
    }
    return true;
}

void HeldLogs::Release(uint64_t number) {
    unlink((to_ + "/" + NameOf(number)).c_str());
    held_.erase(number);
    read_ = number;
}

Result<bool> HeldLogs::Read(const std::function<Result<bool>(const std::string& batch)>& take) {
    if (auto held = Hold(); !held) return held;
    while (!held_.empty()) {
        const uint64_t number = held_.begin()->first;
        auto& [reader, damaged] = held_.begin()->second;
        // Looked at before it is read: RocksDB writes nothing more into a log once there is a next.
        const bool ended = held_.size() > 1;
        for (;;) {
            auto batch = reader.Next();
            if (!batch && batch.error().code != ErrorCode::kInvalid) return Fail(batch.error());
            if (!batch) {
                // What a crash left at its end, where another follows: its sequence tells a loss.
                if (ended) break;
                if (++damaged > kLooksMax) return Fail(batch.error());
                return true;
            }
            damaged = 0;
            if (!*batch) break;
            if (auto taken = take(**batch); !taken) return taken;
        }
        if (!ended) return true;
        Release(number);
    }
    return true;
}

}  // namespace barracuda::app

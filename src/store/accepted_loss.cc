#include "store/accepted_loss.h"

#include <fmt/format.h>

#include <sstream>

namespace barracuda::store {

std::string AcceptedLoss::Text() const {
    return fmt::format(
        "accepted as lost (--accept-loss): {} {}, {} {}, last at {}",
        writes,
        writes == 1 ? "write" : "writes",
        times,
        times == 1 ? "time" : "times",
        last.Iso()
    );
}

std::string AcceptedLoss::Bytes() const { return fmt::format("{} {} {}", times, writes, last.ms); }

std::optional<AcceptedLoss> AcceptedLoss::Parse(std::string_view bytes) {
    std::istringstream from{std::string(bytes)};
    AcceptedLoss loss;
    if (!(from >> loss.times >> loss.writes >> loss.last.ms) || !from.eof()) return std::nullopt;
    return loss;
}

}  // namespace barracuda::store

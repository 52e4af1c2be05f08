#include "app/leftovers.h"

#include <sys/stat.h>

#include <filesystem>

#include "app/checkpoint.h"
#include "app/log.h"

namespace barracuda::app {

void RemoveLeftovers(const std::string& data, Time now) {
    WorkDirectory::RemoveLeft(data);
    const std::string copy = data + "/" + kBeforeUpgrade;
    struct stat found {};
    if (stat(copy.c_str(), &found) != 0) return;
    const int64_t age_ms = now.ms - int64_t{found.st_mtim.tv_sec} * 1'000;
    if (age_ms < std::chrono::milliseconds(kBeforeUpgradeKept).count()) return;
    std::error_code ec;
    std::filesystem::remove_all(copy, ec);
    Log(ec ? Level::kWarning : Level::kInfo,
        "the copy of before the upgrade is a day old and removed",
        {{"directory", copy}, {"why", ec ? ec.message() : ""}});
}

}  // namespace barracuda::app

#include "api/process_metrics.h"

#include <dirent.h>
#include <fmt/format.h>
#include <sys/resource.h>
#include <unistd.h>

#include <fstream>
#include <memory>
#include <sstream>
#include <vector>

namespace barracuda::api {

namespace {

template <typename Number>
void Add(std::string& to, const char* name, const char* type, const char* help, Number value) {
    to += fmt::format(
        "# HELP process_{0} {2}\n# TYPE process_{0} {1}\nprocess_{0} {3}\n", name, type, help, value
    );
}

std::string FirstLine(const char* path) {
    std::ifstream file(path);
    std::string line;
    std::getline(file, line);
    return line;
}

// The fields of /proc/self/stat behind the name, which may hold blanks: [0] is field 3, the state.
std::vector<std::string> Stat() {
    const std::string line = FirstLine("/proc/self/stat");
    const size_t end = line.rfind(')');
    std::vector<std::string> fields;
    if (end == std::string::npos) return fields;
    std::istringstream rest(line.substr(end + 1));
    for (std::string field; rest >> field;) fields.push_back(field);
    return fields;
}

// When the machine started, in seconds since 1970; 0: unknown.
double BootTime() {
    std::ifstream file("/proc/stat");
    for (std::string name; file >> name;) {
        double seconds = 0;
        if (name == "btime" && file >> seconds) return seconds;
    }
    return 0;
}

size_t OpenDescriptors() {
    std::unique_ptr<DIR, int (*)(DIR*)> directory(opendir("/proc/self/fd"), closedir);
    if (!directory) return 0;
    size_t entries = 0;
    while (readdir(directory.get())) ++entries;
    return entries < 3 ? 0 : entries - 3;  // ".", ".." and the directory's own
}

}  // namespace

std::string ProcessMetrics() {
    std::string text;
    const auto stat = Stat();
    const double ticks = static_cast<double>(sysconf(_SC_CLK_TCK));
    if (stat.size() > 21) {
        const double cpu = (std::stod(stat[11]) + std::stod(stat[12])) / ticks;
        Add(text, "cpu_seconds_total", "counter", "CPU used, user and system.", cpu);
        const double started = BootTime() + std::stod(stat[19]) / ticks;
        Add(text, "start_time_seconds", "gauge", "Start, seconds since 1970.", started);
        Add(text, "virtual_memory_bytes", "gauge", "Virtual memory.", std::stoull(stat[20]));
        const auto page = static_cast<uint64_t>(sysconf(_SC_PAGESIZE));
        const uint64_t resident = std::stoull(stat[21]) * page;
        Add(text, "resident_memory_bytes", "gauge", "Resident memory.", resident);
    }
    Add(text, "open_fds", "gauge", "Open file descriptors.", OpenDescriptors());
    rlimit limit{};
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        Add(text, "max_fds", "gauge", "As many may be open.", limit.rlim_cur);
    }
    return text;
}

}  // namespace barracuda::api

// simulate: runs seeds, each in a process of its own, so that one that ends the program ends
// nothing else, and each begins as the program does.
#include <sodium.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <cstring>
#include <map>

#include "world.h"

namespace {

using namespace barracuda::sim;

// What the program draws from libsodium comes from the seed as well.
Random sodium(0);
const char* NameOfSodium() { return "simulated"; }
uint32_t DrawSodium() { return static_cast<uint32_t>(sodium.Next()); }
void FillSodium(void* to, size_t size) {
    auto* bytes = static_cast<unsigned char*>(to);
    for (size_t i = 0; i < size; ++i) bytes[i] = static_cast<unsigned char>(sodium.Next());
}
randombytes_implementation kSodium = {
    .implementation_name = NameOfSodium,
    .random = DrawSodium,
    .stir = nullptr,
    .uniform = nullptr,
    .buf = FillSodium,
    .close = nullptr};

// One seed's result, in memory that the processes share.
struct Told {
    uint64_t seed, hash, switches;
    Micros simulated;
    Oracle::Counts counts;
    bool ended;  // else the process did not get there
    char broken[1024];
};

constexpr unsigned kSecondsMax = 60;  // of one seed

void RunSeed(uint64_t seed, Control control, bool tell, Told& told) {
    sodium = Random(seed ^ 0x5eed);
    World world(seed, control, tell);
    const Ending ending = world.Run();
    told.hash = ending.hash;
    told.switches = ending.switches;
    told.simulated = ending.simulated;
    told.counts = ending.counts;
    std::strncpy(told.broken, ending.broken.c_str(), sizeof told.broken - 1);
    told.ended = true;
    // What lives in killed nodes is never unwound.
    std::fflush(nullptr);
    _exit(0);
}

class Runner {
public:
    Runner(unsigned jobs, Control control) : control_(control), places_(jobs) {
        void* at = mmap(
            nullptr, jobs * sizeof(Told), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0
        );
        if (at == MAP_FAILED) throw std::runtime_error("no memory is left to share");
        told_ = static_cast<Told*>(at);
    }

    // Runs `seeds` until one fails where `first` is set; `progress` after each.
    void Run(
        const std::vector<uint64_t>& seeds, bool first, const std::function<void()>& progress
    ) {
        size_t next = 0, under_way = 0;
        while (under_way > 0 || (next < seeds.size() && !(first && !failed.empty()))) {
            const bool more = next < seeds.size() && !(first && !failed.empty());
            if (more && under_way < places_.size()) {
                Begin(seeds[next++]);
                ++under_way;
                continue;
            }
            End();
            --under_way;
            progress();
        }
    }

    std::map<uint64_t, std::string> failed;
    uint64_t seeds = 0, switches = 0;
    Micros simulated = 0;
    Oracle::Counts counts;
    uint64_t hash = 0;

private:
    void Begin(uint64_t seed) {
        const auto free = std::find(places_.begin(), places_.end(), 0);
        Told& told = told_[free - places_.begin()];
        told = Told{};
        told.seed = seed;
        std::fflush(nullptr);
        const pid_t child = fork();
        if (child == 0) {
            alarm(kSecondsMax);
            RunSeed(seed, control_, false, told);
        }
        *free = child;
    }
    void End() {
        int status = 0;
        const pid_t child = wait(&status);
        const auto at = std::find(places_.begin(), places_.end(), child);
        const Told& told = told_[at - places_.begin()];
        *at = 0;
        ++seeds;
        std::string broken = told.broken;
        if (!told.ended) {
            const bool late = WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM;
            broken = late ? "it does not end" : "the program contradicts itself, and ends";
        }
        if (!broken.empty()) failed[told.seed] = broken;
        switches += told.switches;
        simulated += told.simulated;
        counts.applied += told.counts.applied;
        counts.told += told.counts.told;
        counts.attempts += told.counts.attempts;
        counts.handled += told.counts.handled;
        counts.crashes += told.counts.crashes;
        hash ^= told.hash * 0x9e3779b97f4a7c15;
    }

    const Control control_;
    std::vector<pid_t> places_;  // 0: free
    Told* told_;
};

double Seconds() {
    timespec at{};
    clock_gettime(CLOCK_MONOTONIC, &at);
    return static_cast<double>(at.tv_sec) + static_cast<double>(at.tv_nsec) / 1e9;
}

std::vector<uint64_t> SeedsFrom(uint64_t from, uint64_t count) {
    std::vector<uint64_t> seeds(count);
    for (uint64_t i = 0; i < count; ++i) seeds[i] = from + i;
    return seeds;
}

int Replay(uint64_t seed, Control control, bool tell) {
    static Told told;
    const pid_t child = fork();
    if (child != 0) {
        int status = 0;
        waitpid(child, &status, 0);
        return WIFEXITED(status) ? WEXITSTATUS(status) : 2;
    }
    sodium = Random(seed ^ 0x5eed);
    World world(seed, control, tell);
    const Ending ending = world.Run();
    if (!tell && !ending.broken.empty()) {
        for (const auto& line : world.trace().last()) std::printf("%s\n", line.c_str());
    }
    std::printf(
        "seed %lu: %s; trace %016lx, %lu steps, %.1f s of the world's time\n",
        seed,
        ending.broken.empty() ? "every promise was kept" : ending.broken.c_str(),
        ending.hash,
        ending.switches,
        static_cast<double>(ending.simulated) / kSecond
    );
    std::fflush(nullptr);
    _exit(ending.broken.empty() ? 0 : 1);
}

int RunAll(const std::vector<uint64_t>& seeds, unsigned jobs, Control control) {
    Runner runner(jobs, control);
    const double begin = Seconds();
    double told = begin;
    runner.Run(seeds, false, [&] {
        if (Seconds() - told < 5) return;
        told = Seconds();
        std::printf(
            "  %lu of %zu seeds, %.0f a minute, %zu failed\n",
            runner.seeds,
            seeds.size(),
            static_cast<double>(runner.seeds) * 60 / (told - begin),
            runner.failed.size()
        );
        std::fflush(stdout);
    });
    const double took = Seconds() - begin;
    for (const auto& [seed, why] : runner.failed) {
        std::printf("FAILED seed %lu: %s\n", seed, why.c_str());
    }
    std::printf(
        "%lu seeds in %.0f s (%.0f a minute): %.1f hours of the world's time, %lu steps, %lu "
        "crashes, "
        "%lu batches, %lu answers, %lu attempts; %zu failed; trace %016lx\n",
        runner.seeds,
        took,
        static_cast<double>(runner.seeds) * 60 / took,
        static_cast<double>(runner.simulated) / kSecond / 3'600,
        runner.switches,
        runner.counts.crashes,
        runner.counts.applied,
        runner.counts.told,
        runner.counts.attempts,
        runner.failed.size(),
        runner.hash
    );
    return runner.failed.empty() ? 0 : 1;
}

// Each control until the first seed that finds it.
int RunControls(const std::vector<uint64_t>& seeds, unsigned jobs) {
    int missed = 0;
    for (const auto& control : Controls()) {
        Runner runner(jobs, control.control);
        runner.Run(seeds, true, [] {});
        missed += runner.failed.empty();
        const auto found = runner.failed.begin();
        std::printf(
            "%-18s %s after %lu seeds%s%s\n",
            control.name,
            runner.failed.empty() ? "NOT FOUND" : "found",
            runner.seeds,
            runner.failed.empty() ? "" : ": ",
            runner.failed.empty() ? "" : found->second.c_str()
        );
        std::fflush(stdout);
    }
    return missed == 0 ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
    CLI::App app{"Whole-system simulation (docs/simulation.md)"};
    uint64_t from = 1, count = 1'000;
    std::optional<uint64_t> seed;
    unsigned jobs = 2;
    std::string control_name;
    bool tell = false, controls = false;
    std::vector<uint64_t> kept;
    app.add_option("--from", from, "the first seed");
    app.add_option("--seeds", count, "how many");
    app.add_option("--seed", seed, "this one alone, with its last events where it fails");
    app.add_flag("--tell", tell, "with --seed: every event, to stderr");
    app.add_option("--jobs", jobs, "seeds at a time")->check(CLI::Range(1, 256));
    app.add_option("--control", control_name, "with this promise broken at a seam");
    app.add_flag("--controls", controls, "each control in turn: every one must be found");
    app.add_option("--also", kept, "these seeds first")->delimiter(',');
    CLI11_PARSE(app, argc, argv);
    const auto control = control_name.empty() ? Control::kNone : ControlNamed(control_name);
    if (!control) return std::fprintf(stderr, "no control is called %s\n", control_name.c_str()), 2;
    if (randombytes_set_implementation(&kSodium) != 0 || sodium_init() < 0) return 2;
    if (seed) return Replay(*seed, *control, tell);
    auto seeds = SeedsFrom(from, count);
    seeds.insert(seeds.begin(), kept.begin(), kept.end());
    return controls ? RunControls(seeds, jobs) : RunAll(seeds, jobs, *control);
}

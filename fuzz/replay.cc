// Runs every target over its seeds, over what once failed (FOUND/NAME/*), and over ROUNDS changed
// inputs of each, drawn from SEED: the same bytes each time. `--self-test`: a target that must be
// found to fail, is.
//
//     fuzz_replay FOUND [ROUNDS [SEED]]
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

#include "targets.h"

using barracuda::fuzz::Target;

namespace {

constexpr size_t kBytesMax = 16 * 1024;
std::string now;  // the input under way, for whoever asks why the process ended

std::string Mutated(const std::vector<std::string>& inputs, std::mt19937_64& random) {
    std::string text = inputs[random() % inputs.size()];
    auto place = [&](size_t more) { return text.empty() ? 0 : random() % (text.size() + more); };
    for (unsigned n = random() % 6 + 1; n > 0; --n) {
        switch (random() % 7) {
            case 0:
                if (!text.empty()) text[place(0)] ^= static_cast<char>(1u << random() % 8);
                break;
            case 1:
                if (!text.empty()) text[place(0)] = static_cast<char>(random());
                break;
            case 2:
                if (!text.empty()) text.erase(place(0), random() % 8 + 1);
                break;
            case 3:
                text.insert(place(1), 1, "\0\n\r\"%{},:;=&\xff\x80"[random() % 15]);
                break;
            case 4: {  // a piece of it once more
                const size_t from = place(1);
                const std::string piece = text.substr(from, random() % 32);
                text.insert(place(1), piece);
                break;
            }
            case 5: {  // the end of another
                const std::string& other = inputs[random() % inputs.size()];
                text = text.substr(0, place(1)) +
                       other.substr(other.empty() ? 0 : random() % other.size());
                break;
            }
            default:
                text.resize(place(1));
        }
    }
    return text.substr(0, kBytesMax);
}

std::vector<std::string> FoundOf(const std::filesystem::path& directory) {
    std::vector<std::string> found;
    if (!std::filesystem::is_directory(directory)) return found;
    for (const auto& file : std::filesystem::directory_iterator(directory)) {
        std::ifstream in(file.path(), std::ios::binary);
        found.emplace_back(std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>());
    }
    return found;
}

size_t Run(const Target& target, std::vector<std::string> inputs, size_t rounds, uint64_t seed) {
    std::mt19937_64 random(seed);
    for (const auto& input : inputs) target.run(now = input);
    for (size_t i = 0; i < rounds; ++i) target.run(now = Mutated(inputs, random));
    return inputs.size() + rounds;
}

// A check that fails ends the process: what it was fed is told first.
void TellInput(int) {
    std::fprintf(stderr, "the input, in hexadecimal: ");
    for (unsigned char c : now) std::fprintf(stderr, "%02x", c);
    std::fprintf(stderr, "\n");
    std::_Exit(1);
}

bool SelfTest() {
    static bool reached;
    reached = false;
    const Target control{
        "control",
        [](std::string_view bytes) { reached |= bytes.find("b\xff") != bytes.npos; },
        nullptr};
    Run(control, {"abc"}, 20'000, 1);
    return reached;
}

}  // namespace

int main(int argc, char** argv) {
    if (argc == 2 && std::string_view(argv[1]) == "--self-test") {
        std::printf(
            "the control target %s\n",
            SelfTest() ? "was made to fail" : "NEVER FAILED: this proves nothing"
        );
        return SelfTest() ? 0 : 1;
    }
    if (argc < 2) return std::fprintf(stderr, "fuzz_replay FOUND [ROUNDS [SEED]]\n"), 2;
    std::signal(SIGABRT, TellInput);
    const size_t rounds = argc > 2 ? std::strtoul(argv[2], nullptr, 10) : 2'000;
    const uint64_t seed = argc > 3 ? std::strtoull(argv[3], nullptr, 10) : 1;
    for (const auto& target : barracuda::fuzz::Targets()) {
        std::printf("%s: ", target.name);
        std::fflush(stdout);
        auto inputs = target.seeds();
        for (auto& one : FoundOf(std::filesystem::path(argv[1]) / target.name))
            inputs.push_back(std::move(one));
        std::printf("%zu inputs\n", Run(target, std::move(inputs), rounds, seed));
    }
    return 0;
}

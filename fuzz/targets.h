// Everything of the program that reads bytes of others, as functions from bytes to nothing: each
// one checks what must hold of any bytes (BARRACUDA_CHECK), beside that nothing crashes and no
// sanitizer speaks.
//
// fuzz/replay.cc runs all of them over their seeds, over inputs that once failed (fuzz/found/NAME/)
// and over changed ones: for a moment in `./dev test`, as long as one likes by `./dev fuzz`.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace barracuda::fuzz {

struct Target {
    const char* name;
    void (*run)(std::string_view bytes);
    std::vector<std::string> (*seeds)();
};

std::span<const Target> Targets();

}  // namespace barracuda::fuzz

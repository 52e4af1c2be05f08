// BARRACUDA_CHECK(condition): aborts, naming the place, when the program contradicts itself. On in
// release builds too. Never for input: bytes of a peer or of a disk are judged by errors.
//
// Threads: any.
#pragma once

#include <cstdio>
#include <cstdlib>

#define BARRACUDA_CHECK(condition)                                                             \
    do {                                                                                       \
        if (!(condition)) {                                                                    \
            std::fprintf(stderr, "%s:%d: check failed: %s\n", __FILE__, __LINE__, #condition); \
            std::abort();                                                                      \
        }                                                                                      \
    } while (false)

// BARRACUDA_CHECK(condition): aborts with the place when what cannot be happens. Stays on in
// release builds; never reachable from bytes a peer sent.
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

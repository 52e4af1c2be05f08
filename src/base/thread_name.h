// Names a thread for those who look from outside: top -H, perf, gdb.
#pragma once

#include <pthread.h>

#include <cstring>

#include "base/check.h"

namespace barracuda {

// Names the calling thread; at most 15 bytes, the kernel's bound.
inline void NameThread(const char* name) {
    BARRACUDA_CHECK(std::strlen(name) <= 15);
    pthread_setname_np(pthread_self(), name);
}

}  // namespace barracuda

// Names a thread for those who look from outside: top -H, perf, gdb.
#pragma once

#include <pthread.h>

namespace barracuda {

// The calling thread; at most 15 bytes (the kernel's bound), longer names are not taken.
inline void NameThread(const char* name) { pthread_setname_np(pthread_self(), name); }

}  // namespace barracuda

# What turns a fault in memory into the end of the process rather than into somebody's code: Debian's own set, stack clash
# protection beside it. The whole program is linked so. The compiler's part is in the folders through which the bytes of
# strangers and networks go first, and in which they are decided upon. No control-flow marks (-fcf-protection): a program
# has them only where every object of it does, and RocksDB's, libmongoc's and mimalloc's archives do not.
# tests/e2e/test_hardening.py reads all of it off the program.
# The sanitizers find more, and two of these would hide it from them; without optimisation the C library's checks are none.
option(BARRACUDA_HARDEN "what a fault in memory ends at; off: to measure what it costs" ON)
set(BARRACUDA_HARDENED_FOLDERS base config domain http net)
set(BARRACUDA_HARDENING "")
set(BARRACUDA_HARDENED_LINK "")
if(BARRACUDA_HARDEN AND NOT BARRACUDA_SANITIZE AND NOT CMAKE_BUILD_TYPE STREQUAL "Debug")
    set(BARRACUDA_HARDENING -fPIE -fstack-protector-strong -fstack-clash-protection -D_FORTIFY_SOURCE=2)
    set(BARRACUDA_HARDENED_LINK -pie -Wl,-z,relro,-z,now,-z,noexecstack)
endif()

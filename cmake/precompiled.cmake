# What most files read anew otherwise is compiled once: for the folders' tests, and for the libraries where
# sanitizers are on or the build type is Debug (a developer's quick build: half of the time). Only code that
# is not optimised has it: g++ 12 sees an overflow in its own std::string when it optimises what comes out
# of a precompiled header. Each file still includes what it uses: the program's own build reads nothing else.
if(BARRACUDA_SANITIZE OR CMAKE_BUILD_TYPE STREQUAL "Debug")
    set(BARRACUDA_PRECOMPILE ON)
endif()
set(PRECOMPILED
    <algorithm> <atomic> <chrono> <functional> <future> <map> <memory> <mutex> <optional> <set>
    <span> <string> <string_view> <thread> <unordered_map> <vector> <fmt/format.h> <tl/expected.hpp>
)

function(barracuda_precompiled_header name)
    add_library(${name} OBJECT ${CMAKE_SOURCE_DIR}/cmake/precompiled.cc)
    target_link_libraries(${name} PRIVATE fmt::fmt Threads::Threads)
    target_compile_options(${name} PRIVATE -O0)
    target_precompile_headers(${name} PRIVATE ${PRECOMPILED} ${ARGN})
endfunction()

barracuda_precompiled_header(precompiled_test <gmock/gmock.h> <gtest/gtest.h>)
target_link_libraries(precompiled_test PRIVATE GTest::gtest GTest::gmock)
if(BARRACUDA_PRECOMPILE)
    barracuda_precompiled_header(precompiled)
endif()

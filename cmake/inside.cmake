# One package for two releases of Debian (docs/decisions/package.md): libraries that the next release has under another name
# are linked into the program itself. Everything else of ours, the tests among it, has Debian's shared ones: the tables of ICU
# alone are 30 MB. A folder links barracuda_fmt, barracuda_json or barracuda_icu; which of the two it comes to is
# decided by the property INSIDE of the program that is linked.
function(barracuda_library name shared inside)
    add_library(${name} INTERFACE)
    target_link_libraries(${name} INTERFACE "$<IF:$<BOOL:$<TARGET_PROPERTY:INSIDE>>,${inside},${shared}>")
endfunction()

add_library(inside_fmt STATIC EXCLUDE_FROM_ALL ${CMAKE_SOURCE_DIR}/cmake/fmt.cc)
barracuda_library(barracuda_fmt fmt::fmt inside_fmt)

add_library(inside_json INTERFACE)
find_library(JSON_ARCHIVE libboost_json.a REQUIRED)
target_link_libraries(inside_json INTERFACE ${JSON_ARCHIVE} Boost::headers)
barracuda_library(barracuda_json Boost::json inside_json)

add_library(inside_icu INTERFACE)
foreach(part i18n uc data)
    find_library(ICU_ARCHIVE_${part} libicu${part}.a REQUIRED)
    target_link_libraries(inside_icu INTERFACE ${ICU_ARCHIVE_${part}})
endforeach()
barracuda_library(barracuda_icu PkgConfig::ICU inside_icu)

# Blocks are freed on another thread than made them, a request's life here; mimalloc does it for an eighth less CPU a request
# than glibc (docs/performance.md). A sanitizer brings its own allocator. Debian has it as a shared library alone:
# tools/mimalloc.sh makes it out of Debian's source.
set(BARRACUDA_MIMALLOC "" CACHE FILEPATH "mimalloc.o; empty: Debian's shared library, the package is then for this release alone")
function(barracuda_allocator name)
    if(BARRACUDA_SANITIZE)
        return()
    endif()
    if(BARRACUDA_MIMALLOC)
        target_link_libraries(${name} PRIVATE ${BARRACUDA_MIMALLOC})
    else()
        find_package(mimalloc 2.0 REQUIRED)
        target_link_libraries(${name} PRIVATE -Wl,--push-state,--no-as-needed mimalloc -Wl,--pop-state)
    endif()
endfunction()

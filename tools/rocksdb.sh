#!/bin/sh
# rocksdb.sh DIRECTORY JOBS: DIRECTORY/librocksdb.a out of Debian's own source of the installed librocksdb-dev, with its
# patches, and DIRECTORY/made, which names what it was made of.
#
# Debian's library is compiled with its assertions: every insertion into a memtable compares its key several times over,
# and each checkpoint for tests is asked about. It also has no CRC instruction. Together a tenth and more of a
# conversion's CPU (docs/performance.md); nothing of the library's behaviour differs.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$1"
cd "$1"
root=$PWD
rm -f made
tree=$("$here/debian_source.sh" librocksdb-dev "$root/source")

# By the processor's CRC instruction where there is one: the file asks for it at run time.
if [ "$(uname -m)" = x86_64 ]; then
    echo 'set_source_files_properties(util/crc32c.cc PROPERTIES COMPILE_FLAGS
        "-msse4.2 -mpclmul -DHAVE_SSE42 -DHAVE_PCLMUL")' >>"$tree/CMakeLists.txt"
fi
off=
for part in GFLAGS TESTS TOOLS CORE_TOOLS BENCHMARK_TOOLS TRACE_TOOLS LIBURING; do off="$off -DWITH_$part=OFF"; done
# Its sources are also meant to be one file (its own `make unity_test`): twelve at a time are a third of the work.
unity="-DCMAKE_UNITY_BUILD=ON -DCMAKE_UNITY_BUILD_BATCH_SIZE=12"
on=
for part in SNAPPY LZ4 ZLIB ZSTD BZ2; do on="$on -DWITH_$part=ON"; done
cmake -S "$tree" -B source/build -G Ninja --log-level=WARNING -DCMAKE_BUILD_TYPE=Release \
    -DCMAKE_CXX_FLAGS_RELEASE='-O2 -DNDEBUG' -DCMAKE_C_COMPILER=/usr/bin/gcc -DCMAKE_CXX_COMPILER=/usr/bin/g++ \
    -DPORTABLE=ON -DUSE_RTTI=ON -DROCKSDB_BUILD_SHARED=OFF -DFAIL_ON_WARNINGS=OFF $unity $on $off
cmake --build source/build -j "$2" --target rocksdb
mv source/build/librocksdb.a .
rm -rf source

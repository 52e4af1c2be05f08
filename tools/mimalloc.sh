#!/bin/sh
# mimalloc.sh DIRECTORY: DIRECTORY/mimalloc.o out of Debian's own source of the installed libmimalloc-dev: all of it as one
# object in place of malloc and its like, by the way that its readme names. Debian has it as a shared library alone, and under
# another name in each release (docs/decisions/package.md).
set -eu
here=$(cd "$(dirname "$0")" && pwd)
tree=$("$here/debian_source.sh" libmimalloc-dev "$1/source")
# As Debian compiles it, but for what only a shared library needs.
/usr/bin/gcc -O2 -g1 -DNDEBUG -DMI_MALLOC_OVERRIDE -std=gnu11 -fPIE -ftls-model=initial-exec -fno-builtin-malloc -fvisibility=hidden \
    -fstack-protector-strong -fstack-clash-protection -D_FORTIFY_SOURCE=2 -I "$tree/include" -c "$tree/src/static.c" -o "$1/mimalloc.o"
rm -rf "$1/source"

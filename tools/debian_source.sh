#!/bin/sh
# debian_source.sh PACKAGE DIRECTORY: Debian's own source, with its patches, of the version of PACKAGE that is installed, unpacked
# below DIRECTORY; prints where. By what this machine's apt knows: apt's own settings, asked for deb-src.
set -eu
source=$(dpkg-query -W -f='${source:Package}' "$1")
version=$(dpkg-query -W -f='${source:Version}' "$1")
rm -rf "$2"
mkdir -p "$2/source"
cd "$2"
root=$PWD
mkdir -p apt/parts apt/lists/partial apt/cache
for file in /etc/apt/sources.list /etc/apt/sources.list.d/*.list /etc/apt/sources.list.d/*.sources; do
    [ -f "$file" ] || continue
    name=$(basename "$file")
    sed -e 's/^Types:.*/Types: deb-src/' -e 's/^deb /deb-src /' "$file" >"apt/parts/all-$name"
    case $name in sources.list) mv "apt/parts/all-$name" apt/parts/all.list ;; esac
done
: >apt/none
asked() {
    apt-get -qq -o Dir::Etc::SourceList="$root/apt/none" -o Dir::Etc::SourceParts="$root/apt/parts" \
        -o Dir::State::Lists="$root/apt/lists" -o Dir::Cache="$root/apt/cache" -o APT::Sandbox::User="$(id -un)" "$@" >&2
}
asked update
(cd source && asked source "$source=$version")
rm -rf apt
echo "$root"/source/"$source"-*/

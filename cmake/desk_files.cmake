# Writes the table of the desk's files, and the assembler file that holds their bytes.
#   cmake -DDIST=web/dist -DTABLE=desk_files.cc -DBYTES=desk_files.S -P desk_files.cmake
# packed.txt, by web/tools/pack.mjs, has a line a file: path, content type, tag, whether its name
# holds a hash. Beside each file stand its .gz and .br.
file(STRINGS ${DIST}/packed.txt lines ENCODING UTF-8)
set(bytes "    .section .rodata\n")
set(symbols "")
set(rows "")
set(number 0)
foreach(line IN LISTS lines)
    string(REPLACE "\t" ";" parts "${line}")
    list(GET parts 0 path)
    list(GET parts 1 type)
    list(GET parts 2 tag)
    list(GET parts 3 hashed)
    if(type MATCHES "^text/")
        string(APPEND type "; charset=utf-8")
    endif()
    set(row "    {\"${path}\", \"${type}\", \"${tag}\", ${hashed}")
    foreach(coding plain gz br)
        set(suffix "")
        if(NOT coding STREQUAL "plain")
            set(suffix ".${coding}")
        endif()
        set(name "barracuda_desk_${number}_${coding}")
        string(APPEND bytes
            "    .balign 16\n    .global ${name}\n${name}:\n    .incbin \"${DIST}/${path}${suffix}\"\n"
            "    .global ${name}_end\n${name}_end:\n    .byte 0\n")
        string(APPEND symbols "extern const char ${name}[], ${name}_end[];\n")
        string(APPEND row ",\n     Between(${name}, ${name}_end)")
    endforeach()
    string(APPEND rows "${row}},\n")
    math(EXPR number "${number} + 1")
endforeach()
string(APPEND bytes "    .section .note.GNU-stack,\"\",@progbits\n")
file(WRITE ${BYTES} "${bytes}")
file(WRITE ${TABLE}
    "// Made by cmake/desk_files.cmake.\n#include \"web/files.h\"\n\nextern \"C\" {\n${symbols}}\n\n"
    "namespace barracuda::web {\n\nnamespace {\n"
    "std::string_view Between(const char* begin, const char* end) {\n"
    "    return {begin, static_cast<size_t>(end - begin)};\n}\n\nconst File kFiles[] = {\n${rows}};\n}  // namespace\n\n"
    "std::span<const File> Files() { return kFiles; }\n\n}  // namespace barracuda::web\n")

// The desk's files, as web/dist had them when the program was built (cmake/desk_files.cmake).
//
// Constant: any thread.
#pragma once

#include <span>
#include <string_view>

namespace barracuda::web {

struct File {
    std::string_view path;  // below /admin/, as "assets/main-Bx3f.js"
    std::string_view content_type;
    std::string_view tag;  // of its content, for ETag
    bool hashed = false;   // its name changes with its content
    std::string_view plain, gzip, brotli;
};

// All of them; empty in a build without the desk.
std::span<const File> Files();

}  // namespace barracuda::web

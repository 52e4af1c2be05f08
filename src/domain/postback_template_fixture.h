// Postbacks as tests write them.
#pragma once

#include <string>

#include "domain/postback_template.h"

namespace barracuda::domain {

inline PostbackText Get(std::string url) { return {.url = std::move(url)}; }
inline PostbackText Json(std::string body) {
    return {
        .method = "POST",
        .url = "https://t.example/p",
        .body_type = "json",
        .body = std::move(body)};
}
inline PostbackText Form(std::string body) {
    auto text = Json(std::move(body));
    text.body_type = "form";
    return text;
}
inline PostbackText Header(std::string header) {
    auto text = Get("https://t.example/p");
    text.headers = {std::move(header)};
    return text;
}

}  // namespace barracuda::domain

#include "store/document_lines.h"

#include <fmt/format.h>
#include <sodium.h>

#include "base/text.h"
#include "domain/bson.h"
#include "store/document_ref.h"

namespace barracuda::store {

Result<std::string> LineOf(Collection collection, const std::string& document) {
    bson_t view;
    size_t length = 0;
    auto* data = reinterpret_cast<const uint8_t*>(document.data());
    char* json = nullptr;
    if (bson_init_static(&view, data, document.size())) {
        json = bson_as_canonical_extended_json(&view, &length);
    }
    if (!json) {
        return Fail(
            ErrorCode::kInternal,
            fmt::format(
                "a document of {} is no valid BSON: {}",
                NameOf(collection),
                domain::TopText(document, "_id").value_or("without _id")
            )
        );
    }
    std::string line =
        fmt::format("{{\"{}\":{}}}\n", NameOf(collection), std::string_view(json, length));
    bson_free(json);
    return line;
}

std::optional<Collection> CollectionOfLine(std::string_view line) {
    for (auto collection : kCollections) {
        std::string head = fmt::format("{{\"{}\":", NameOf(collection));
        if (line.starts_with(head)) return collection;
    }
    return std::nullopt;
}

Result<std::string> DocumentIn(const std::string& line) {
    bson_error_t error = {};
    bson_t* parsed = bson_new_from_json(
        reinterpret_cast<const uint8_t*>(line.data()), static_cast<ssize_t>(line.size()), &error
    );
    if (!parsed) return Fail(ErrorCode::kInvalid, error.message);
    bson_iter_t at;
    std::string document;
    if (bson_iter_init(&at, parsed) && bson_iter_next(&at)) document = domain::BytesOf(at);
    bson_destroy(parsed);
    if (document.empty()) return Fail(ErrorCode::kInvalid, "no document");
    return document;
}

LineHash::LineHash() { crypto_generichash_init(&state_, nullptr, 0, kBytes); }

void LineHash::Add(std::string_view line) {
    auto* bytes = reinterpret_cast<const unsigned char*>(line.data());
    crypto_generichash_update(&state_, bytes, line.size());
}

std::string LineHash::End(int64_t documents) const {
    crypto_generichash_state state = state_;
    std::string hash(kBytes, '\0');
    auto* bytes = reinterpret_cast<unsigned char*>(hash.data());
    crypto_generichash_final(&state, bytes, hash.size());
    return fmt::format(R"({{"end":{},"hash":"{}"}})", documents, HexOf(hash));
}

}  // namespace barracuda::store

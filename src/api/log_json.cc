#include "api/log_json.h"

#include <bson/bson.h>
#include <fmt/format.h>

#include "api/list_input.h"
#include "base/check.h"
#include "domain/bson.h"

namespace barracuda::api {

namespace {

std::string ValueJson(const bson_iter_t& at) {
    switch (bson_iter_type(&at)) {
        case BSON_TYPE_DATE_TIME:
            return JsonText(domain::TimeOf(at).Iso());
        case BSON_TYPE_BOOL:
            return bson_iter_bool(&at) ? "true" : "false";
        case BSON_TYPE_INT32:
        case BSON_TYPE_INT64:
            return fmt::format_int(bson_iter_as_int64(&at)).str();
        case BSON_TYPE_DOCUMENT:
            return BsonJson(domain::BytesOf(at));
        case BSON_TYPE_ARRAY: {
            JsonList items;
            bson_iter_t item;
            if (bson_iter_recurse(&at, &item)) {
                while (bson_iter_next(&item)) items.Raw(ValueJson(item));
            }
            return items.Done();
        }
        default:
            break;
    }
    auto text = domain::ScalarText(at);
    return text ? JsonText(*text) : "null";
}

void AddFields(JsonObject& to, std::string_view bson) {
    bson_iter_t at;
    if (!domain::OpenBson(at, bson)) return;
    while (bson_iter_next(&at)) to.Raw(bson_iter_key(&at), ValueJson(at));
}

}  // namespace

std::string BsonJson(std::string_view bson) {
    JsonObject to;
    AddFields(to, bson);
    return to.Done();
}

std::string ReceivedJson(std::string_view bson, std::string_view place) {
    JsonObject to;
    to.Text("id", CursorText(place));
    AddFields(to, bson);
    return to.Done();
}

http::Response ReceivedAnswerPage(const store::LogPage& page, size_t limit) {
    BARRACUDA_CHECK(page.places.size() == page.documents.size());
    JsonList data;
    for (size_t i = 0; i < page.documents.size(); ++i) {
        data.Raw(ReceivedJson(page.documents[i], page.places[i]));
    }
    return CursorPage(data, limit, page.cursor);
}

http::Response LogAnswerPage(const store::LogPage& page, size_t limit) {
    JsonList data;
    for (const auto& document : page.documents) data.Raw(BsonJson(document));
    return CursorPage(data, limit, page.cursor);
}

}  // namespace barracuda::api

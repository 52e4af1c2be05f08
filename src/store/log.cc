#include "store/log.h"

#include <algorithm>

#include "domain/bson.h"

namespace barracuda::store {

const char* NameOf(LogId log) { return log == LogId::kReceived ? "received" : "attempts"; }

namespace {

bool Find(std::string_view bson, const char* field, bson_iter_t& at) {
    return domain::OpenBson(at, bson) && bson_iter_find(&at, field);
}

bool Compares(int64_t stored, LogFilter::Test test, int64_t bound) {
    switch (test) {
        case LogFilter::Test::kAtLeast:
            return stored >= bound;
        case LogFilter::Test::kBelow:
            return stored < bound;
        case LogFilter::Test::kIs:
            break;
    }
    return stored == bound;
}

bool Has(std::string_view bson, const LogFilter& filter) {
    bson_iter_t at;
    bool found = Find(bson, filter.field.c_str(), at);
    if (const auto* flag = std::get_if<bool>(&filter.value)) {
        return *flag == (found && bson_iter_as_bool(&at));  // an absent flag is false
    }
    if (!found) return false;
    if (const auto* number = std::get_if<int64_t>(&filter.value)) {
        return BSON_ITER_HOLDS_INT(&at) && Compares(bson_iter_as_int64(&at), filter.test, *number);
    }
    if (!BSON_ITER_HOLDS_UTF8(&at)) return false;
    uint32_t length;
    const char* text = bson_iter_utf8(&at, &length);
    return std::get<std::string>(filter.value) == std::string_view(text, length);
}

}  // namespace

bool HoldsAny(
    std::string_view bson, const std::string& field, std::span<const std::string> values
) {
    bson_iter_t at;
    if (!Find(bson, field.c_str(), at) || !BSON_ITER_HOLDS_UTF8(&at)) return false;
    uint32_t length;
    const char* bytes = bson_iter_utf8(&at, &length);
    const std::string_view text(bytes, length);
    return std::find(values.begin(), values.end(), text) != values.end();
}

bool Passes(const LogRequest& request, std::string_view bson) {
    if (request.from || request.to) {
        bson_iter_t at;
        if (!Find(bson, "at", at)) return false;
        Time time = domain::TimeOf(at);
        if (request.from && time < *request.from) return false;
        if (request.to && time >= *request.to) return false;
    }
    for (const auto& filter : request.where) {
        if (!Has(bson, filter)) return false;
    }
    return true;
}

}  // namespace barracuda::store

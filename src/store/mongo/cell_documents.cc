#include "store/mongo/cell_documents.h"

namespace barracuda::store {

const char* FieldOf(CellView view) {
    static constexpr const char* kFields[] = {
        "all", "time", "affiliate", "offer", "country", "source"};
    return kFields[static_cast<size_t>(view) - 1];
}

Bson IdOf(const char* grain, std::optional<Time> at) {
    Bson id;
    id.Text("grain", grain);
    if (at) id.Date("at", *at);
    return id;
}

std::optional<std::string_view> BlockIn(const domain::TopFields& fields, const char* name) {
    const bson_iter_t* at = fields.Find(name);
    if (!at || !BSON_ITER_HOLDS_BINARY(at)) return std::nullopt;
    bson_subtype_t type;
    uint32_t size = 0;
    const uint8_t* data = nullptr;
    bson_iter_binary(at, &type, &size, &data);
    return std::string_view(reinterpret_cast<const char*>(data), size);
}

void AppendBlock(Bson& to, const char* name, std::string_view block) {
    bson_append_binary(
        to.get(),
        name,
        -1,
        BSON_SUBTYPE_BINARY,
        reinterpret_cast<const uint8_t*>(block.data()),
        static_cast<uint32_t>(block.size())
    );
}

Time AtIn(const domain::TopFields& fields) {
    return Time{domain::TopFields(fields.Bytes("_id")).Number("at")};
}

Error CellDamaged() { return {ErrorCode::kInternal, "a cell of the reports is damaged", {}}; }

}  // namespace barracuda::store

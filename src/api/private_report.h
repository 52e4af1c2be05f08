// A report by a click hash, as route 1 and the batch of many of them take it: how it is read, and
// what is answered of the conversion that it names.
//
// Threads: any; one a call.
#pragma once

#include <optional>
#include <string>

#include "api/record.h"

namespace barracuda::api {

// The words of the one who reported: the conversion may stand under another click id.
struct PrivateWords {
    std::string hash;
    std::string goal;  // JSON
};

// Reads all of it into `report`; `known_click` is the network's own click id, where a contact knows
// it by this hash. Refusals go to the reader.
PrivateWords ReadPrivate(
    Reports& reports,
    const auth::Caller& caller,
    const Input& input,
    Reader& reader,
    const std::optional<std::string>& known_click,
    domain::Report& report
);

// `id` to `status`.
JsonObject PrivateData(const domain::Conversion& conversion, const PrivateWords& given);

}  // namespace barracuda::api

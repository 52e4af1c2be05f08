#include "domain/offer.h"

#include "base/text.h"

namespace barracuda::domain {

namespace {
constexpr size_t kTitleBytesMax = 256;
constexpr size_t kListMax = 64;
}  // namespace

std::optional<Problem> Check(const Offer& offer) {
    auto wrong = [](const char* field, const char* reason) {
        return Problem{field, reason, std::nullopt};
    };
    if (!IsEntityName(offer.id)) return wrong("id", "expected 1 to 64 letters, digits, _ - .");
    if (offer.title.size() > kTitleBytesMax) return wrong("title", "longer than 256 bytes");
    if (HasControl(offer.title)) return wrong("title", "has a control character");
    if (offer.networks.size() > kListMax) return wrong("networks", "at most 64");
    if (offer.goals.size() > kListMax) return wrong("goals", "at most 64");
    return std::nullopt;
}

FlatFields Flat(const Offer& offer) {
    return {
        {"title", offer.title},
        {"networks", JoinTexts(TextsOf(offer.networks))},
        {"goals", JoinTexts(offer.goals)},
    };
}

std::string Encode(const Offer& offer) {
    BsonWriter to;
    to.Text("_id", EntityKey("offer", offer.id));
    to.Text("id", offer.id);
    if (!offer.title.empty()) to.Text("title", offer.title);
    PutTexts(to, "networks", TextsOf(offer.networks));
    PutTexts(to, "goals", offer.goals);
    PutMeta(to, offer.meta);
    return to.Take();
}

Result<Offer> DecodeOffer(std::string_view bson) {
    Offer offer;
    bool sound = EachElement(bson, [&](std::string_view key, const bson_iter_t& at) {
        if (TakeMeta(offer.meta, key, at)) return;
        if (key == "id") offer.id = ScalarText(at).value_or("");
        if (key == "title") offer.title = ScalarText(at).value_or("");
        if (key == "networks") offer.networks = IdsOf<NetworkName>(TextsIn(at));
        if (key == "goals") offer.goals = TextsIn(at);
    });
    if (!sound) return Fail(ErrorCode::kInternal, "a stored offer is not valid BSON");
    return offer;
}

}  // namespace barracuda::domain

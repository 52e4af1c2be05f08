#include "api/entity_json.h"

#include <fmt/format.h>

#include <boost/json.hpp>
#include <set>

#include "api/history_json.h"
#include "api/json_input.h"
#include "api/nearest.h"
#include "base/money.h"
#include "base/raw_json.h"
#include "base/text.h"
#include "base/unseen.h"
#include "domain/given_id.h"

namespace barracuda::api {

namespace json = boost::json;
using domain::Problem;

namespace {

constexpr size_t kTextBytesMax = 16 * 1024;
constexpr size_t kListMax = 256;

// Reads one object; keeps the first problem and answers defaults after it.
class ObjectReader {
public:
    // `text`: what the object was read from.
    ObjectReader(const json::object& object, std::string_view text, std::string prefix = "")
        : object_(object), text_(text), prefix_(std::move(prefix)) {}

    std::string Text(const char* name, std::string otherwise = "") {
        const auto* value = Find(name);
        return value ? TextOf(*value, name) : otherwise;
    }
    std::string Id(const char* name, std::string otherwise = "") {
        const auto* value = Find(name);
        return value ? IdOf(*value, RawMember(text_, name), name) : otherwise;
    }
    std::string Sum(const char* name, std::string otherwise = "") {
        const auto* value = Find(name);
        if (value && value->is_number()) return std::string(RawMember(text_, name));
        return value ? TextOf(*value, name) : otherwise;
    }
    std::vector<std::string> Ids(const char* name) {
        std::vector<std::string> ids;
        const auto raw = RawItems(RawMember(text_, name));
        Each(name, [&](const json::value& item, const std::string& at) {
            ids.push_back(IdOf(item, ids.size() < raw.size() ? raw[ids.size()] : "", at));
        });
        return ids;
    }
    bool Bool(const char* name, bool otherwise) {
        const auto* value = Find(name);
        if (!value) return otherwise;
        if (!value->is_bool()) return Refuse(name, "expected true or false"), otherwise;
        return value->get_bool();
    }
    int64_t Int(const char* name) {
        const auto* value = Find(name);
        return value ? IntOf(*value, name) : 0;
    }
    std::vector<std::string> Texts(const char* name) {
        std::vector<std::string> texts;
        Each(name, [&](const json::value& item, const std::string& at) {
            texts.push_back(TextOf(item, at));
        });
        return texts;
    }
    template <typename Number>
    std::vector<Number> Ints(const char* name) {
        std::vector<Number> numbers;
        Each(name, [&](const json::value& item, const std::string& at) {
            int64_t number = IntOf(item, at);
            numbers.push_back(static_cast<Number>(number));
            if (static_cast<int64_t>(numbers.back()) != number) Refuse(at, "is out of range");
        });
        return numbers;
    }
    // A reader of the object within; nullopt: there is none.
    std::optional<ObjectReader> Object(const char* name) {
        const auto* value = Find(name);
        if (!value) return std::nullopt;
        if (!value->is_object()) return Refuse(name, "expected an object"), std::nullopt;
        return ObjectReader(value->get_object(), RawMember(text_, name), std::string(name) + ".");
    }
    bool Has(const char* name) const { return object_.if_contains(name) != nullptr; }
    void Ignore(const char* name) { known_.insert(name); }

    void Refuse(const std::string& name, std::string reason) {
        if (!problem_) problem_ = Problem{prefix_ + name, std::move(reason), std::nullopt};
    }
    void Take(std::optional<Problem> problem) {
        if (!problem_) problem_ = std::move(problem);
    }
    std::optional<Problem> Finish() {
        for (const auto& member : object_) {
            std::string name(member.key());
            if (known_.contains(name)) continue;
            const std::vector<std::string_view> known(known_.begin(), known_.end());
            Refuse(
                std::string(CutUtf8(name, 64)), "there is no such field" + DidYouMean(name, known)
            );
        }
        return problem_;
    }

private:
    const json::value* Find(const char* name) {
        known_.insert(name);
        const auto* value = object_.if_contains(name);
        return value && !value->is_null() ? value : nullptr;
    }
    std::string TextOf(const json::value& value, const std::string& name) {
        if (!value.is_string()) return Refuse(name, "expected text"), "";
        std::string text(value.get_string());
        if (text.size() > kTextBytesMax) Refuse(name, "is longer than 16 KiB");
        if (text.find('\0') != text.npos) Refuse(name, "has a NUL character");
        return text;
    }
    // `raw`: the value as it was written, a whole number's own digits.
    std::string IdOf(const json::value& value, std::string_view raw, const std::string& name) {
        std::string text = value.is_number() ? std::string(raw) : TextOf(value, name);
        const bool whole = !text.empty() && text.find_first_not_of("-0123456789") == text.npos;
        if (value.is_number() && !whole) return Refuse(name, "expected text or a whole number"), "";
        const auto id = domain::JudgeId(text);
        if (!id.problem.empty()) Refuse(name, std::string(id.problem));
        return std::string(id.text);
    }
    int64_t IntOf(const json::value& value, const std::string& name) {
        if (!value.is_int64()) return Refuse(name, "expected a whole number"), 0;
        return value.get_int64();
    }
    template <typename Visit>
    void Each(const char* name, Visit visit) {
        const auto* value = Find(name);
        if (!value) return;
        if (!value->is_array()) return Refuse(name, "expected a list");
        if (value->get_array().size() > kListMax) return Refuse(name, "is longer than 256");
        size_t i = 0;
        for (const auto& item : value->get_array()) visit(item, fmt::format("{}[{}]", name, i++));
    }

    const json::object& object_;
    const std::string_view text_;
    const std::string prefix_;
    std::set<std::string, std::less<>> known_;
    std::optional<Problem> problem_;
};

// The name that path and body agree on, and what an answer carried besides.
std::string ReadHead(
    ObjectReader& reader, const char* field, std::string_view of_path, domain::EntityMeta& meta
) {
    std::string name = reader.Id(field, std::string(of_path));
    if (!of_path.empty() && name != of_path) reader.Refuse(field, "differs from the path's");
    meta.rev = reader.Int("rev");
    for (const char* own : {"history", "createdAt", "updatedAt", "builtIn"}) reader.Ignore(own);
    return name;
}

domain::NetworkLimits ReadLimits(ObjectReader& outer) {
    domain::NetworkLimits limits;
    auto within = outer.Object("limits");
    if (!within) return limits;
    ObjectReader& reader = *within;
    auto small = [&](const char* name) {
        int64_t number = reader.Int(name);
        if (number < -1'000'000 || number > 1'000'000'000) reader.Refuse(name, "is out of range");
        return static_cast<int>(number);
    };
    limits.concurrency = small("concurrency");
    limits.rate_per_second = small("rate_per_second");
    limits.attempt_timeout_ms = reader.Int("attempt_timeout_ms");
    limits.retry_ms = reader.Ints<int64_t>("retry_ms");
    limits.allowed_addresses = reader.Texts("allowed_addresses");
    limits.ports = reader.Ints<int>("ports");
    outer.Take(reader.Finish());
    return limits;
}

domain::PostbackText ReadPostback(ObjectReader& outer) {
    domain::PostbackText postback;
    auto within = outer.Object("postback");
    if (!within) return postback;
    ObjectReader& reader = *within;
    postback.method = reader.Text("method", postback.method);
    postback.url = reader.Text("url");
    postback.headers = reader.Texts("headers");
    postback.body_type = reader.Text("body_type", postback.body_type);
    postback.body = reader.Text("body");
    outer.Take(reader.Finish());
    return postback;
}

domain::StatusSet ReadStatuses(ObjectReader& reader) {
    if (!reader.Has("statuses")) return {};
    auto set = domain::StatusSet::None();
    auto names = reader.Texts("statuses");
    for (size_t i = 0; i < names.size(); ++i) {
        auto status = domain::StatusNamed(names[i]);
        if (status) {
            set.Add(*status);
        } else {
            reader.Refuse(fmt::format("statuses[{}]", i), "expected pending, approved or rejected");
        }
    }
    return set;
}

std::string TextArray(const std::vector<std::string>& texts) {
    JsonList items;
    for (const auto& text : texts) items.Text(text);
    return items.Done();
}

template <typename Number>
std::string NumberArray(const std::vector<Number>& numbers) {
    return fmt::format("[{}]", fmt::join(numbers, ","));
}

void PutMeta(JsonObject& to, const domain::EntityMeta& meta) {
    to.Bool("builtIn", meta.rev == 0).Int("rev", meta.rev);
    if (meta.rev == 0) return;
    to.Text("createdAt", meta.created.Iso()).Text("updatedAt", meta.updated.Iso());
    to.List("history", HistoryJson(meta.history));
}

}  // namespace

Read<EntityBody> ReadObject(const http::Request& request) {
    constexpr std::string_view kSubject = "the body ";
    auto object = ParseJsonObject(request);
    if (object) return EntityBody{std::move(*object), SkipByteOrderMark(request.body)};
    const std::string& field = object.error().where;
    std::string reason = object.error().message;
    for (std::string_view subject : {kSubject, std::string_view(field)}) {
        if (reason.starts_with(subject)) reason.erase(0, subject.size());
    }
    return tl::unexpected<Problem>(Problem{field, std::string(Trim(reason)), std::nullopt});
}

Read<domain::Network> ReadNetwork(const EntityBody& body, std::string_view name) {
    ObjectReader reader(body.object, body.text);
    domain::Network network;
    network.name = NetworkName(ReadHead(reader, "name", name, network.meta));
    for (const char* told : {"secretsSet", "stopped", "sending", "sending_private_api"})
        reader.Ignore(told);
    std::string kind = reader.Text("kind");
    if (auto known = domain::NetworkKindNamed(kind)) {
        network.kind = *known;
    } else {
        reader.Refuse("kind", "expected irev_v3, irev_private or template");
    }
    network.active = reader.Bool("active", true);
    network.every_offer = reader.Bool("every_offer", true);
    network.base_url = reader.Text("base_url");
    network.private_api_url = reader.Text("private_api_url");
    network.delivery_parameter = reader.Text("delivery_parameter");
    network.secrets = reader.Texts("secrets");
    network.private_secret = reader.Text("private_secret");
    network.limits = ReadLimits(reader);
    network.statuses = ReadStatuses(reader);
    network.goals = reader.Ids("goals");
    network.updates = reader.Bool("updates", false);
    network.postback = ReadPostback(reader);
    if (auto problem = reader.Finish()) return tl::unexpected<Problem>(std::move(*problem));
    if (auto problem = Check(network)) return tl::unexpected<Problem>(std::move(*problem));
    return network;
}

Read<domain::Goal> ReadGoal(const EntityBody& body, std::string_view id) {
    ObjectReader reader(body.object, body.text);
    domain::Goal goal;
    goal.id = ReadHead(reader, "id", id, goal.meta);
    if (auto type = domain::GoalTypeNamed(reader.Text("type"))) {
        goal.type = *type;
    } else {
        reader.Refuse("type", "expected registration, deposit or other");
    }
    goal.repeatable = reader.Bool("repeatable", false);
    goal.then = reader.Id("then");
    goal.then_amount = reader.Sum("then_amount", "0");
    if (auto money = Money::Parse(goal.then_amount)) goal.then_amount = money->Text();
    std::string when = reader.Text("then_when", "recorded");
    goal.then_when_delivered = when == "delivered";
    if (!goal.then_when_delivered && when != "recorded") {
        reader.Refuse("then_when", "expected recorded or delivered");
    }
    if (auto problem = reader.Finish()) return tl::unexpected<Problem>(std::move(*problem));
    if (auto problem = Check(goal)) return tl::unexpected<Problem>(std::move(*problem));
    return goal;
}

Read<domain::Offer> ReadOffer(const EntityBody& body, std::string_view id) {
    ObjectReader reader(body.object, body.text);
    domain::Offer offer;
    offer.id = ReadHead(reader, "id", id, offer.meta);
    offer.title = reader.Text("title");
    offer.networks = IdsOf<NetworkName>(reader.Ids("networks"));
    offer.goals = reader.Ids("goals");
    if (auto problem = reader.Finish()) return tl::unexpected<Problem>(std::move(*problem));
    if (auto problem = Check(offer)) return tl::unexpected<Problem>(std::move(*problem));
    return offer;
}

JsonObject NetworkJson(const domain::Network& network, const delivery::NetworkSecrets* secrets) {
    JsonObject to, limits, postback;
    to.Text("name", network.name.value).Text("kind", NameOf(network.kind));
    to.Bool("active", network.active).Bool("every_offer", network.every_offer);
    to.Text("base_url", network.base_url).Text("private_api_url", network.private_api_url);
    to.Text("delivery_parameter", network.delivery_parameter);
    to.Raw("secrets", TextArray(network.secrets)).Text("private_secret", network.private_secret);
    const bool named = !network.secrets.empty() || !network.private_secret.empty();
    if (secrets) to.Bool("secretsSet", named && secrets->trouble.empty());
    limits.Int("concurrency", network.limits.concurrency);
    limits.Int("rate_per_second", network.limits.rate_per_second);
    limits.Int("attempt_timeout_ms", network.limits.attempt_timeout_ms);
    limits.Raw("retry_ms", NumberArray(network.limits.retry_ms));
    limits.Raw("allowed_addresses", TextArray(network.limits.allowed_addresses));
    limits.Raw("ports", NumberArray(network.limits.ports));
    to.Object("limits", limits);
    std::vector<std::string> statuses;
    for (const char* name : {"pending", "approved", "rejected"}) {
        if (network.statuses.Has(*domain::StatusNamed(name))) statuses.emplace_back(name);
    }
    to.Raw("statuses", TextArray(statuses)).Raw("goals", TextArray(network.goals));
    to.Bool("updates", network.updates);
    if (network.kind == domain::NetworkKind::kTemplate) {
        postback.Text("method", network.postback.method).Text("url", network.postback.url);
        postback.Raw("headers", TextArray(network.postback.headers));
        postback.Text("body_type", network.postback.body_type);
        postback.Text("body", network.postback.body);
        to.Object("postback", postback);
    }
    PutMeta(to, network.meta);
    return to;
}

JsonObject GoalJson(const domain::Goal& goal) {
    JsonObject to;
    to.Text("id", goal.id).Text("type", NameOf(goal.type)).Bool("repeatable", goal.repeatable);
    to.Text("then", goal.then).Text("then_amount", goal.then_amount);
    to.Text("then_when", goal.then_when_delivered ? "delivered" : "recorded");
    PutMeta(to, goal.meta);
    return to;
}

JsonObject OfferJson(const domain::Offer& offer) {
    JsonObject to;
    to.Text("id", offer.id).Text("title", offer.title);
    to.Raw("networks", TextArray(TextsOf(offer.networks))).Raw("goals", TextArray(offer.goals));
    PutMeta(to, offer.meta);
    return to;
}

http::Response ProblemResponse(const Problem& problem, int status) {
    JsonObject body;
    body.Bool("success", false).Text("message", problem.Text()).Text("field", problem.field);
    if (problem.position) {
        body.Int("position", static_cast<int64_t>(*problem.position));
    } else {
        body.Raw("position", "null");
    }
    return JsonResponse(status, body.Text("reason", problem.reason), problem.Text());
}

}  // namespace barracuda::api

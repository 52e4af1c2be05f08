// The contact's codec, and the rule of its flags.
#include "domain/contact.h"

#include "domain/bson.h"

namespace barracuda::domain {

namespace {

struct TextField {
    const char* name;
    std::string Contact::*member;
};

// In the order of the document. An empty value is not written, so that a sparse index has no entry
// of it (email_key, sub1, click_id).
constexpr TextField kTexts[] = {
    {"email", &Contact::email},
    {"email_key", &Contact::email_key},
    {"name", &Contact::name},
    {"type", &Contact::type},
    {"company", &Contact::company},
    {"messenger", &Contact::messenger},
    {"username", &Contact::username},
    {"message", &Contact::message},
    {"tracking_source", &Contact::tracking_source},
    {"campaign_id", &Contact::campaign_id},
    {"affiliate_id", &Contact::affiliate_id},
    {"url_id", &Contact::url_id},
    {"sub1", &Contact::sub1},
    {"sub2", &Contact::sub2},
    {"sub3", &Contact::sub3},
    {"click_id", &Contact::click_id},
    {"click_hash", &Contact::click_hash},
    {"status", &Contact::status},
    {"affiliate_status", &Contact::affiliate_status},
    {"affiliate_reason", &Contact::affiliate_reason},
    {"notes", &Contact::notes},
    {"affiliateError", &Contact::affiliate_error},
    {"tracking_link", &Contact::tracking_link},
    {"clicked_url", &Contact::clicked_url},
    {"ftd_currency", &Contact::ftd_currency},
};

constexpr bool NamesDiffer() {
    for (const auto& one : kTexts) {
        int same = 0;
        for (const auto& other : kTexts) same += std::string_view(one.name) == other.name;
        if (same != 1) return false;
    }
    return true;
}
static_assert(NamesDiffer());

const TextField* TextNamed(std::string_view name) {
    for (const auto& field : kTexts) {
        if (name == field.name) return &field;
    }
    return nullptr;
}

FlowStep StepNamed(std::string_view name) {
    for (auto step :
         {FlowStep::kAcquire,
          FlowStep::kRegistration,
          FlowStep::kRefused,
          FlowStep::kDeposit,
          FlowStep::kDone}) {
        if (name == NameOf(step)) return step;
    }
    return FlowStep::kNone;
}

std::optional<Money> MoneyIn(const bson_iter_t& at) {
    auto text = ScalarText(at);
    if (!text) return std::nullopt;
    auto money = Money::Parse(*text);
    return money ? std::optional(*money) : std::nullopt;
}

std::string EncodeFlow(const Flow& flow) {
    BsonWriter to;
    to.Text("route", flow.route);
    to.Text("step", NameOf(flow.step));
    to.Int("attempts", flow.attempts);
    if (flow.Unfinished()) to.Date("next_at", flow.next_at);
    if (!flow.last_error.empty()) to.Text("last_error", flow.last_error);
    if (!flow.goal.id.empty()) {
        to.Text("goal", flow.goal.id);
        to.Text("goal_type", NameOf(flow.goal.type));
        if (!flow.goal.occurrence.empty()) to.Text("occurrence", flow.goal.occurrence);
    }
    if (flow.deposit_amount) to.Decimal("deposit_amount", flow.deposit_amount->Text());
    if (flow.sale_amount) to.Decimal("sale_amount", flow.sale_amount->Text());
    return to.Take();
}

Flow DecodeFlow(std::string_view bson) {
    Flow flow;
    bson_iter_t at;
    if (!OpenBson(at, bson)) return flow;
    while (bson_iter_next(&at)) {
        std::string_view key = bson_iter_key(&at);
        if (key == "route") flow.route = ScalarText(at).value_or("");
        if (key == "step") flow.step = StepNamed(ScalarText(at).value_or(""));
        if (key == "attempts") flow.attempts = static_cast<int>(bson_iter_as_int64(&at));
        if (key == "next_at") flow.next_at = TimeOf(at);
        if (key == "last_error") flow.last_error = ScalarText(at).value_or("");
        if (key == "goal") flow.goal.id = ScalarText(at).value_or("");
        if (key == "goal_type") {
            flow.goal.type = GoalTypeNamed(ScalarText(at).value_or("")).value_or(GoalType::kOther);
        }
        if (key == "occurrence") flow.goal.occurrence = ScalarText(at).value_or("");
        if (key == "deposit_amount") flow.deposit_amount = MoneyIn(at);
        if (key == "sale_amount") flow.sale_amount = MoneyIn(at);
    }
    return flow;
}

// Sets what is not plain text; false when the program does not know the field.
bool DecodeOther(Contact& to, std::string_view key, const bson_iter_t& at) {
    if (key == "_id") {
        to.id = ObjectId::Parse(ScalarText(at).value_or("")).value_or(ObjectId());
    } else if (key == "hash_given") {
        to.hash_given = bson_iter_as_bool(&at);
    } else if (key == "affiliateRegistered") {
        to.affiliate_registered = bson_iter_as_bool(&at);
    } else if (key == "ftd") {
        to.ftd = bson_iter_as_bool(&at);
    } else if (key == "ftd_amount") {
        to.ftd_amount = MoneyIn(at);
    } else if (key == "ftd_date") {
        if (BSON_ITER_HOLDS_DATE_TIME(&at)) to.ftd_date = TimeOf(at);
    } else if (key == "flow") {
        to.flow = DecodeFlow(BytesOf(at));
    } else if (key == "owner") {
        to.owner = NodeId(ScalarText(at).value_or(""));
        if (to.owner.value.find('\0') != std::string::npos) to.owner = {};  // nobody's name
    } else if (key == "rev") {
        to.rev = bson_iter_as_int64(&at);
    } else if (key == "createdAt") {
        to.created = TimeOf(at);
    } else if (key == "updatedAt") {
        to.updated = TimeOf(at);
    } else {
        return key == "due";  // the flow's next_at, written anew
    }
    return true;
}

}  // namespace

const char* NameOf(FlowStep step) {
    switch (step) {
        case FlowStep::kNone:
            return "none";
        case FlowStep::kAcquire:
            return "acquire";
        case FlowStep::kRegistration:
            return "registration";
        case FlowStep::kRefused:
            return "refused";
        case FlowStep::kDeposit:
            return "deposit";
        case FlowStep::kDone:
            return "done";
    }
    return "none";
}

std::string Encode(const Contact& c) {
    BsonWriter to;
    to.Id("_id", c.id);
    for (const auto& [name, member] : kTexts) {
        if (!(c.*member).empty()) to.Text(name, c.*member);
    }
    if (c.hash_given) to.Bool("hash_given", true);
    to.Bool("affiliateRegistered", c.affiliate_registered);
    to.Bool("ftd", c.ftd);
    if (c.ftd_amount) to.Decimal("ftd_amount", c.ftd_amount->Text());
    if (c.ftd_date) to.Date("ftd_date", *c.ftd_date);
    if (c.flow.step != FlowStep::kNone) to.Document("flow", EncodeFlow(c.flow));
    if (c.flow.Unfinished()) {
        to.Date("due", c.flow.next_at);
        to.Text("owner", c.owner.value);
    }
    to.Int("rev", c.rev);
    to.Date("createdAt", c.created);
    to.Date("updatedAt", c.updated);
    bson_iter_t at;
    if (OpenBson(at, c.rest)) {
        while (bson_iter_next(&at)) to.Element(at);
    }
    return to.Take();
}

Result<Contact> DecodeContact(std::string_view bson) {
    Contact contact;
    contact.status.clear();
    bson_iter_t at;
    if (!OpenBson(at, bson)) {
        return Fail(ErrorCode::kInternal, "a stored contact is not valid BSON");
    }
    std::optional<BsonWriter> rest;
    while (bson_iter_next(&at)) {
        std::string_view key = bson_iter_key(&at);
        if (const auto* field = TextNamed(key)) {
            contact.*(field->member) = ScalarText(at).value_or("");
        } else if (!DecodeOther(contact, key, at)) {
            if (!rest) rest.emplace();
            rest->Element(at);
        }
    }
    if (rest) contact.rest = rest->Take();
    if (at.err_off != 0) return Fail(ErrorCode::kInternal, "a stored contact is not valid BSON");
    return contact;
}

namespace {

// Of several deposits (two goals, or a click known by two ids) the earliest is the first-time one,
// but an invented one only where nobody has reported any.
bool IsFirstBefore(const Conversion& a, const Conversion& b) {
    const bool a_said = !IsUnconfirmed(a.provenance), b_said = !IsUnconfirmed(b.provenance);
    if (a_said != b_said) return a_said;
    return std::pair(a.created, a.key) < std::pair(b.created, b.key);
}

}  // namespace

bool SyncFlags(Contact& contact, const std::vector<Conversion>& conversions) {
    bool registered = false;
    const Conversion* deposit = nullptr;
    for (const auto& c : conversions) {
        if (c.status == Status::kRejected) continue;
        if (c.goal_type == GoalType::kRegistration) {
            registered |= c.status == Status::kApproved || c.provenance == Provenance::kReported;
        }
        if (c.goal_type != GoalType::kDeposit) continue;
        if (!deposit || IsFirstBefore(c, *deposit)) deposit = &c;
    }
    std::optional<Money> amount;
    std::string currency;
    std::optional<Time> date;
    if (deposit) {
        auto money = Money::Parse(deposit->fields.Get(Field::kAmount, "0"));
        amount = money ? *money : Money{};
        currency = deposit->fields.Get(Field::kCurrency);
        if (currency == kDefaultCurrency) currency.clear();
        date = deposit->created;
    }
    bool changed = registered != contact.affiliate_registered ||
                   contact.ftd != (deposit != nullptr) || amount != contact.ftd_amount ||
                   currency != contact.ftd_currency || date != contact.ftd_date;
    contact.affiliate_registered = registered;
    contact.ftd = deposit != nullptr;
    contact.ftd_amount = amount;
    contact.ftd_currency = currency;
    contact.ftd_date = date;
    return changed;
}

}  // namespace barracuda::domain

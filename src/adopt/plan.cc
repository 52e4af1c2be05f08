// Plans the adoption of one key: the conversion that stays, and what the seed's other rows add to
// it.
#include <fmt/format.h>

#include <algorithm>

#include "adopt/seed_document.h"
#include "base/text.h"
#include "base/unseen.h"
#include "domain/decide.h"
#include "domain/network.h"

namespace barracuda::adopt {

namespace {

constexpr const char* kBy = "adopt";
constexpr size_t kResponseBytesMax = 1'024;
constexpr int kAcceptedStatus = 200;  // the seed kept no status; it took any 2xx for accepted

// Fields that two rows of one sale should agree on. Fields that people entered are not compared.
constexpr domain::Field kCompared[] = {
    domain::Field::kAffiliateId,
    domain::Field::kOfferId,
    domain::Field::kAmount,
    domain::Field::kSaleAmount,
    domain::Field::kPayout,
    domain::Field::kRevenue,
    domain::Field::kCurrency,
    domain::Field::kTransactionId,
};

// Ids that are trimmed as a report's are, beside the key.
constexpr domain::Field kIds[] = {
    domain::Field::kAffiliateId,
    domain::Field::kOfferId,
    domain::Field::kTransactionId,
    domain::Field::kClickHash,
    domain::Field::kSub1,
    domain::Field::kAdvertiserId,
    domain::Field::kOfferUrlId,
};

// One row, read: how it stands, and as a conversion of ours.
struct Row {
    SeedKind kind = SeedKind::kConversion;
    std::string_view bson;
    domain::Conversion conversion = {};
    std::string where = {};  // "conversions/ID"
    bool text_key = false;   // as it stands, the key is what reports are held against
};

bool IsNothing(domain::Field field, const std::string* value) {
    return !value || (InfoOf(field).type == domain::FieldType::kMoney && *value == "0");
}

// The network has accepted it before: it is not told again.
void AddFinished(domain::Conversion& c, const char* kind, std::string_view response) {
    if (c.FindDelivery(domain::kDefaultNetwork, kind)) return;
    domain::Delivery delivery;
    delivery.id = domain::DeliveryIdOf(c.id, domain::kDefaultNetwork, kind);
    delivery.network = domain::kDefaultNetwork;
    delivery.kind = kind;
    delivery.state = domain::DeliveryState::kDone;
    delivery.attempts = 1;
    delivery.status = kAcceptedStatus;
    delivery.response = CutUtf8(response, kResponseBytesMax);
    delivery.last_at = std::max(c.created, c.updated);
    c.deliveries.push_back(std::move(delivery));
}

std::string JsonOf(const bson_iter_t& at) {
    auto bytes = domain::BytesOf(at);
    bson_t view;
    if (bytes.empty() ||
        !bson_init_static(&view, reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size())) {
        return domain::ScalarText(at).value_or("");
    }
    char* text = bson_as_relaxed_extended_json(&view, nullptr);
    std::string json = text ? text : "";
    bson_free(text);
    return json.size() <= kResponseBytesMax ? json : "";  // cut, it would be no JSON
}

bool IsSaid(const bson_iter_t* at) {
    return at && !BSON_ITER_HOLDS_NULL(at) && !BSON_ITER_HOLDS_UNDEFINED(at) &&
           !(BSON_ITER_HOLDS_BOOL(at) && !bson_iter_bool(at)) && domain::ScalarText(*at) != "";
}

// The seed wrote into `metadata` what the network answered: with `postbackSuccess`, or without it,
// then the status says whether it accepted.
void ReadAnswers(domain::Conversion& c) {
    const std::string* metadata = c.fields.Find(domain::Field::kMetadata);
    if (!metadata) return;
    const domain::TopFields fields(*metadata);
    const auto* success = fields.Find("postbackSuccess");
    const auto* response = fields.Find("postbackResponse");
    bool accepted = success ? bson_iter_as_bool(success)
                            : IsSaid(response) && c.status == domain::Status::kApproved;
    if (accepted) AddFinished(c, domain::kGoalPostback, fields.TextOr("postbackResponse"));
    const auto* created = fields.Find("privateApiConversion");
    if (IsSaid(created) && !IsSaid(fields.Find("apiError"))) {
        AddFinished(c, domain::kPrivateApi, JsonOf(*created));
    }
}

class KeyPlan {
public:
    KeyPlan(const SeedGroup& group, const AdoptRules& rules) : group_(group), rules_(rules) {}

    AdoptPlan Run() {
        Conversions();
        for (const auto& row : Read(SeedKind::kPostback, group_.postbacks)) FoldPostback(row);
        for (const auto& row : Read(SeedKind::kFtd, group_.ftds)) FoldFtd(row);
        Finish();
        return std::move(plan_);
    }

private:
    void Count(const char* what, int64_t by = 1) { plan_.counts[what] += by; }

    // Oldest first.
    std::vector<Row> Read(SeedKind kind, const std::vector<std::string>& documents) const {
        std::vector<Row> rows;
        for (const auto& bson : documents) {
            auto conversion = domain::DecodeConversion(bson);
            if (conversion) rows.push_back(RowOf(kind, bson, std::move(*conversion)));
        }
        std::stable_sort(rows.begin(), rows.end(), [](const Row& a, const Row& b) {
            return std::pair(a.conversion.created, a.where) <
                   std::pair(b.conversion.created, b.where);
        });
        return rows;
    }

    Row RowOf(SeedKind kind, std::string_view bson, domain::Conversion c) const {
        const domain::TopFields fields(bson);
        Row row{.kind = kind, .bson = bson};
        row.where = fmt::format("{}/{}", CollectionOf(kind), IdText(bson));
        row.text_key = HoldsText(fields, "click_id") && HoldsText(fields, "goal_id") &&
                       c.key.click == group_.key.click && c.key.goal == group_.key.goal;
        if (!HoldsObjectId(fields)) c.id = SubstituteId(CollectionOf(kind), bson);
        c.key = group_.key;
        for (domain::Field field : kIds) {
            const std::string given(c.fields.Get(field));
            if (!TrimUnseen(given).empty()) c.fields.Set(field, std::string(TrimUnseen(given)));
        }
        if (kind == SeedKind::kFtd) c.goal_type = domain::GoalType::kDeposit;
        if (kind == SeedKind::kPostback || !domain::GoalTypeNamed(fields.TextOr("goal_type"))) {
            auto known = rules_.goal_types.find(group_.key.goal.value);
            if (known != rules_.goal_types.end()) c.goal_type = known->second;
        }
        c.created = SeedCreated(fields);
        c.updated = SeedTime(fields, "updatedAt").value_or(Time{});
        if (kind == SeedKind::kConversion) ReadAnswers(c);
        row.conversion = std::move(c);
        return row;
    }

    void Conversions() {
        auto rows = Read(SeedKind::kConversion, group_.conversions);
        if (rows.empty()) return;
        // One whose key is text already stays: a unique index has no room for a second one.
        auto kept =
            std::find_if(rows.begin(), rows.end(), [](const Row& row) { return row.text_key; });
        if (kept == rows.end()) kept = rows.begin();
        plan_.before = std::string(kept->bson);
        Repaired(*kept);
        document_ = kept->conversion;
        for (const auto& row : rows) {
            if (&row != &*kept) MergeConversion(row);
        }
    }

    // Counts what RowOf has put right in the document that stays.
    void Repaired(const Row& row) {
        const domain::TopFields fields(row.bson);
        auto read = domain::DecodeConversion(row.bson);
        const bool text = HoldsText(fields, "click_id") && HoldsText(fields, "goal_id");
        if (!text) Count("conversions.ids_made_text");
        if (text && !row.text_key) Count("conversions.ids_trimmed");
        if (!HoldsObjectId(fields)) Count("conversions.ids_renewed");
        if (read && read->created != row.conversion.created) Count("conversions.dates_set");
        if (!domain::GoalTypeNamed(fields.TextOr("goal_type"))) Count("conversions.types_set");
        if (!domain::StatusNamed(fields.TextOr("status"))) Count("conversions.statuses_set");
    }

    void MergeConversion(const Row& row) {
        plan_.merged.emplace_back(row.bson);
        Count("conversions.merged");
        const auto& history = document_->history;
        bool merged = std::any_of(history.begin(), history.end(), [&](const auto& entry) {
            return entry.by == kBy && entry.from == row.where;
        });
        plan_.counted |= merged;
        if (merged) return;  // by a run that was broken off before this one was deleted
        Absorb(row);
        const Time other = row.conversion.created;
        const bool known = document_->created != Time{};
        if (other != Time{} && (!known || other < document_->created)) document_->created = other;
        Note("merged", row);
    }

    // Of two rows of one key the one that is confirmed wins; of two that are not, what one lacks is
    // filled from the other and the status further on counts. True when the document changed.
    bool Absorb(const Row& row) {
        domain::Conversion& c = *document_;
        const domain::Conversion before = c;
        const domain::Conversion& other = row.conversion;
        bool confirmed = !IsUnconfirmed(c.provenance);
        bool wins = !confirmed && !IsUnconfirmed(other.provenance);
        for (const auto& [field, value] : other.fields.all()) {
            const std::string* stored = c.fields.Find(field);
            if (stored && *stored == value) continue;
            if (wins || (!confirmed && IsNothing(field, stored))) {
                c.fields.Set(field, value);
            } else if (!IsNothing(field, &value)) {
                Differ(row, field, stored ? *stored : "", value);
            }
        }
        if (other.status != c.status) {
            if (wins || (!confirmed && other.status > c.status)) {
                c.status = other.status;
            } else if (row.kind == SeedKind::kConversion) {
                plan_.differences.push_back(
                    {row.where, "status", NameOf(c.status), NameOf(other.status)}
                );
            }
        }
        if (wins) c.provenance = other.provenance;
        for (const auto& delivery : other.deliveries) {
            AddFinished(c, delivery.kind.c_str(), delivery.response);
        }
        bool changed = c.fields != before.fields || c.status != before.status ||
                       c.deliveries != before.deliveries;
        if (changed) c.updated = std::max(c.updated, other.updated);
        return changed;
    }

    void Differ(const Row& row, domain::Field field, std::string_view kept, std::string_view said) {
        if (std::find(std::begin(kCompared), std::end(kCompared), field) == std::end(kCompared)) {
            return;
        }
        plan_.differences.push_back(
            {row.where, InfoOf(field).name, std::string(kept), std::string(said)}
        );
    }

    void Note(const char* what, const Row& row) {
        const domain::Conversion& c = row.conversion;
        document_->AddHistory(
            {.at = rules_.now,
             .by = kBy,
             .command = SubstituteId(CollectionOf(row.kind), row.bson).Hex(),
             .field = what,
             .from = row.where,
             .to = fmt::format(
                 "amount {}, status {}, affiliate {}",
                 c.fields.Get(domain::Field::kAmount, "none"),
                 NameOf(c.status),
                 c.fields.Get(domain::Field::kAffiliateId, "none")
             )}
        );
    }

    // A row of another collection that stands for a conversion of its own.
    void Begin(const Row& row, const char* route) {
        document_ = row.conversion;
        document_->route = route;
        document_->updated = std::max(document_->updated, document_->created);
        document_->rest = RestWithout(document_->rest, "goal");
        Note("adopted", row);
    }

    static std::string RestWithout(const std::string& rest, std::string_view name) {
        if (rest.empty()) return rest;
        domain::BsonWriter to;
        bool any = false;
        domain::EachElement(rest, [&](std::string_view key, const bson_iter_t& at) {
            if (key == name) return;
            to.Element(at);
            any = true;
        });
        return any ? to.Take() : std::string();
    }

    void FoldPostback(const Row& row) {
        if (!document_) {
            Begin(row, "postback");
            Count("postbacks.recorded");
            return;
        }
        if (Known(row)) return Count("postbacks.known");
        bool changed = Absorb(row);
        if (changed) Note("merged", row);
        Count(changed ? "postbacks.completed" : "postbacks.known");
    }

    // Written by an earlier run, or confirmed since: then nothing of it is news.
    bool Known(const Row& row) const {
        if (!IsUnconfirmed(document_->provenance)) return true;
        const auto& history = document_->history;
        return std::any_of(history.begin(), history.end(), [&](const auto& entry) {
            return entry.by == kBy && entry.from == row.where;
        });
    }

    // A report of route 4, decided like one.
    void FoldFtd(const Row& row) {
        if (!document_) {
            Begin(row, "ftd");
            document_->provenance = domain::Provenance::kReported;
            const domain::TopFields fields(row.bson);
            auto status = domain::StatusNamed(fields.TextOr("status"));
            document_->status = status.value_or(domain::Status::kApproved);
            Count("ftds.recorded");
            return;
        }
        domain::Report report;
        report.route = "ftd";
        report.by = kBy;
        report.key = group_.key;
        report.goal_type = document_->goal_type;
        for (const auto& [field, value] : row.conversion.fields.all()) {
            if (field != domain::Field::kMetadata && !IsNothing(field, &value)) {
                report.given.Set(field, value);
            }
        }
        auto status = domain::StatusNamed(domain::TopText(row.bson, "status").value_or(""));
        report.status = status.value_or(domain::Status::kApproved);
        report.command_id = SubstituteId("ftds", row.bson);
        domain::Decision decision = Decide(*document_, report, rules_.now, "");
        for (const auto& conflict : decision.conflicts) {
            plan_.differences.push_back({row.where, conflict.field, conflict.stored, conflict.given}
            );
        }
        if (!decision.changed) return Count("ftds.known");
        const Time updated =
            std::max({document_->updated, row.conversion.updated, row.conversion.created});
        document_ = std::move(decision.document);
        document_->updated = updated;
        Count("ftds.confirmed");
    }

    void Finish() {
        if (!document_) return;
        if (!plan_.differences.empty()) {
            Count("differences", static_cast<int64_t>(plan_.differences.size()));
        }
        std::optional<domain::Conversion> read;
        if (plan_.before) {
            auto decoded = domain::DecodeConversion(*plan_.before);
            if (decoded) read = std::move(*decoded);
        }
        document_->rev = read ? read->rev : 0;
        auto more = document_->deliveries.size() - (read ? read->deliveries.size() : 0);
        if (more > 0) Count("conversions.delivered", static_cast<int64_t>(more));
        if (!read) {
            ++document_->rev;
            plan_.insert = Encode(*document_);
        } else {
            Change(*read);
        }
        plan_.document = document_;
    }

    void Change(const domain::Conversion& read) {
        const domain::TopFields fields(*plan_.before);
        std::vector<std::string> always;
        for (const char* name : {"click_id", "goal_id"}) {
            if (!HoldsText(fields, name)) always.emplace_back(name);
        }
        // Lists and sums ask the server for them, which knows no default.
        if (!domain::GoalTypeNamed(fields.TextOr("goal_type"))) always.emplace_back("goal_type");
        if (!domain::StatusNamed(fields.TextOr("status"))) always.emplace_back("status");
        bool renewed = !HoldsObjectId(fields);
        auto same = Encode(read), after = Encode(*document_);
        if (!renewed && UpdateOf(same, after, always).empty()) {
            if (plan_.merged.empty() && read.rev == 0) Count("conversions.unchanged");
            return;
        }
        ++document_->rev;
        after = Encode(*document_);
        if (renewed) {
            plan_.insert = std::move(after);
        } else {
            plan_.update = UpdateOf(same, after, always);
        }
    }

    const SeedGroup& group_;
    const AdoptRules& rules_;
    std::optional<domain::Conversion> document_;
    AdoptPlan plan_;
};

}  // namespace

AdoptPlan PlanKey(const SeedGroup& group, const AdoptRules& rules) {
    return KeyPlan(group, rules).Run();
}

}  // namespace barracuda::adopt

#include "contacts/erasure_sweep.h"

#include <fmt/format.h>

#include "domain/bson.h"
#include "store/each_document.h"
#include "store/index.h"

namespace barracuda::contacts {

store::Ref ErasureMarkRef(const ObjectId& contact) {
    return {store::Collection::kSettings, kErasures + contact.Hex()};
}

std::string Encode(const ErasureMark& mark) {
    domain::BsonWriter to, clicks;
    to.Text("_id", mark.key);
    size_t i = 0;
    for (const auto& click : mark.clicks) clicks.Text(fmt::format_int(i++).c_str(), click);
    to.Array("clicks", clicks);
    to.Date("at", mark.at);
    to.Int("rev", 1);
    return to.Take();
}

ErasureMark DecodeErasureMark(std::string_view bson) {
    const domain::TopFields fields(bson);
    ErasureMark mark{fields.TextOr("_id"), {}, fields.Date("at").value_or(Time{})};
    const bson_iter_t* list = fields.Find("clicks");
    bson_iter_t at;
    if (!list || !BSON_ITER_HOLDS_ARRAY(list)) return mark;
    if (!domain::OpenBson(at, domain::BytesOf(*list))) return mark;
    while (bson_iter_next(&at)) {
        if (auto click = domain::ScalarText(at)) mark.clicks.push_back(std::move(*click));
    }
    return mark;
}

void ErasureSweep::Start() {
    thread_.Start("erasures", kEvery, [this] { Step(); });
}

void ErasureSweep::Step() {
    std::vector<ErasureMark> marks;
    store::ScanRequest request;
    request.collection = store::Collection::kSettings;
    request.key_prefix = kErasures;
    auto read = store::EachDocument(parts_.engine, request, [&](const std::string& document) {
        marks.push_back(DecodeErasureMark(document));
    });
    if (!read) return Failed(read.error());
    const Time now = parts_.now();
    for (const auto& mark : marks) {
        if (thread_.stopping()) return;
        const int64_t age = now.ms - mark.at.ms;
        const int wanted = age < kSettled.count() ? 1 : 2;
        int& swept = swept_[mark.key];
        if (swept < wanted) {
            if (auto done = Sweep(mark); !done) return Failed(done.error());
            swept = wanted;
        }
        if (wanted == 1) thread_.ComeBy(std::chrono::steady_clock::now() + kSettled);
        if (swept == 2 && age > std::chrono::milliseconds(kKept).count()) Remove(mark.key);
    }
}

Result<bool> ErasureSweep::Sweep(const ErasureMark& mark) {
    if (parts_.logs && !mark.clicks.empty()) {
        for (auto log : store::kLogIds) {
            auto erased = parts_.logs->Erase(log, "click_id", mark.clicks);
            if (!erased) return erased;
        }
    }
    const auto contact = ObjectId::Parse(mark.key.substr(std::string_view(kErasures).size()));
    std::vector<store::Ref> refs;
    if (contact) refs.push_back({store::Collection::kContacts, contact->Hex()});
    for (const auto& click : mark.clicks) {
        store::ScanRequest request;
        store::AppendText(request.key_prefix, click);
        auto read = store::EachDocument(parts_.engine, request, [&](const std::string& document) {
            auto conversion = domain::DecodeConversion(document);
            if (conversion) refs.push_back(store::RefOf(conversion->key));
        });
        if (!read) return read;
    }
    return parts_.engine.Purge(refs);
}

void ErasureSweep::Failed(const Error& why) {
    parts_.faults.Report(Fault::kContacts, "erasure", WithCause(why));
}

void ErasureSweep::Remove(const std::string& key) {
    swept_.erase(key);
    parts_.ledger.Edit(
        {store::Collection::kSettings, key},
        [](const std::optional<std::string>& stored) {
            return ledger::EditPlan{stored.has_value(), std::nullopt};
        },
        [](Result<ledger::EditState>) {}
    );
}

}  // namespace barracuda::contacts

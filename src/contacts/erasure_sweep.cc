#include "contacts/erasure_sweep.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "domain/bson.h"
#include "store/each_document.h"
#include "store/index.h"

namespace barracuda::contacts {

store::Ref ErasureMarkRef(const ObjectId& contact) {
    return {store::Collection::kSettings, kErasures + contact.Hex()};
}

std::string Encode(const ErasureMark& mark) {
    domain::BsonWriter to, clicks, contacts;
    to.Text("_id", mark.key);
    size_t i = 0;
    for (const auto& click : mark.clicks) clicks.Text(fmt::format_int(i++).c_str(), click);
    to.Array("clicks", clicks);
    i = 0;
    for (const auto& id : mark.contacts) contacts.Text(fmt::format_int(i++).c_str(), id.Hex());
    if (!mark.contacts.empty()) to.Array("contacts", contacts);
    to.Date("at", mark.at);
    to.Int("rev", 1);
    return to.Take();
}

ErasureMark DecodeErasureMark(std::string_view bson) {
    const domain::TopFields fields(bson);
    const auto at = fields.Date("at").value_or(Time{});
    ErasureMark mark{fields.TextOr("_id"), domain::TextsIn(fields, "clicks"), at};
    for (const auto& text : domain::TextsIn(fields, "contacts")) {
        if (const auto id = ObjectId::Parse(text)) mark.contacts.push_back(*id);
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
    auto age_of = [&](const ErasureMark& mark) { return now.ms - mark.at.ms; };
    auto wanted_of = [&](const ErasureMark& mark) {
        return age_of(mark) < kSettled.count() ? 1 : 2;
    };
    std::vector<const ErasureMark*> due;
    std::map<std::pair<std::string, int64_t>, int> swept;  // of the marks that are still there
    for (const auto& mark : marks) {
        const auto place = std::pair(mark.key, mark.at.ms);
        swept[place] = swept_[place];
        if (swept[place] < wanted_of(mark)) due.push_back(&mark);
    }
    swept_ = std::move(swept);
    auto done = SweepAll(due);
    if (!done) return Failed(done.error());
    if (!*done) return;
    for (const auto* mark : due) swept_[{mark->key, mark->at.ms}] = wanted_of(*mark);
    for (const auto& mark : marks) {
        if (wanted_of(mark) == 1) thread_.ComeBy(std::chrono::steady_clock::now() + kSettled);
        const bool old = age_of(mark) > std::chrono::milliseconds(kKept).count();
        if (old && swept_[{mark.key, mark.at.ms}] == 2) Remove(mark);
    }
}

Result<bool> ErasureSweep::SweepAll(std::span<const ErasureMark* const> marks) {
    while (!marks.empty()) {
        if (thread_.stopping()) return false;
        const size_t size = std::min(kAtATime, marks.size());
        if (auto done = Sweep(marks.first(size)); !done) return done;
        marks = marks.subspan(size);
    }
    return true;
}

Result<bool> ErasureSweep::Sweep(std::span<const ErasureMark* const> marks) {
    std::set<std::string> clicks;
    std::vector<store::Ref> refs;
    for (const auto* mark : marks) {
        clicks.insert(mark->clicks.begin(), mark->clicks.end());
        const auto id = mark->key.substr(std::string_view(kErasures).size());
        const auto contact = ObjectId::Parse(id);
        if (contact) refs.push_back({store::Collection::kContacts, contact->Hex()});
        for (const auto& other : mark->contacts) {
            refs.push_back({store::Collection::kContacts, other.Hex()});
        }
    }
    const std::vector<std::string> values(clicks.begin(), clicks.end());
    if (parts_.logs && !values.empty()) {
        for (auto log : store::kLogIds) {
            auto erased = parts_.logs->Erase(log, "click_id", values);
            if (!erased) return erased;
        }
    }
    for (const auto& click : values) {
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

void ErasureSweep::Remove(const ErasureMark& mark) {
    parts_.ledger.Edit(
        {store::Collection::kSettings, mark.key},
        [at = mark.at](const std::optional<std::string>& stored) {
            const bool same = stored && DecodeErasureMark(*stored).at == at;
            return ledger::EditPlan{same, std::nullopt};
        },
        [](Result<ledger::EditState>) {}
    );
}

}  // namespace barracuda::contacts

#include "delivery/schedule_check.h"

#include "store/each_document.h"
#include "store/finding_list.h"

namespace barracuda::delivery {

namespace {

constexpr size_t kPage = 500;

// True when it was something else before.
bool Correct(domain::Conversion& conversion, const NodeId& node) {
    const auto due = conversion.due, dead = conversion.dead;
    const auto owner = conversion.owner;
    conversion.Reschedule(node);
    return due != conversion.due || dead != conversion.dead || owner != conversion.owner;
}

std::string Readable(const domain::ConversionKey& key) {
    std::string text = "conversion " + key.click.value + " " + key.goal.value;
    if (!key.occurrence.empty()) text += " " + key.occurrence;
    return text;
}

ledger::EditPlan CorrectStored(const std::optional<std::string>& stored, const NodeId& node) {
    auto fresh = domain::DecodeConversion(stored.value_or(""));
    if (!stored || !fresh || !Correct(*fresh, node)) return {};
    return {true, domain::Encode(*fresh)};
}

}  // namespace

Result<bool> CheckSchedules(
    store::Engine& engine, const NodeId& node, const Mend& mend, std::vector<std::string>& findings
) {
    store::FindingList list(findings);
    Result<bool> mended = true;
    store::ScanRequest all;
    all.limit = kPage;
    auto read = store::EachDocument(engine, all, [&](const std::string& document) {
        auto conversion = domain::DecodeConversion(document);
        // Engine::Verify names documents that are not conversions.
        if (!conversion || !Correct(*conversion, node) || !mended) return;
        list.Add(Readable(conversion->key) + ": due, owner or dead is not what its deliveries say");
        if (!mend) return;
        auto edited =
            mend(store::RefOf(conversion->key), [node](const std::optional<std::string>& stored) {
                return CorrectStored(stored, node);
            });
        if (!edited) mended = Fail(edited.error());
    });
    if (!read) return read;
    list.End();
    return mended;
}

}  // namespace barracuda::delivery

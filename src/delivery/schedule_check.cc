#include "delivery/schedule_check.h"

#include "store/each_document.h"
#include "store/kv_verify.h"

namespace barracuda::delivery {

namespace {

constexpr size_t kPage = 500;

// True when it was something else before.
bool Correct(domain::Conversion& conversion, const std::string& node) {
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

ledger::EditPlan CorrectStored(const std::optional<std::string>& stored, const std::string& node) {
    auto fresh = domain::DecodeConversion(stored.value_or(""));
    if (!stored || !fresh || !Correct(*fresh, node)) return {};
    return {true, domain::Encode(*fresh)};
}

}  // namespace

Result<bool> CheckSchedules(
    store::Engine& engine,
    const std::string& node,
    const Mend& mend,
    std::vector<std::string>& findings
) {
    size_t unnamed = 0;
    Result<bool> mended = true;
    store::ScanRequest all;
    all.limit = kPage;
    auto read = store::EachDocument(engine, all, [&](const std::string& document) {
        auto conversion = domain::DecodeConversion(document);
        // What is no conversion, Engine::Verify names.
        if (!conversion || !Correct(*conversion, node) || !mended) return;
        if (findings.size() < store::KvVerifier::kNamedMax) {
            findings.push_back(
                Readable(conversion->key) + ": due, owner or dead is not what its deliveries say"
            );
        } else {
            ++unnamed;
        }
        if (!mend) return;
        auto edited =
            mend(store::RefOf(conversion->key), [node](const std::optional<std::string>& stored) {
                return CorrectStored(stored, node);
            });
        if (!edited) mended = Fail(edited.error());
    });
    if (!read) return read;
    if (unnamed > 0) findings.push_back("and " + std::to_string(unnamed) + " more");
    return mended;
}

}  // namespace barracuda::delivery

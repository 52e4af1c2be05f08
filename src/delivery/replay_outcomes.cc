#include "delivery/replay_outcomes.h"

#include "store/index.h"

namespace barracuda::delivery {

namespace {

constexpr size_t kPage = 500;
// As far as the clocks of two nodes may be apart: the job was made by one, and another may wake.
constexpr int64_t kClocksApart = 60'000;

}  // namespace

OutcomeCount::OutcomeCount(std::string job, Time since) : job_(std::move(job)) {
    request_.index = store::IndexId::kConversionUpdated;
    request_.from = Time{since.ms - kClocksApart};
    request_.limit = kPage;
}

OutcomeCount::Part OutcomeCount::PartOf(const domain::Conversion& conversion) const {
    using domain::DeliveryState;
    Part part;
    for (const auto& delivery : conversion.deliveries) {
        if (delivery.replayed_by != job_) continue;
        part.accepted += delivery.state == DeliveryState::kDone;
        part.waiting += delivery.state == DeliveryState::kWaiting;
        part.dead_again += delivery.state == DeliveryState::kDead;
    }
    return part;
}

void OutcomeCount::Add(const Part& part, int64_t times) {
    outcomes_.accepted += times * part.accepted;
    outcomes_.waiting += times * part.waiting;
    outcomes_.dead_again += times * part.dead_again;
}

Result<bool> OutcomeCount::Step(store::Engine& engine) {
    auto page = engine.Scan(request_);
    if (!page) return Fail(page.error());
    for (const auto& document : page->documents) {
        auto conversion = domain::DecodeConversion(document);
        if (!conversion) continue;  // verify names it
        const Part part = PartOf(*conversion);
        const std::string id(conversion->id.View());
        if (auto before = parts_.find(id); before != parts_.end()) {
            Add(before->second, -1);
            before->second = part;
        } else if (!part.empty()) {
            parts_.emplace(id, part);
        }
        Add(part, 1);
    }
    looked_ += page->documents.size();
    request_.cursor = std::move(page->cursor);
    return request_.cursor.empty();
}

}  // namespace barracuda::delivery

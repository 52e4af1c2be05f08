// Conversions: made-up ones of ninety days, oldest first. A click registers, and some days later it
// may deposit or qualify; some are rejected, some wait, some were corrected by a person, and the
// latest are being told to the networks, who refuse a few.
//
//     Conversions made({.count = 1'000'000, .end = now, .seed = 1});
//     for (size_t i = 0; i < made.count(); ++i) writes.push_back(made.Next());
//
// The same options make the same bytes. Threads: one at a time.
#pragma once

#include <string>
#include <vector>

#include "base/time.h"
#include "demo/cast.h"
#include "demo/days.h"
#include "demo/dice.h"
#include "domain/conversion.h"

namespace barracuda::demo {

struct ConversionOptions {
    size_t count = 1'000'000;
    Time end;
    uint64_t seed = 1;
};

// Whose deliveries wait in a fresh store: nobody lives by this name, so the server takes them over.
inline const NodeId kNobody{"demo"};
// An admin of the demo, who has corrected some.
inline constexpr const char* kCorrector = "admin:demo";

class Conversions {
public:
    explicit Conversions(const ConversionOptions& options);

    size_t count() const { return options_.count; }
    domain::Conversion Next();  // count() times

private:
    // A registration's click, as its later conversions have it.
    struct Click {
        std::string id;
        size_t affiliate = 0, offer = 0, country = 0, source = 0;
        bool mobile = false;
    };

    Click NewClick();
    void Describe(const Click& click, domain::Conversion& to);
    void Judge(domain::Conversion& to);
    void Correct(domain::Conversion& to);
    void Owe(const Click& click, domain::Conversion& to);
    void Fail(domain::Delivery& delivery, domain::Conversion& of);
    ObjectId IdAt(Time at);

    const ConversionOptions options_;
    const Days days_;
    Dice dice_;
    const Weighted affiliates_, offers_, countries_, sources_;
    const size_t come_back_max_;
    std::vector<Click> clicks_;  // that may come back
    size_t next_ = 0;
};

}  // namespace barracuda::demo

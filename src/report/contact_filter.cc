#include "report/contact_filter.h"

#include <algorithm>

#include "report/fold_case.h"

namespace barracuda::report {

namespace {

bool Is(const std::string& asked, const std::string& value) {
    return asked.empty() || asked == value;
}

bool Has(const ContactFilter::Texts& values, const std::string& value) {
    return std::find(values.begin(), values.end(), value) != values.end();
}

}  // namespace

bool Matches(const ContactFilter& f, const domain::Contact& c) {
    if (!Is(f.type, c.type) || !Is(f.status, c.status)) return false;
    if (!Is(f.affiliate_status, c.affiliate_status)) return false;
    if (!f.clicks.empty() && !Has(f.clicks, c.click_id) && !Has(f.clicks, c.sub1)) return false;
    if (!f.affiliates.empty() && !Has(f.affiliates, c.affiliate_id)) return false;
    if (f.ftd && *f.ftd != c.ftd) return false;
    if ((f.from && c.created < *f.from) || (f.to && c.created >= *f.to)) return false;
    if (f.search.empty()) return true;
    for (const auto* text : {&c.name, &c.email, &c.company}) {
        if (FoldCase(*text).find(f.search) != std::string::npos) return true;
    }
    return false;
}

}  // namespace barracuda::report

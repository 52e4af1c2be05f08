#include "report/contact_csv.h"

#include <utility>

#include "report/csv.h"

namespace barracuda::report {

namespace {

constexpr size_t kPage = 500;

}  // namespace

Result<std::string> ContactCsv::Next() {
    std::string part;
    while (part.empty() && !ended_) {
        auto page = ReadWay(engine_, way_, place_, kPage);
        if (!page) return Fail(page.error());
        if (!std::exchange(begun_, true)) part = (bom_ ? kCsvMark : "") + CsvHead();
        for (const auto& document : page->documents) {
            auto contact = domain::DecodeContact(document);
            if (contact && Matches(filter_, *contact)) part += CsvLine(*contact);
        }
        place_ = page->cursor;
        ended_ = place_.empty();
    }
    return part;
}

std::string CsvHead() {
    return "Name,Email,Company,Type,Status,Messenger,Username,Affiliate ID,Sub1,Traffic Source,"
           "Campaign ID,FTD,FTD Amount,FTD Date,Created At,FTD Currency\r\n";
}

std::string CsvLine(const domain::Contact& c) {
    const std::string cells[] = {
        c.name,
        c.email,
        c.company,
        c.type,
        c.status,
        c.messenger,
        c.username,
        c.affiliate_id,
        c.sub1,
        c.tracking_source,
        c.campaign_id,
        c.ftd ? "Yes" : "No",
        c.ftd_amount ? c.ftd_amount->Text() : "",
        c.ftd_date ? c.ftd_date->Iso() : "",
        c.created.Iso(),
        !c.ftd                   ? ""
        : c.ftd_currency.empty() ? domain::kDefaultCurrency
                                 : c.ftd_currency,
    };
    return CsvRow(cells);
}

}  // namespace barracuda::report

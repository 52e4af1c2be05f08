#include "report/contact_csv.h"

#include <utility>

#include "store/index.h"

namespace barracuda::report {

namespace {

constexpr size_t kPage = 500;

}  // namespace

Result<std::string> ContactCsv::Next() {
    std::string part;
    while (part.empty() && !ended_) {
        store::ScanRequest request;
        request.collection = store::Collection::kContacts;
        request.index = store::IndexId::kContactCreated;
        request.descending = true;
        request.limit = kPage;
        request.cursor = cursor_;
        auto page = engine_.Scan(request);
        if (!page) return Fail(page.error());
        if (!std::exchange(begun_, true)) part = CsvHead();
        for (const auto& document : page->documents) {
            auto contact = domain::DecodeContact(document);
            if (contact && Matches(filter_, *contact)) part += CsvLine(*contact);
        }
        cursor_ = page->cursor;
        ended_ = cursor_.empty();
    }
    return part;
}

std::string CsvCell(std::string_view text) {
    std::string cell;
    // What a spreadsheet takes for a formula: a visitor could have typed it into the form.
    if (!text.empty() && std::string_view("=+-@\t\r").find(text[0]) != std::string_view::npos) {
        cell = "'";
    }
    cell += text;
    if (cell.find_first_of(",\"\r\n") == std::string::npos) return cell;
    std::string quoted = "\"";
    for (char c : cell) {
        if (c == '"') quoted += '"';
        quoted += c;
    }
    return quoted + '"';
}

std::string CsvHead() {
    return "Name,Email,Company,Type,Status,Messenger,Username,Affiliate ID,Sub1,Traffic Source,"
           "Campaign ID,FTD,FTD Amount,FTD Date,Created At\r\n";
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
    };
    std::string line;
    for (const auto& cell : cells) line += CsvCell(cell) + ",";
    line.pop_back();
    return line + "\r\n";
}

}  // namespace barracuda::report

// Contacts as CSV, a part at a time, newest first.
//
//     ContactCsv csv(engine, filter);
//     while (auto part = csv.Next()) { … if (part->empty()) break; … }
//
// Threads: one at a time; reads the store, so query threads only.
#pragma once

#include <string>
#include <string_view>

#include "report/contacts.h"

namespace barracuda::report {

class ContactCsv {
public:
    ContactCsv(store::Engine& engine, ContactFilter filter)
        : engine_(engine), filter_(std::move(filter)) {}

    // The head first, then lines; empty at the end, and ever after.
    Result<std::string> Next();

private:
    store::Engine& engine_;
    const ContactFilter filter_;
    std::string cursor_;
    bool begun_ = false, ended_ = false;
};

// One line of CSV, CRLF included. Cells that a spreadsheet would run get a quote before them.
std::string CsvHead();
std::string CsvLine(const domain::Contact& contact);
std::string CsvCell(std::string_view text);

}  // namespace barracuda::report

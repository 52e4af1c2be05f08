// Contacts as CSV, a part at a time, newest first.
//
//     ContactCsv csv(engine, filter);
//     while (auto part = csv.Next()) { … if (part->empty()) break; … }
//
// Threads: one at a time; reads the store, so query threads only. Errors: the store's.
#pragma once

#include <string>
#include <string_view>

#include "report/contacts.h"
#include "report/ways.h"

namespace barracuda::report {

class ContactCsv {
public:
    // `bom`: begins with kCsvMark.
    ContactCsv(store::Engine& engine, ContactFilter filter, bool bom = false)
        : engine_(engine),
          filter_(std::move(filter)),
          way_(WaysOf(filter_, "createdAt", true).front()),
          bom_(bom) {}

    // The head first, then lines; empty at the end, and ever after.
    Result<std::string> Next();

private:
    store::Engine& engine_;
    const ContactFilter filter_;
    const Way way_;  // of clicks in their order, else newest first
    const bool bom_;
    std::string place_;
    bool begun_ = false, ended_ = false;
};

// One line of it, CRLF included.
std::string CsvHead();
std::string CsvLine(const domain::Contact& contact);

}  // namespace barracuda::report

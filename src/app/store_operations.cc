// Operations on the whole store: copies, verification, the doctor's look into it.
#include <fmt/format.h>

#include <filesystem>

#include "app/descriptors.h"
#include "app/doctor.h"
#include "app/operation_parts.h"
#include "contacts/flag_check.h"
#include "delivery/schedule_check.h"
#include "ledger/edit_and_wait.h"
#include "store/document_file.h"

namespace barracuda::app {

namespace {

delivery::Mend MendBy(ledger::Ledger& ledger) {
    return [&ledger](store::Ref ref, ledger::EditFunction change) {
        return ledger::EditAndWait(ledger, std::move(ref), std::move(change), kLedgerPatience);
    };
}

// Faults of everything derived: indexes and sums of the documents, schedules of deliveries, flags
// of contacts. The flags come last: mending the others may change them.
Result<std::vector<std::string>> FindWrong(Workplace& at, bool rebuild, bool mend) {
    auto findings = at.engine.Verify(rebuild);
    if (!findings) return findings;
    const delivery::Mend edit = mend ? MendBy(at.ledger) : delivery::Mend();
    auto schedules = delivery::CheckSchedules(at.engine, at.ledger.node(), edit, *findings);
    if (!schedules) return Fail(schedules.error());
    auto flags = contacts::CheckFlags(at.engine, {.trail = at.flags_trail}, edit, *findings);
    if (!flags) return Fail(flags.error());
    return findings;
}

// An accepted loss is no finding, since an operator decided it; the answer still names it, so that
// nobody takes the store for whole.
Answer Noting(const store::AcceptedLoss& loss, Answer answer) {
    if (loss.times == 0) return answer;
    answer.out = loss.Text() + "\n" + answer.out;
    return answer;
}

}  // namespace

Answer Backup(Workplace& at, const Ask& ask) {
    std::error_code ec;
    if (std::filesystem::exists(ask.directory, ec)) {
        return Refused("backup: this directory exists already: " + ask.directory);
    }
    auto made = at.engine.Backup(ask.directory);
    if (!made) return Refused(made.error());
    return {0, "backed up to " + ask.directory + "\n", {}};
}

Answer Export(Workplace& at, const Ask& ask) {
    auto written = store::WriteDocuments(at.engine, ask.directory, ask.resume);
    if (!written) return Refused(written.error());
    return {0, Counted(*written, "document", "documents") + " in " + ask.directory + "\n", {}};
}

Answer Verify(Workplace& at, const Ask& ask) {
    // Indexes are rebuilt past the ledger, so only where no server works on the store.
    auto findings = FindWrong(at, ask.repair && !at.serving, ask.repair);
    if (!findings) return Refused(findings.error());
    const auto loss = at.engine.Accepted();
    if (findings->empty()) return Noting(loss, {0, "the store is sound\n", {}});
    Answer answer{1, {}, {}};
    if (ask.repair) {
        for (const auto& line : *findings) answer.out += "found: " + Printable(line) + "\n";
        findings = FindWrong(at, false, false);
        if (!findings) return Refused(findings.error());
    }
    for (const auto& line : *findings) answer.out += Printable(line) + "\n";
    answer.exit = findings->empty() ? 0 : 1;
    answer.note = Counted(findings->size(), "finding", "findings") + " left";
    if (ask.repair && at.serving && answer.exit != 0) {
        answer.note += ": stop the server, verify --repair then rebuilds indexes too";
    }
    return Noting(loss, std::move(answer));
}

// A backup is of one moment, and contact flags follow their conversions a moment later: flags that
// trailed then are no damage. They follow here, as they would at a start; nobody else writes yet.
Answer VerifyRestored(Workplace& at) {
    std::vector<std::string> trailing;
    auto followed = contacts::CheckFlags(at.engine, {}, MendBy(at.ledger), trailing);
    if (!followed) return Refused(followed.error());
    Answer answer = Verify(at, {});
    if (*followed > 0) {
        const auto contacts = Counted(*followed, "contact follows", "contacts follow");
        Note(answer, contacts + " the ledger again");
    }
    return answer;
}

Answer Doctor(Workplace& at) {
    if (!at.config) return Refused("doctor: ask without a server");
    Findings findings;
    if (auto trouble = at.engine.Trouble()) {
        findings.Fail("store", *trouble, "docs/operating/runbook.md has this line");
    } else {
        findings.Ok("store", "open in the running server");
    }
    ExamineLoss(at.engine, findings);
    ExamineDescriptors(*at.config, HardDescriptorLimit(), findings);
    ExamineContent(
        *at.config, [&](const auto& request) { return at.engine.Scan(request); }, findings
    );
    return {0, {}, {}, findings.all()};
}

std::vector<Finding> ExamineServing(Workplace& at) {
    Findings findings;
    ExaminePlace(*at.config, findings);
    findings.Add(Doctor(at).findings);
    return findings.all();
}

}  // namespace barracuda::app

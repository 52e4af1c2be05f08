// The steps of Record (record.h) one by one, for whoever hands over many reports at once.
//
// Threads: any.
#pragma once

#include "api/record.h"
#include "domain/catalog.h"
#include "nodes/goal_rules.h"

namespace barracuda::api {

// ReadCommon by a catalog and a goal's rule of the caller's own.
void ReadCommonBy(
    const domain::Catalog& catalog,
    nodes::GoalRules::Rule rule,
    Reader& reader,
    ClickId click,
    GoalId goal,
    domain::Report& report
);

// Adds to a report that was read who says it, and the networks that ask for it. False: the caller
// may not report it, and the call is answered.
bool Complete(Reports& reports, Call& call, domain::Report& report);

// Answers errors itself; else `done` has the decision to answer with.
void AnswerDecided(Call& call, Result<domain::Decision> decision, const Decided& done);

}  // namespace barracuda::api

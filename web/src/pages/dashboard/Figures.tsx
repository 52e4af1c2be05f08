import type { ReactNode } from "react";
import { Link } from "wouter";
import type { Schemas } from "../../api/client";
import { count, percent, sum } from "../../format";
import { inOrder } from "../../parts/Money";
import { w } from "../../words/words";

export type Stats = Schemas["ConversionStats"]["data"];

const list = (filter: Record<string, string>) => `/conversions?${new URLSearchParams(filter)}`;

/** Numbers over all conversions, each the way to the list that it counts. */
export function Figures({ stats }: { stats: Stats }) {
  const { total, byStatus, byGoalType, approvedConversions, thisMonth } = stats;
  const deposits = byGoalType["deposit"]?.count ?? 0;
  const registrations = byGoalType["registration"]?.count ?? 0;
  return (
    <section className="figures" aria-label={w.dashboard.figures}>
      <Figure to="/conversions" name={w.nav.conversions} n={count(total)} d={w.dashboard.thisMonth(count(thisMonth.count))} />
      <Figure to={list({ status: "approved" })} name={w.state.approved} n={count(approvedConversions)} d={w.dashboard.ofAll(percent(approvedConversions, total))} />
      <Figure to={list({ status: "pending" })} name={w.state.pending} n={count(byStatus["pending"] ?? 0)} d={w.dashboard.ofAll(percent(byStatus["pending"] ?? 0, total))} />
      <Figure to={list({ status: "approved" })} name={w.dashboard.revenue} n={<Money stats={stats} />} two d={w.dashboard.approvedOnly} />
      <Figure to={list({ goal_type: "registration" })} name={w.dashboard.registrations} n={count(registrations)} d={w.dashboard.ofAll(percent(registrations, total))} />
      <Figure to={list({ goal_type: "deposit" })} name={w.dashboard.deposits} n={count(deposits)} d={w.dashboard.toRegistrations(percent(deposits, registrations))} />
    </section>
  );
}

interface FigureProps {
  to: string;
  name: string;
  n: ReactNode;
  d: string;
  two?: boolean;
}
function Figure({ to, name, n, d, two = false }: FigureProps) {
  return (
    <Link href={to}>
      <span className="name">{name}</span>
      <span className={two ? "n two" : "n"}>{n}</span>
      <span className="d">{d}</span>
    </Link>
  );
}

function Money({ stats }: { stats: Stats }) {
  return inOrder(stats.approvedByCurrency ?? { USD: stats.approvedRevenue }).map(([currency, value], index) => (
    <span key={currency}>
      {index > 0 && <br />}
      {sum(value, currency)}
      <span className="cur">{currency}</span>
    </span>
  ));
}

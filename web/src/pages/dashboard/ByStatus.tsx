import { Link } from "wouter";
import { count, percent } from "../../format";
import { State } from "../../parts/State";
import { w } from "../../words/words";
import type { Stats } from "./Figures";

const width = 1000;

/** A bar for each status and goal, as long as its share of all. */
export function ByStatus({ stats }: { stats: Stats }) {
  const { total, byStatus } = stats;
  const statuses = ["approved", "pending", "rejected"];
  return (
    <section className="card">
      <header>
        <h2>{w.dashboard.byStatus}</h2>
      </header>
      <div className="in bars">
        {statuses.map((status) => {
          const n = byStatus[status] ?? 0;
          return (
            <Link key={status} href={`/conversions?${new URLSearchParams({ status })}`}>
              <State name={status} />
              <Bar part={n} whole={total} />
              <span className="num">
                {count(n)} <span className="muted">{percent(n, total)}</span>
              </span>
            </Link>
          );
        })}
      </div>
    </section>
  );
}

export function Bar({ part, whole }: { part: number; whole: number }) {
  const share = whole === 0 ? 0 : Math.max(part / whole, part > 0 ? 0.004 : 0);
  return (
    <svg className="bar-s" viewBox={`0 0 ${width} 6`} height="6" preserveAspectRatio="none" aria-hidden="true">
      <rect width={width} height="6" />
      <rect width={width * share} height="6" />
    </svg>
  );
}

import { useMemo } from "react";
import { Link } from "wouter";
import { shownDay, timeZone } from "../../format";
import { Chart } from "../../parts/Chart";
import { w } from "../../words/words";
import { byDay, dayBack, daysBetween, useReport } from "../reports/report";

const shownDays = 30;
const freshEveryMs = 60_000;

/** Registrations and first deposits of a month's days. */
export function ByDay() {
  const from = dayBack(shownDays - 1);
  const to = dayBack(0);
  const { data } = useReport({ from, to, tz: timeZone(), group: "day" }, freshEveryMs);
  const days = useMemo(() => daysBetween(from, to), [from, to]);
  const labels = useMemo(() => days.map(shownDay), [days]);
  const series = useMemo(() => {
    const rows = data?.rows ?? [];
    return [
      { name: w.dashboard.registrations, tone: 1 as const, values: byDay(rows, days, ({ registrations }) => registrations) },
      { name: w.reports.counts.ftds, tone: 2 as const, values: byDay(rows, days, ({ ftds }) => ftds) },
    ];
  }, [data, days]);
  if (!data || data.total.rows === 0) return null;
  const footer = (
    <>
      <span>{w.reports.daysOf(timeZone())}</span>
      <Link className="push" href="/reports?group=day">
        {w.reports.open}
      </Link>
    </>
  );
  return <Chart title={w.reports.perDay} labels={labels} series={series} footer={footer} />;
}

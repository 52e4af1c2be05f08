import { useMemo } from "react";
import { Link } from "wouter";
import { clock, count, shownDay, timeZone } from "../../format";
import { useAddress, type Address } from "../../frame/address";
import { PageBar } from "../../frame/Shell";
import { Chart } from "../../parts/Chart";
import { Bones, Empty, useLate } from "../../parts/Empty";
import { FilterBar, type Filter } from "../../parts/FilterBar";
import { Icon } from "../../parts/Icon";
import { TroubleNotice } from "../../parts/Notice";
import { w } from "../../words/words";
import { askedBy, byDay, comparisons, dayBack, daysBetween, groups, questionOf, useReport, type Asked, type Group, type Report } from "./report";
import { ReportTable } from "./ReportTable";

const filters = (): Filter[] => [
  { name: "status", label: w.conversions.status, choices: choices(w.state, ["pending", "approved", "rejected"]) },
  { name: "goal_type", label: w.reports.goalType, choices: choices(w.goalType, ["registration", "deposit", "other"]) },
  { name: "affiliate_id", label: w.conversions.affiliate },
  { name: "offer_id", label: w.conversions.offer },
  { name: "goal_id", label: w.conversions.goal },
  { name: "country", label: w.conversions.country },
  { name: "source", label: w.conversions.source },
  { name: "currency", label: w.conversions.currency },
  { name: "provenance", label: w.conversions.saidBy, choices: choices(w.provenance, ["reported", "admin", "form", "auto", "unknown"]) },
  { name: "from", label: w.filter.from, kind: "day" },
  { name: "to", label: w.reports.to, kind: "day" },
];
function choices<Words extends Record<string, string>>(words: Words, values: (keyof Words & string)[]) {
  return values.map((value) => ({ value, label: words[value] as string }));
}

/** Who earns what, against before. */
export default function Reports() {
  const address = useAddress();
  const asked = askedBy(address.query);
  const question = questionOf(asked);
  const report = useReport(question);
  const late = useLate(report.isPending);
  return (
    <>
      <PageBar title={w.nav.reports} sub={asked.groups.map((group) => w.reports.group[group]).join(" · ")}>
        <Periods address={address} asked={asked} />
        <a className="b" aria-label={w.reports.export} href={`/api/admin/reports?${new URLSearchParams({ ...question, format: "csv", bom: "1" })}`} download>
          <Icon name="down" />
          <span className="wide-only">{w.reports.export}</span>
        </a>
      </PageBar>
      <div className="page flush">
        <Rows address={address} asked={asked} />
        <FilterBar filters={filters()} />
        <div className="page">
          <Days asked={asked} />
          {report.error && <TroubleNotice error={report.error} again={() => void report.refetch()} />}
          {late && <Bones lines={8} />}
          {report.data && <Found report={report.data} asked={asked} address={address} stale={report.isPlaceholderData} />}
        </div>
      </div>
    </>
  );
}

function Periods({ address, asked }: { address: Address; asked: Asked }) {
  const periods = [
    { label: w.reports.days("7"), from: dayBack(6) },
    { label: w.reports.days("30"), from: dayBack(29) },
    { label: w.reports.days("90"), from: dayBack(89) },
    { label: w.reports.thisMonth, from: `${dayBack(0).slice(0, 8)}01` },
  ];
  const today = asked.to === dayBack(0);
  const first = periods.find(({ from }) => today && from === asked.from);
  return (
    <nav className="seg wide-only" aria-label={w.reports.period}>
      {periods.map((period) => (
        <Link key={period.label} href={address.link({ from: period.from, to: null })} aria-current={period === first ? "true" : undefined}>
          {period.label}
        </Link>
      ))}
    </nav>
  );
}

// Up to three groupings, each of which the others leave out, what it is compared with, and when a conversion counts.
function Rows({ address, asked }: { address: Address; asked: Asked }) {
  const places = Math.min(asked.groups.length + 1, 3);
  const set = (place: number, value: string) => {
    const next = [...asked.groups.slice(0, place), ...(value ? [value as Group] : []), ...asked.groups.slice(place + 1)];
    address.go({ group: next.join(","), sort: null });
  };
  return (
    <div className="filters report-rows">
      {Array.from({ length: places }, (_, place) => (
        <label key={place}>
          <span className="small muted">{place === 0 ? w.reports.by : w.reports.thenBy}</span>
          <select aria-label={place === 0 ? w.reports.by : w.reports.thenBy} value={asked.groups[place] ?? ""} onChange={({ target }) => set(place, target.value)}>
            {place > 0 && <option value="">{w.reports.nothing}</option>}
            {groups
              .filter((group) => group === asked.groups[place] || !asked.groups.includes(group))
              .map((group) => (
                <option key={group} value={group}>
                  {w.reports.group[group]}
                </option>
              ))}
          </select>
        </label>
      ))}
      <label>
        <span className="small muted">{w.reports.against}</span>
        <select
          aria-label={w.reports.against}
          value={asked.compare ?? ""}
          disabled={asked.changed}
          title={asked.changed ? w.reports.notCompared : undefined}
          onChange={({ target }) => address.go({ compare: target.value || null })}
        >
          <option value="">{w.reports.nothing}</option>
          {comparisons.map((name) => (
            <option key={name} value={name}>
              {w.reports.compare[name]}
            </option>
          ))}
        </select>
      </label>
      <nav className="seg" aria-label={w.reports.counting}>
        <Link href={address.link({ by: null })} aria-current={asked.changed ? undefined : "true"}>
          {w.reports.byRecorded}
        </Link>
        <Link href={address.link({ by: "changed", compare: null })} aria-current={asked.changed ? "true" : undefined}>
          {w.reports.byChanged}
        </Link>
      </nav>
    </div>
  );
}

/** Conversions and first deposits a day, of what is filtered. */
function Days({ asked }: { asked: Asked }) {
  const question = { ...questionOf({ ...asked, groups: ["day"], sort: null }), limit: "1000" };
  const { data } = useReport(question);
  const days = useMemo(() => daysBetween(asked.from, asked.to), [asked.from, asked.to]);
  const labels = useMemo(() => days.map(shownDay), [days]);
  const series = useMemo(() => {
    const rows = data?.rows ?? [];
    const now = [
      { name: w.nav.conversions, tone: 1 as const, values: byDay(rows, days, ({ conversions }) => conversions) },
      { name: w.reports.counts.ftds, tone: 2 as const, values: byDay(rows, days, ({ ftds }) => ftds) },
    ];
    if (!asked.compare) return now;
    return [...now, { name: w.reports.before, tone: "before" as const, values: byDay(rows, days, ({ before }) => before?.conversions ?? 0) }];
  }, [data, days, asked.compare]);
  if (!data || days.length < 2) return null;
  return <Chart title={w.reports.perDay} labels={labels} series={series} />;
}

function Found({ report, asked, address, stale }: { report: Report; asked: Asked; address: Address; stale: boolean }) {
  if (report.total.rows === 0) {
    return (
      <Empty icon="conv" title={w.list.nothingFits}>
        {w.reports.emptyMeans}
      </Empty>
    );
  }
  return (
    <section className="card">
      <ReportTable report={report} asked={asked} address={address} stale={stale} />
      <footer>
        <span>{asked.changed ? `${w.reports.changedMeans} ${w.reports.currencies}` : w.reports.currencies}</span>
        <span className="push">{w.reports.counted(clock(new Date(report.asOf)), count(report.tookMs), timeZone())}</span>
      </footer>
    </section>
  );
}

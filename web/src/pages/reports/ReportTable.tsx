import { Link } from "wouter";
import { count, percent, shownDay, sum } from "../../format";
import type { Address } from "../../frame/address";
import { inOrder } from "../../parts/Money";
import { w } from "../../words/words";
import { filterNames } from "../conversions/list";
import { changeOf, listBehind, type Asked, type Group, type Line, type Report, type ReportRow } from "./report";

const counts = ["conversions", "registrations", "ftds", "approved", "rejected"] as const;

/** Rows with their sums; every currency a column of its own. */
export function ReportTable({ report, asked, address, stale }: { report: Report; asked: Asked; address: Address; stale: boolean }) {
  const currencies = inOrder(Object.assign({}, report.total.before?.sums, report.total.sums)).map(([currency]) => currency);
  const caption = asked.groups.map((group) => w.reports.group[group]).join(", ");
  return (
    <div className="scroll" tabIndex={0} role="region" aria-label={caption}>
      <table className={stale ? "t stale" : "t"}>
        <caption className="sr">{caption}</caption>
        <thead>
          <tr>
            {asked.groups.map((group) => (
              <Head key={group} by={group} label={w.reports.group[group]} address={address} />
            ))}
            {counts.map((name) => (
              <Heads key={name} name={name} compared={asked.compare !== null} address={address} />
            ))}
            {currencies.map((currency) => (
              <Head key={currency} by={currency} label={currency} address={address} number />
            ))}
          </tr>
        </thead>
        <tbody>
          {report.rows.map((row) => (
            <tr key={JSON.stringify(row.keys)}>
              <Keys row={row} report={report} asked={asked} />
              <Numbers line={row} currencies={currencies} compared={asked.compare !== null} />
            </tr>
          ))}
          {report.rest.rows > 0 && (
            <tr>
              <th scope="row" colSpan={asked.groups.length}>
                {w.reports.rest(count(report.rest.rows))}
              </th>
              <Numbers line={report.rest} currencies={currencies} compared={asked.compare !== null} />
            </tr>
          )}
        </tbody>
        <tfoot>
          <tr>
            <th scope="row" colSpan={asked.groups.length}>
              {w.reports.all(count(report.total.rows))}
            </th>
            <Numbers line={report.total} currencies={currencies} compared={asked.compare !== null} />
          </tr>
        </tfoot>
      </table>
    </div>
  );
}

function Heads({ name, compared, address }: { name: (typeof counts)[number]; compared: boolean; address: Address }) {
  return (
    <>
      <Head by={name} label={w.reports.counts[name]} address={address} number />
      {name === "conversions" && compared && (
        <th scope="col" className="num">
          {w.reports.before}
        </th>
      )}
      {name === "ftds" && (
        <th scope="col" className="num">
          {w.reports.rate}
        </th>
      )}
    </>
  );
}

// Downwards first, then upwards.
function Head({ by, label, address, number = false }: { by: string; label: string; address: Address; number?: boolean }) {
  const sort = address.query.get("sort");
  const direction = sort === `-${by}` ? "descending" : sort === by ? "ascending" : undefined;
  return (
    <th scope="col" className={number ? "num" : undefined} aria-sort={direction}>
      <Link href={address.link({ sort: direction === "descending" ? by : `-${by}` })}>{label}</Link>
    </th>
  );
}

function Keys({ row, report, asked }: { row: ReportRow; report: Report; asked: Asked }) {
  const link = listBehind(row, report, asked, filterNames);
  return asked.groups.map((group, index) => {
    const text = wordOf(group, row.keys[group] ?? "");
    const key = text === "" ? <span className="muted">{w.reports.none}</span> : <bdi className={isWord(group) ? undefined : "key"} title={text}>{text}</bdi>;
    const Cell = index === 0 ? "th" : "td";
    return (
      <Cell key={group} scope={index === 0 ? "row" : undefined}>
        {index === 0 && link ? <Link href={link}>{key}</Link> : key}
      </Cell>
    );
  });
}

// What stands there is a word of ours, and no id of a caller.
const isWord = (group: Group) => group === "day" || group === "status";

function wordOf(group: Group, key: string): string {
  if (group === "day") return shownDay(key);
  if (group === "status") return w.state[key as "approved" | "pending" | "rejected"] ?? key;
  return key;
}

function Numbers({ line, currencies, compared }: { line: Line; currencies: readonly string[]; compared: boolean }) {
  return (
    <>
      {counts.map((name) => (
        <Cells key={name} name={name} line={line} compared={compared} />
      ))}
      {currencies.map((currency) => (
        <td key={currency} className="num">
          {line.sums[currency] === undefined ? <span className="muted">–</span> : sum(line.sums[currency], currency)}
        </td>
      ))}
    </>
  );
}

function Cells({ name, line, compared }: { name: (typeof counts)[number]; line: Line; compared: boolean }) {
  return (
    <>
      <td className="num">{count(line[name])}</td>
      {name === "conversions" && compared && (
        <td className="num">
          <Delta now={line.conversions} before={line.before?.conversions ?? 0} />
        </td>
      )}
      {name === "ftds" && <td className="num">{line.registrations === 0 ? <span className="muted">–</span> : percent(line.ftds, line.registrations)}</td>}
    </>
  );
}

/** By how much it is more or less than before: said by a sign, not by colour alone. */
export function Delta({ now, before }: { now: number; before: number }) {
  const change = changeOf(now, before);
  if (change === null) return <span className="c same">{now === 0 ? "–" : w.reports.fresh}</span>;
  const tone = change > 0 ? "up" : change < 0 ? "down" : "same";
  const sign = change > 0 ? "▲ " : change < 0 ? "▼ " : "";
  return (
    <span className={`c ${tone}`} title={w.reports.beforeWas(count(before))}>
      {sign}
      {percent(Math.abs(now - before), before)}
    </span>
  );
}

import { count } from "../../format";
import type { Column } from "../../parts/DataTable";
import { Id } from "../../parts/Id";
import { Money } from "../../parts/Money";
import { Bare, State } from "../../parts/State";
import { When } from "../../parts/When";
import { w } from "../../words/words";
import type { Conversion } from "./list";

type OpenLink = (row: Conversion) => string;

export function wideColumns(open: OpenLink): Column<Conversion>[] {
  return [
    { name: "recorded", head: w.conversions.recorded, place: "c1", sort: "createdAt", cell: (row) => <When at={row.createdAt} /> },
    { name: "status", head: w.conversions.status, place: "b2", sort: "status", cell: (row) => <State name={row.status} /> },
    { name: "amount", head: w.conversions.amount, number: true, place: "a2", sort: "amount", cell: (row) => <Money value={row.amount} currency={row.currency} /> },
    { name: "click", head: w.conversions.click, place: "a1", sort: "click_id", cell: (row) => <Id value={row.click_id} to={open(row)} row /> },
    { name: "goal", head: w.conversions.goal, place: "b1", sort: "goal_type", cell: (row) => <Goal row={row} /> },
    { name: "affiliate", head: w.conversions.affiliate, className: "slim", sort: "affiliate_id", cell: (row) => <Text value={row.affiliate_id} /> },
    { name: "offer", head: w.conversions.offer, className: "slim", cell: (row) => <Text value={row.offer_id} /> },
    { name: "said", head: w.conversions.saidBy, className: "soft", cell: (row) => w.provenance[row.provenance] },
    { name: "networks", head: w.conversions.networks, place: "c2", cell: (row) => <Told row={row} /> },
  ];
}

/** Beside an open panel there is room for four. */
export function narrowColumns(open: OpenLink): Column<Conversion>[] {
  const kept = ["click", "status", "amount", "recorded"];
  const wide = wideColumns(open);
  return kept.map((name) => wide.find((column) => column.name === name) as Column<Conversion>);
}

export function Goal({ row }: { row: Conversion }) {
  return (
    <>
      {w.goalType[row.goal_type]} <span className="muted">{row.goal_id}</span>
    </>
  );
}

export function Text({ value }: { value: string | undefined }) {
  if (!value) return <span className="muted">–</span>;
  return <bdi title={value}>{value}</bdi>;
}

/** How many networks have been told, or that one never will be. */
export function Told({ row }: { row: Conversion }) {
  const counted = row.deliveries.filter(({ state }) => state !== "cancelled");
  if (counted.length === 0) return <Bare tone="off" icon="ban">{w.conversions.notTold}</Bare>;
  const dead = counted.filter(({ state }) => state === "dead").length;
  if (dead > 0) return <Bare tone="bad" icon="oct">{w.conversions.dead(count(dead))}</Bare>;
  const done = counted.filter(({ state }) => state === "done").length;
  const all = done === counted.length;
  return (
    <Bare tone={all ? "good" : "wait"} icon={all ? "check" : "clock"}>
      {w.conversions.told(count(done), count(counted.length))}
    </Bare>
  );
}

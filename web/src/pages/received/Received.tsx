import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { Link } from "wouter";
import { api, take, type Schemas } from "../../api/client";
import { pageRows, useList, type Page } from "../../api/lists";
import { useNewOf } from "../../api/live";
import { inZone } from "../../days";
import { count, timeZone } from "../../format";
import { PageBar } from "../../frame/Shell";
import { useAddress, type Address } from "../../frame/address";
import { DataTable, type Column } from "../../parts/DataTable";
import { Empty } from "../../parts/Empty";
import { FilterBar, SearchField, type Filter } from "../../parts/FilterBar";
import { Id } from "../../parts/Id";
import { Icon } from "../../parts/Icon";
import { ListEnd } from "../../parts/ListEnd";
import { NewRows } from "../../parts/NewRows";
import { State } from "../../parts/State";
import { Tabs } from "../../parts/Tabs";
import { When } from "../../parts/When";
import { said } from "../../words/said";
import { w } from "../../words/words";
import { outcomeOf } from "../conversions/WhySection";
import { RequestDetail } from "./RequestDetail";

export type Request = Schemas["Received"];

const filterNames = ["click_id", "goal_id", "affiliate_id", "route", "status", "reason", "by", "address", "command", "from", "to"] as const;
const viewNames = ["verdict", "conflict", "refused"] as const;
const routes = ["postback", "goals_postback", "ftd", "private_conversions", "conversions_batch", "contact", "register", "admin_conversions", "-"];

const filters = (): Filter[] => [
  { name: "goal_id", label: w.conversions.goal },
  { name: "affiliate_id", label: w.conversions.affiliate },
  { name: "route", label: w.received.route, choices: routes.map((value) => ({ value, label: value === "-" ? w.received.noRoute : value })) },
  { name: "status", label: w.received.answer, kind: "number" },
  { name: "reason", label: w.received.why },
  { name: "by", label: w.received.by },
  { name: "address", label: w.received.address },
  { name: "command", label: w.panel.command },
  { name: "from", label: w.filter.from, kind: "day" },
  { name: "to", label: w.filter.to, kind: "day" },
];

const askedBy = (query: URLSearchParams, names: readonly string[]) => inZone(Object.fromEntries(names.flatMap((name) => (query.get(name) ? [[name, query.get(name) as string]] : []))), timeZone());

function useReceived(query: URLSearchParams) {
  const asked = askedBy(query, [...filterNames, ...viewNames]);
  return useList<Request, Page<Request>>(["received", asked], async (cursor) => {
    const params = { query: { ...asked, limit: pageRows, ...(cursor ? { cursor } : {}) } as object };
    const answer = await take(api.GET("/api/admin/received", { params }));
    return { rows: answer.data, next: answer.pagination.nextCursor, complete: answer.complete ?? true };
  });
}

const countEveryMs = 30_000;

/** What the list has by outcome, by the same filters; the views themselves are left aside. */
function useCounts(query: URLSearchParams) {
  const asked = askedBy(query, filterNames);
  return useQuery({
    queryKey: ["received", "counts", asked],
    queryFn: async () => (await take(api.GET("/api/admin/received/counts", { params: { query: asked as object } }))).data,
    refetchInterval: countEveryMs,
    placeholderData: keepPreviousData,
    retry: false,
  });
}

const idOf = (row: Request) => row.id;

export default function Received() {
  const address = useAddress();
  const list = useReceived(address.query);
  const open = address.query.get("open");
  const columns = useMemo(() => columnsOf(address), [address]);
  const fresh = useNewOf("received", list.first, () => true);
  const counts = useCounts(address.query).data;
  return (
    <>
      <PageBar title={w.nav.received} sub={w.received.sub} />
      <div className="page flush">
        <Views address={address} counts={counts} />
        <FilterBar filters={filters()} search={<SearchField name="click_id" label={w.received.search} />}>
          <NewRows n={fresh} show={list.again} />
        </FilterBar>
        {address.query.get("refused") === "true" && counts && <Reasons address={address} reasons={counts.reasons} />}
        <div className="list-box">
          <DataTable
            caption={w.received.caption}
            columns={columns}
            rows={list.rows}
            idOf={idOf}
            open={open}
            under={(row) => <RequestDetail request={row} />}
            waiting={list.waiting}
            stale={list.stale}
            atEnd={list.complete ? list.more : undefined}
          />
        </div>
        <ListEnd list={list} empty={<Nothing address={address} />} />
      </div>
    </>
  );
}

type Counts = Schemas["ReceivedCounts"]["data"];

function Views({ address, counts }: { address: Address; counts: Counts | undefined }) {
  const { query, link } = address;
  const none = { verdict: null, conflict: null, refused: null, open: null };
  const verdict = query.get("verdict");
  const conflict = query.get("conflict") === "true";
  const refused = query.get("refused") === "true";
  const atLeast = counts?.complete === false;
  const tab = (name: "recorded" | "updated" | "duplicate") => ({
    label: w.state[name],
    to: link({ ...none, verdict: name }),
    current: verdict === name,
    n: counts && (counts.verdicts[name] ?? 0),
    atLeast,
  });
  return (
    <Tabs
      pad
      label={w.received.outcome}
      tabs={[
        { label: w.list.all, to: link(none), current: !verdict && !conflict && !refused, n: counts?.total, atLeast },
        tab("recorded"),
        tab("updated"),
        tab("duplicate"),
        { label: w.received.contradicts, to: link({ ...none, conflict: "true" }), current: conflict, n: counts?.conflicts, atLeast },
        { label: w.state.refused, to: link({ ...none, refused: "true" }), current: refused, n: counts?.refused, atLeast },
      ]}
    />
  );
}

/** Why requests were refused, the most frequent first; each opens its own list. */
function Reasons({ address, reasons }: { address: Address; reasons: Counts["reasons"] }) {
  if (reasons.length === 0) return null;
  return (
    <ul className="page-note more-list small" aria-label={w.received.reasons}>
      {reasons.map(({ reason, by, count: n }) => (
        <li key={`${reason} ${by}`} className="row">
          <b className="num">{count(n)}</b>
          <Link className="cut" href={address.link({ reason, by: by || null })} title={said(reason)}>
            <bdi>{said(reason)}</bdi>
          </Link>
          <span className="muted nw">
            <bdi>{by || w.received.unknown}</bdi>
          </span>
        </li>
      ))}
    </ul>
  );
}

const conversionsOf = (click: string) => `/conversions?${new URLSearchParams({ search: click })}`;

function columnsOf({ query, link }: Address): Column<Request>[] {
  const open = query.get("open");
  return [
    {
      name: "received",
      head: w.nav.received,
      place: "c1",
      cell: (row) => {
        const isOpen = open === idOf(row);
        return (
          <Link className="row-link quiet-link" href={link({ open: isOpen ? null : idOf(row) })} replace aria-expanded={isOpen} data-key={isOpen ? "esc" : undefined}>
            <When at={row.at} />
            <span className="sr">{w.received.show}</span>
          </Link>
        );
      },
    },
    { name: "outcome", head: w.received.outcome, place: "b2", cell: (row) => <State name={row.conflict ? "conflict" : outcomeOf(row)} /> },
    { name: "answer", head: w.received.answer, number: true, place: "a2", className: "mono", cell: (row) => row.status },
    { name: "route", head: w.received.route, place: "b1", className: "mono small", cell: (row) => <bdi>{`${row.method} ${row.route === "-" ? (row.path ?? "-") : row.route}`}</bdi> },
    { name: "by", head: w.received.by, cell: (row) => <bdi title={row.by}>{row.by ?? w.received.unknown}</bdi> },
    {
      name: "click",
      head: w.conversions.click,
      place: "a1",
      cell: (row) => (row.click_id ? <Id value={row.click_id} to={conversionsOf(row.click_id)} /> : <span className="muted">{w.received.noneRead}</span>),
    },
    { name: "goal", head: w.conversions.goal, cell: (row) => <bdi>{row.goal_id ?? ""}</bdi> },
    { name: "why", head: w.received.why, place: "c2", className: "soft why-cell", cell: (row) => <Why row={row} /> },
    { name: w.received.open, head: "", className: "more", cell: (row) => <Icon name={open === idOf(row) ? "chev" : "right"} /> },
  ];
}

function Why({ row }: { row: Request }) {
  if (row.reason) {
    return (
      <bdi className="text-bad" title={said(row.reason)}>
        {said(row.reason)}
      </bdi>
    );
  }
  const differs = row.conflicts?.map(({ field, stored, given }) => w.panel.stored(field, stored ?? "…", given ?? "…")).join("; ");
  const text = differs || said(row.trace?.at(-1) ?? "");
  return <bdi title={text}>{text}</bdi>;
}

function Nothing({ address }: { address: Address }) {
  const chosen = [...filterNames, ...viewNames].filter((name) => address.query.has(name));
  if (chosen.length === 0) {
    return (
      <Empty icon="in" title={w.received.empty}>
        {w.received.emptyMeans}
      </Empty>
    );
  }
  const none = Object.fromEntries(chosen.map((name) => [name, null]));
  return (
    <Empty icon="search" title={w.list.nothingFits} todo={<Link className="b" href={address.link(none)}>{w.filter.none}</Link>} />
  );
}

import { useState } from "react";
import { Link } from "wouter";
import { api, take } from "../../api/client";
import { PageBar } from "../../frame/Shell";
import { useMay } from "../../frame/may";
import { useAddress, type Address } from "../../frame/address";
import { DataTable, type Column } from "../../parts/DataTable";
import { Empty } from "../../parts/Empty";
import { FilterBar, type Filter } from "../../parts/FilterBar";
import { Id } from "../../parts/Id";
import { Icon } from "../../parts/Icon";
import { ListEnd } from "../../parts/ListEnd";
import { State } from "../../parts/State";
import { Tabs } from "../../parts/Tabs";
import { When } from "../../parts/When";
import { said } from "../../words/said";
import { w } from "../../words/words";
import { useDelivery, type Delivery } from "./DeliveryCard";
import { JobDialog, type JobAction } from "./JobDialog";
import { Jobs } from "./Jobs";
import { filterNames, filtersOf, stateOf, states, useDeliveries, useDeliveryCounts, type DeliveryState } from "./list";
import { NetworkCards, useNetworks } from "./NetworkCards";

export default function Deliveries() {
  const address = useAddress();
  const [asking, ask] = useState<JobAction | null>(null);
  const list = useDeliveries(address.query);
  const state = stateOf(address.query);
  const networks = useNetworks();
  const chosen = address.query.get("network");
  const sends = useMay("deliveries");
  const names = networks.data?.data.map(({ name }) => name) ?? [];
  return (
    <>
      <PageBar title={w.nav.deliveries} sub={w.deliveries.sub}>
        {sends && <JobButtons ask={ask} />}
      </PageBar>
      <div className="page">
        <NetworkCards networks={networks} chosen={chosen} linkTo={(name) => address.link({ network: name === chosen ? null : name })} />
        <Jobs />
        <section className="card" aria-label={w.nav.deliveries}>
          <header>
            <StateTabs address={address} state={state} />
          </header>
          <FilterBar filters={filtersFor(names)} />
          <div className="list-box">
            <DataTable
              caption={w.deliveries.caption(w.state[state])}
              columns={columnsOf(state, sends)}
              rows={list.rows}
              idOf={(row) => row.ref}
              waiting={list.waiting}
              stale={list.stale}
              atEnd={list.complete ? list.more : undefined}
            />
          </div>
          <ListEnd list={list} empty={<Nothing address={address} state={state} />} />
        </section>
      </div>
      {asking && <JobDialog action={asking} filter={filtersOf(address.query)} networks={names} close={() => ask(null)} />}
    </>
  );
}

function JobButtons({ ask }: { ask(action: JobAction): void }) {
  return (
    <>
      <button type="button" className="b wide-only" onClick={() => ask("cancel")}>
        {w.deliveries.cancelMany}
      </button>
      <button type="button" className="b primary" onClick={() => ask("replay")}>
        <Icon name="again" />
        {w.deliveries.replayMany}
      </button>
    </>
  );
}

function StateTabs({ address, state }: { address: Address; state: DeliveryState }) {
  const counts = useDeliveryCounts(address.query).data;
  const tabs = states.map((one) => ({
    label: w.state[one],
    to: address.link({ state: one === "dead" ? null : one }),
    current: one === state,
    n: counts?.states[one],
    atLeast: counts?.atLeast.includes(one),
  }));
  return <Tabs label={w.deliveries.state} tabs={tabs} />;
}

const filtersFor = (networks: readonly string[]): Filter[] => [
  { name: "network", label: w.deliveries.network, ...(networks.length > 0 ? { choices: networks.map((value) => ({ value, label: value })) } : {}) },
  { name: "kind", label: w.deliveries.kind, choices: Object.entries(w.deliveryKind).map(([value, label]) => ({ value, label })) },
  { name: "code", label: w.deliveries.code, kind: "number" },
  { name: "goal_id", label: w.conversions.goal },
  { name: "affiliate_id", label: w.conversions.affiliate },
  { name: "click_id", label: w.conversions.click },
  { name: "host", label: w.deliveries.host },
  { name: "from", label: w.filter.from, kind: "day" },
  { name: "to", label: w.filter.to, kind: "day" },
];

const conversionOf = (row: Delivery) => `/conversions?${new URLSearchParams({ open: row.conversion_id })}`;

function columnsOf(state: DeliveryState, sends: boolean): Column<Delivery>[] {
  const again = sends && (state === "dead" || state === "cancelled");
  const when: Column<Delivery> =
    state === "waiting"
      ? { name: "next", head: w.deliveries.next, place: "c1", cell: (row) => <When at={row.next_at} /> }
      : { name: "last", head: w.deliveries.last, place: "c1", cell: (row) => <When at={row.last_at ?? row.createdAt} /> };
  return [
    when,
    { name: "state", head: w.deliveries.state, place: "b2", cell: (row) => <State name={row.state} /> },
    { name: "click", head: w.conversions.click, place: "a1", cell: (row) => <Id value={row.click_id} to={conversionOf(row)} row /> },
    { name: "network", head: w.deliveries.network, place: "b1", cell: (row) => <bdi>{row.network}</bdi> },
    { name: "kind", head: w.deliveries.kind, className: "soft", cell: (row) => w.deliveryKind[row.kind] },
    { name: "affiliate", head: w.conversions.affiliate, cell: (row) => <bdi>{row.affiliate_id || "–"}</bdi> },
    { name: "attempts", head: w.deliveries.attempts, number: true, cell: (row) => row.attempts },
    { name: "status", head: w.deliveries.code, number: true, place: "a2", className: "mono", cell: (row) => row.status || "–" },
    { name: "said", head: w.deliveries.said, place: "c2", className: "soft", cell: (row) => <Said row={row} /> },
    ...(again ? [{ name: w.deliveries.actions, head: "", className: "more", cell: (row: Delivery) => <Again row={row} /> }] : []),
  ];
}

function Said({ row }: { row: Delivery }) {
  const answer = row.response || said(row.error);
  return <bdi title={answer}>{answer || "–"}</bdi>;
}

function Again({ row }: { row: Delivery }) {
  const again = useDelivery(() => take(api.POST("/api/admin/deliveries/{id}/replay", { params: { path: { id: row.ref } } })), w.panel.resent("1"));
  return (
    <button type="button" className="b small" disabled={again.isPending} onClick={() => again.mutate()} aria-label={`${w.panel.again}: ${row.click_id}`}>
      <Icon name="again" />
      {again.error ? w.trouble.again : w.panel.again}
    </button>
  );
}

function Nothing({ address, state }: { address: Address; state: DeliveryState }) {
  const filtered = Object.keys(filtersOf(address.query)).length > 0;
  const none = Object.fromEntries(filterNames.map((name) => [name, null]));
  if (filtered) {
    return (
      <Empty icon="search" title={w.list.nothingFits} todo={<Link className="b" href={address.link(none)}>{w.filter.none}</Link>} />
    );
  }
  return (
    <Empty icon={state === "dead" ? "check" : "out"} title={w.deliveries.none[state]}>
      {w.deliveries.noneMeans[state]}
    </Empty>
  );
}

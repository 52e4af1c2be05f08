import { useState, type ReactNode } from "react";
import { useNewOf } from "../../api/live";
import { PageBar } from "../../frame/Shell";
import { useMay } from "../../frame/may";
import { useAddress, type Address } from "../../frame/address";
import { inZone } from "../../days";
import { count, timeZone } from "../../format";
import { DataTable, type Sorted } from "../../parts/DataTable";
import { Empty } from "../../parts/Empty";
import { FilterBar, SearchField, type Filter } from "../../parts/FilterBar";
import { Icon } from "../../parts/Icon";
import { ListEnd } from "../../parts/ListEnd";
import { NewRows } from "../../parts/NewRows";
import { Sums } from "../../parts/Money";
import { Tabs } from "../../parts/Tabs";
import { w } from "../../words/words";
import { Link } from "wouter";
import { AddDialog } from "./AddDialog";
import { BulkBar } from "./BulkBar";
import { BulkJobs } from "./BulkJobs";
import { narrowColumns, wideColumns } from "./columns";
import { askedBy, exportOf, filterNames, useConversions, usualSort, type ConversionPage } from "./list";
import { Panel } from "./Panel";
import { useChosen } from "./useChosen";

const filters = (): Filter[] => [
  { name: "status", label: w.conversions.status, choices: choices(w.state, ["pending", "approved", "rejected"]) },
  { name: "goal_type", label: w.reports.goalType, choices: choices(w.goalType, ["registration", "deposit", "other"]) },
  { name: "affiliate_id", label: w.conversions.affiliate },
  { name: "offer_id", label: w.conversions.offer },
  { name: "goal_id", label: w.conversions.goal },
  { name: "transaction_id", label: w.panel.transaction },
  { name: "country", label: w.conversions.country },
  { name: "source", label: w.conversions.source },
  { name: "currency", label: w.conversions.currency },
  { name: "min_amount", label: w.conversions.least, kind: "number" },
  { name: "max_amount", label: w.conversions.most, kind: "number" },
  { name: "provenance", label: w.conversions.saidBy, choices: choices(w.provenance, ["reported", "admin", "form", "auto", "unknown"]) },
  { name: "network", label: w.deliveries.network },
  { name: "delivery_state", label: w.conversions.delivery, choices: choices(w.state, ["waiting", "done", "dead", "cancelled"]) },
  { name: "is_test", label: w.conversions.test, choices: choices(w.conversions.tests, ["true", "false"]) },
  { name: "click_id", label: w.conversions.wholeClick },
  { name: "from", label: w.filter.from, kind: "day" },
  { name: "to", label: w.filter.to, kind: "day" },
  { name: "updated_from", label: w.conversions.changedFrom, kind: "day" },
  { name: "updated_to", label: w.conversions.changedTo, kind: "day" },
];
function choices<Words extends Record<string, string>>(words: Words, values: (keyof Words & string)[]) {
  return values.map((value) => ({ value, label: words[value] as string }));
}

export default function Conversions() {
  const address = useAddress();
  const { query } = address;
  const list = useConversions(query);
  const works = useMay("conversions");
  const [adding, setAdding] = useState(false);
  const open = query.get("open");
  const openLink = (row: { id: string }) => address.link({ open: row.id });
  const { sortBy, sortOrder, ...filter } = askedBy(query);
  const chosen = useChosen(JSON.stringify(filter), list.rows);
  const fresh = useNewOf("conversion", list.first, ({ rev }) => rev === 1);
  const table = (columns: "wide" | "narrow") => (
    <DataTable
      caption={w.conversions.caption}
      columns={columns === "wide" ? wideColumns(openLink) : narrowColumns(openLink)}
      rows={list.rows}
      idOf={(row) => row.id}
      sorted={sortedBy(address)}
      choosing={columns === "wide" && works ? chosen.choosing : undefined}
      open={open}
      waiting={list.waiting}
      stale={list.stale}
      atEnd={list.complete ? list.more : undefined}
    />
  );
  if (open) {
    return (
      <>
        <PageBar title={w.conversions.title} sub={list.first ? `${count(list.first.total)} ${w.conversions.count(list.first.total)}` : ""} />
        <div className="split">
          <div className="list">{table("narrow")}</div>
          <Panel id={open} rows={list.rows} total={list.first?.total} linkTo={openLink} close={address.link({ open: null })} />
        </div>
      </>
    );
  }
  return (
    <>
      <PageBar title={w.conversions.title}>
        <a className="b" aria-label={w.reports.export} href={exportOf(query)} download>
          <Icon name="down" />
          <span className="wide-only">{w.reports.export}</span>
        </a>
        {works && (
          <button type="button" className="b" aria-label={w.conversions.add} onClick={() => setAdding(true)}>
            <Icon name="plus" />
            <span className="wide-only">{w.conversions.add}</span>
          </button>
        )}
      </PageBar>
      {adding && <AddDialog close={() => setAdding(false)} />}
      <div className="page flush">
        <Views address={address} stats={list.first?.stats} />
        <FilterBar filters={filters()} search={<SearchField name="search" label={w.conversions.search} />} />
        <BulkJobs />
        {list.first && <Counts page={list.first} filtered={Object.keys(filter).length > 0} fresh={<NewRows n={fresh} show={list.again} />} />}
        <div className="list-box">{table("wide")}</div>
        <ListEnd list={list} total={list.first?.total} empty={<NothingHere address={address} />} />
        <BulkBar chosen={chosen} filter={inZone(filter, timeZone())} total={list.first?.total} exact={list.first?.complete ?? false} />
      </div>
    </>
  );
}

const asFilters = () => Object.fromEntries(filterNames.map((name) => [name, null]));

function sortedBy({ query, link }: Address): Sorted {
  const by = query.get("sortBy") ?? usualSort;
  const descending = query.get("sortOrder") !== "asc";
  return {
    by,
    descending,
    link: (name) => link({ sortBy: name === usualSort ? null : name, sortOrder: name === by && descending ? "asc" : null }),
  };
}

// A view is a list of its own: the count on its tab is of the list that it opens.
function Views({ address, stats }: { address: Address; stats: ConversionPage["stats"] | undefined }) {
  const asked = askedBy(address.query);
  delete asked["sortBy"];
  delete asked["sortOrder"];
  const names = Object.keys(asked);
  const only = names.length === 1 ? asked["status"] : undefined;
  const tab = (status: "pending" | "approved" | "rejected") => ({
    label: w.state[status],
    to: address.link({ ...asFilters(), status }),
    current: only === status,
    n: stats?.byStatus[status] ?? (stats ? 0 : undefined),
  });
  const all = { label: w.list.all, to: address.link(asFilters()), current: names.length === 0, n: stats?.total };
  return <Tabs pad label={w.list.views} tabs={[all, tab("pending"), tab("approved"), tab("rejected")]} />;
}

function Counts({ page, filtered, fresh }: { page: ConversionPage; filtered: boolean; fresh: ReactNode }) {
  const total = page.complete ? count(page.total) : w.list.atLeast(count(page.total));
  return (
    <p className="count">
      <span>
        <b>{total}</b> {w.conversions.count(page.total)}
      </span>
      {!filtered && <Sums usd={page.stats.totalAmount} byCurrency={page.stats.byCurrency} />}
      {fresh}
      <KeyHints />
    </p>
  );
}

function KeyHints() {
  const works = useMay("conversions");
  return (
    <span className="push wide-only">
      <kbd>J</kbd> <kbd>K</kbd> {w.keysHelp.move} · {works && <><kbd>X</kbd> {w.keysHelp.choose} · </>}<kbd>Enter</kbd> {w.keysHelp.open} · <kbd>?</kbd> {w.keysHelp.list}
    </span>
  );
}

function NothingHere({ address }: { address: Address }) {
  const asked = askedBy(address.query);
  const chosen = filters().filter(({ name }) => asked[name]);
  if (chosen.length === 0 && !asked["search"]) {
    return (
      <Empty icon="conv" title={w.conversions.empty} todo={<Link className="b primary" href="/first-start">{w.conversions.emptyGo}</Link>}>
        {w.conversions.emptyMeans}
      </Empty>
    );
  }
  const said = chosen.map(({ label, name, choices: known }) => `${label}: ${known?.find(({ value }) => value === asked[name])?.label ?? asked[name]}`);
  if (asked["search"]) said.unshift(`${w.conversions.click}: ${asked["search"]}…`);
  return (
    <Empty
      icon="search"
      title={w.list.nothingFits}
      todo={
        <Link className="b" href={address.link(asFilters())}>
          {w.filter.none}
        </Link>
      }
    >
      <bdi>{said.join(", ")}</bdi>
    </Empty>
  );
}

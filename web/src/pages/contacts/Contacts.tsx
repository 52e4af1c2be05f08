import { useMutation } from "@tanstack/react-query";
import { Link } from "wouter";
import { PageBar } from "../../frame/Shell";
import { useAddress, type Address } from "../../frame/address";
import { count } from "../../format";
import { DataTable, type Column, type Sorted } from "../../parts/DataTable";
import { Empty } from "../../parts/Empty";
import { FilterBar, SearchField, type Filter } from "../../parts/FilterBar";
import { Icon } from "../../parts/Icon";
import { ListEnd } from "../../parts/ListEnd";
import { Money, Sums } from "../../parts/Money";
import { TroubleNotice } from "../../parts/Notice";
import { Bare, State } from "../../parts/State";
import { Tabs } from "../../parts/Tabs";
import { When } from "../../parts/When";
import { said } from "../../words/said";
import { w } from "../../words/words";
import { ContactPanel } from "./ContactPanel";
import { exportCsv, filterNames, filtersOf, useContacts, type Contact, type ContactPage } from "./list";

type Stats = ContactPage["stats"];
const noFilter = Object.fromEntries(filterNames.map((name) => [name, null]));

export default function Contacts() {
  const address = useAddress();
  const { query } = address;
  const list = useContacts(query);
  const open = query.get("open");
  const link = (row: Contact) => address.link({ open: row.id });
  const stats = list.first?.stats;
  const table = (columns: Column<Contact>[]) => (
    <DataTable caption={w.nav.contacts} columns={columns} rows={list.rows} idOf={(row) => row.id} sorted={sortedBy(address)} open={open} waiting={list.waiting} stale={list.stale} atEnd={list.complete ? list.more : undefined} />
  );
  if (open) {
    return (
      <>
        <PageBar title={w.nav.contacts} />
        <div className="split">
          <div className="list">{table(columnsOf(link).filter(({ name }) => ["name", "company", "affiliate", "date"].includes(name)))}</div>
          <ContactPanel key={open} id={open} close={address.link({ open: null })} statuses={Object.keys(stats?.byStatus ?? {})} />
        </div>
      </>
    );
  }
  return (
    <>
      <PageBar title={w.nav.contacts}>
        <Export query={query} />
      </PageBar>
      <div className="page flush">
        <Views address={address} stats={stats} />
        <FilterBar filters={filtersFor(stats)} search={<SearchField name="search" label={w.contacts.search} />} />
        {list.first && <Counts page={list.first} />}
        <div className="list-box">{table(columnsOf(link))}</div>
        <ListEnd list={list} total={list.first?.total} empty={<Nothing address={address} />} />
      </div>
    </>
  );
}

function sortedBy({ query, link }: Address): Sorted {
  const by = query.get("sortBy") ?? "createdAt";
  const descending = query.get("sortOrder") !== "asc";
  return { by, descending, link: (name) => link({ sortBy: name === "createdAt" ? null : name, sortOrder: name === by && descending ? "asc" : null }) };
}

function Export({ query }: { query: URLSearchParams }) {
  const save = useMutation({ mutationFn: () => exportCsv(query) });
  return (
    <>
      {save.error && <TroubleNotice error={save.error} />}
      <button type="button" className="b wide-only" disabled={save.isPending} onClick={() => save.mutate()}>
        <Icon name="down" />
        {w.contacts.export}
      </button>
    </>
  );
}

function filtersFor(stats: Stats | undefined): Filter[] {
  const choices = (counts: Record<string, number> | undefined) => Object.keys(counts ?? {}).map((value) => ({ value, label: value }));
  return [
    { name: "type", label: w.contacts.type, choices: choices(stats?.byType) },
    { name: "status", label: w.contacts.status, choices: choices(stats?.byStatus) },
    { name: "affiliate_status", label: w.contacts.affiliateStatus, choices: choices(stats?.affiliateStats) },
    { name: "ftd", label: w.contacts.ftd, choices: [{ value: "true", label: w.contacts.deposited.yes }, { value: "false", label: w.contacts.deposited.no }] },
    { name: "affiliate_id", label: w.contacts.fromAffiliate },
    { name: "click_id", label: w.conversions.click },
    { name: "from", label: w.filter.from, kind: "day" },
    { name: "to", label: w.filter.to, kind: "day" },
  ];
}

// The tabs' counts are over all contacts, and so are the lists that they open.
function Views({ address, stats }: { address: Address; stats: Stats | undefined }) {
  const asked = filtersOf(address.query);
  const only = Object.keys(asked).length === 1 ? asked["affiliate_status"] : undefined;
  const tab = (status: "pending" | "approved" | "rejected") => ({
    label: w.contacts.affiliates[status],
    to: address.link({ ...noFilter, affiliate_status: status }),
    current: only === status,
    n: stats ? (stats.affiliateStats[status] ?? 0) : undefined,
  });
  const all = { label: w.list.all, to: address.link(noFilter), current: Object.keys(asked).length === 0, n: stats?.total };
  return <Tabs pad label={w.list.views} tabs={[all, tab("pending"), tab("approved"), tab("rejected")]} />;
}

function Counts({ page }: { page: ContactPage }) {
  const { filtered, stats, total } = page;
  const { sums } = filtered;
  return (
    <p className="count">
      <span>
        <b>{filtered.complete ? count(total) : w.list.atLeast(count(total))}</b> {w.contacts.count(total)}
      </span>
      {filtered.complete && total === stats.total && (
        <span>
          <b>{count(stats.ftdCount)}</b> {w.contacts.ftds}
        </span>
      )}
      {sums && Object.keys(sums).length > 0 && (
        <span>
          {w.contacts.deposits} <Sums usd={0} byCurrency={sums} />
        </span>
      )}
    </p>
  );
}

function columnsOf(link: (row: Contact) => string): Column<Contact>[] {
  return [
    { name: "name", head: w.contacts.person, place: "a1", sort: "name", cell: (row) => <Person row={row} to={link(row)} /> },
    { name: "email", head: w.signIn.email, place: "b1", sort: "email", className: "soft", cell: (row) => <bdi title={row.email}>{row.email}</bdi> },
    { name: "company", head: w.contacts.company, sort: "company", cell: (row) => <bdi title={row.company}>{row.company || "–"}</bdi> },
    { name: "type", head: w.contacts.type, sort: "type", className: "soft", cell: (row) => <bdi>{row.type}</bdi> },
    { name: "affiliate", head: w.contacts.affiliateStatus, place: "b2", sort: "affiliate_status", cell: (row) => (row.affiliate_status ? <State name={row.affiliate_status} /> : <span className="muted">–</span>) },
    { name: "status", head: w.contacts.status, sort: "status", className: "soft", cell: (row) => <bdi>{row.status}</bdi> },
    { name: "ftd", head: w.contacts.ftd, number: true, place: "a2", sort: "ftd_amount", cell: (row) => (row.ftd ? <Money value={row.ftd_amount} currency={row.ftd_currency} /> : <span className="muted">–</span>) },
    { name: "network", head: w.contacts.network, place: "c2", cell: (row) => <Registered row={row} /> },
    { name: "date", head: w.contacts.came, place: "c1", sort: "createdAt", cell: (row) => <When at={row.createdAt} /> },
  ];
}

function Person({ row, to }: { row: Contact; to: string }) {
  return (
    <Link className="row-link" href={to} title={row.name}>
      <bdi>{row.name || row.email}</bdi>
    </Link>
  );
}

export function Registered({ row }: { row: Contact }) {
  if (row.affiliateRegistered) return <Bare tone="good" icon="check">{w.contacts.registered}</Bare>;
  if (row.affiliateError) {
    return (
      <span title={said(row.affiliateError)}>
        <Bare tone="bad" icon="oct">{w.contacts.failed}</Bare>
      </span>
    );
  }
  return <Bare tone="wait" icon="clock">{w.contacts.pending}</Bare>;
}

function Nothing({ address }: { address: Address }) {
  if (Object.keys(filtersOf(address.query)).length === 0) {
    return (
      <Empty icon="people" title={w.contacts.empty}>
        {w.contacts.emptyMeans}
      </Empty>
    );
  }
  return <Empty icon="search" title={w.list.nothingFits} todo={<Link className="b" href={address.link(noFilter)}>{w.filter.none}</Link>} />;
}

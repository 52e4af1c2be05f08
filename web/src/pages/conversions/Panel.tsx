// The panel of one conversion: what it is, why, who was told, what changed, and the click's others.
import { useQuery } from "@tanstack/react-query";
import { Link } from "wouter";
import { api, take } from "../../api/client";
import { Trouble } from "../../api/trouble";
import { count } from "../../format";
import { Bones, useLate } from "../../parts/Empty";
import { Copy, Id } from "../../parts/Id";
import { Icon } from "../../parts/Icon";
import { Money } from "../../parts/Money";
import { Notice, TroubleNotice } from "../../parts/Notice";
import { State } from "../../parts/State";
import { w } from "../../words/words";
import { Actions } from "./Actions";
import { ClickSection } from "./ClickSection";
import { Facts } from "./Facts";
import { HistorySection } from "./HistorySection";
import type { Conversion, Sibling } from "./list";
import { ToldSection } from "./ToldSection";
import { WhySection } from "./WhySection";

interface PanelProps {
  id: string;
  rows: readonly Conversion[];
  total: number | undefined;
  linkTo(row: { id: string }): string;
  close: string;
}

export function Panel({ id, rows, total, linkTo, close }: PanelProps) {
  const found = useQuery({
    queryKey: ["conversions", "one", id],
    queryFn: async () => (await take(api.GET("/api/admin/conversions/{id}", { params: { path: { id } } }))).data,
  });
  const late = useLate(found.isPending);
  const conversion = found.data ?? rows.find((row) => row.id === id);
  const ofClick = conversion ? [...(found.data?.siblings ?? []), conversion] : [];
  const gone = found.error instanceof Trouble && found.error.status === 404;
  return (
    <aside className="panel" aria-label={`${w.panel.conversion} ${conversion?.click_id ?? id}`}>
      <header>
        <PanelBar id={id} rows={rows} total={total} linkTo={linkTo} close={close} />
        {conversion && <Head conversion={conversion} siblings={ofClick} />}
      </header>
      {found.error && !gone && (
        <section>
          <TroubleNotice error={found.error} again={() => void found.refetch()} />
        </section>
      )}
      {conversion && !gone ? (
        <>
          <Facts conversion={conversion} contact={found.data?.contact_id ?? null} />
          <WhySection conversion={conversion} />
          <ToldSection conversion={conversion} />
          <HistorySection conversion={conversion} />
          <ClickSection conversion={conversion} siblings={ofClick} linkTo={linkTo} />
          <Actions key={id} conversion={conversion} />
        </>
      ) : (
        <section>{gone ? <Notice tone="off" what={w.panel.gone} meaning={w.panel.goneMeans} /> : late && <Bones lines={8} />}</section>
      )}
    </aside>
  );
}

type PanelBarProps = PanelProps;

function PanelBar({ id, rows, total, linkTo, close }: PanelBarProps) {
  const here = rows.findIndex((row) => row.id === id);
  const above = rows[here - 1];
  const below = here >= 0 ? rows[here + 1] : undefined;
  return (
    <div className="row">
      <span className="small muted">
        {w.panel.conversion} <Id value={id} /> <Copy text={id} label={w.panel.copyId} />
      </span>
      <span className="push row">
        {here >= 0 && total !== undefined && <span className="small muted nw wide-only">{w.panel.place(count(here + 1), count(total))}</span>}
        <span className="group">
          <Step to={above && linkTo(above)} label={w.panel.above} icon="up" />
          <Step to={below && linkTo(below)} label={w.panel.below} icon="dn" />
        </span>
        <Copy text={location.href} label={w.panel.copyLink} />
        <Link className="b small icon quiet" href={close} aria-label={w.panel.close} data-key="esc">
          <Icon name="x" />
        </Link>
      </span>
    </div>
  );
}

function Step({ to, label, icon }: { to: string | undefined; label: string; icon: "up" | "dn" }) {
  if (!to) {
    return (
      <button type="button" className="b small icon" disabled aria-label={label}>
        <Icon name={icon} />
      </button>
    );
  }
  return (
    <Link className="b small icon" href={to} replace aria-label={label}>
      <Icon name={icon} />
    </Link>
  );
}

function Head({ conversion, siblings }: { conversion: Conversion; siblings: readonly Sibling[] }) {
  const told = conversion.deliveries.filter(({ state }) => state === "done").length;
  return (
    <>
      <div className="head">
        {conversion.amount !== undefined && (
          <span className="sum">
            <Money value={conversion.amount} currency={conversion.currency} />
          </span>
        )}
        <State name={conversion.status} />
        <span className="row mono">
          <Id value={conversion.click_id} />
          <Copy text={conversion.click_id} label={w.panel.copyClick} />
        </span>
        <span className="soft">
          {w.goalType[conversion.goal_type]} <span className="muted">{w.panel.goal(conversion.goal_id)}</span>
        </span>
      </div>
      <nav className="tabs" aria-label={w.panel.parts}>
        <Part to="facts">{w.panel.facts}</Part>
        <Part to="why">{w.panel.why}</Part>
        <Part to="told" n={w.conversions.told(count(told), count(conversion.deliveries.length))}>
          {w.panel.told}
        </Part>
        <Part to="history" n={count(conversion.history.length)}>
          {w.panel.history}
        </Part>
        <Part to="click" n={count(siblings.length)}>
          {w.panel.click}
        </Part>
      </nav>
    </>
  );
}

function Part({ to, n, children }: { to: string; n?: string; children: string }) {
  const show = () => document.getElementById(to)?.scrollIntoView({ block: "start" });
  return (
    <a
      href={`#${to}`}
      onClick={(event) => {
        event.preventDefault();
        show();
      }}
    >
      {children}
      {n && <span className="n">{n}</span>}
    </a>
  );
}

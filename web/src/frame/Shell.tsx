// Shell: navigation, page, and on a phone five tabs at the thumb.
import { useQuery } from "@tanstack/react-query";
import { Suspense, type ReactNode } from "react";
import { Link, useLocation } from "wouter";
import { api, take } from "../api/client";
import { Notice } from "../parts/Notice";
import { Fish, Icon, type IconName } from "../parts/Icon";
import { useToasts } from "../parts/toasts";
import { w } from "../words/words";
import { Find, openFind } from "./Find";
import { Keys } from "./Keys";
import { Me } from "./Me";
import { useProfile } from "./session";

interface Entry {
  to: string;
  icon: IconName;
  label: string;
  bad?: boolean | undefined;
}

const groups = (): { title: string | null; entries: Entry[] }[] => [
  { title: null, entries: [{ to: "/", icon: "dash", label: w.nav.dashboard }] },
  {
    title: w.nav.ledger,
    entries: [
      { to: "/conversions", icon: "conv", label: w.nav.conversions },
      { to: "/contacts", icon: "people", label: w.nav.contacts },
      { to: "/reports", icon: "report", label: w.nav.reports },
    ],
  },
  {
    title: w.nav.traffic,
    entries: [
      { to: "/received", icon: "in", label: w.nav.received },
      { to: "/deliveries", icon: "out", label: w.nav.deliveries },
    ],
  },
  {
    title: w.nav.setup,
    entries: [
      { to: "/networks", icon: "net", label: w.nav.networks },
      { to: "/goals", icon: "flag", label: w.nav.goals },
      { to: "/keys", icon: "key", label: w.nav.keys },
      { to: "/team", icon: "team", label: w.nav.team },
      { to: "/status", icon: "status", label: w.nav.status },
    ],
  },
];

const isCurrent = (path: string, to: string) => (to === "/" ? path === "/" : path === to || path.startsWith(`${to}/`));

export function Shell({ children }: { children: ReactNode }) {
  const [path] = useLocation();
  const dead = useDeadDeliveries();
  return (
    <>
      <a className="skip" href="#main">
        {w.nav.skip}
      </a>
      <div className="app">
        <nav className="nav" aria-label={w.nav.pages}>
          <Link className="brand" href="/">
            <Fish />
            {w.name}
          </Link>
          <button type="button" className="find" onClick={openFind}>
            <Icon name="search" />
            {w.nav.find}
            <kbd>/</kbd>
          </button>
          {groups().map(({ title, entries }) => (
            <NavGroup key={title ?? ""} title={title} entries={entries} path={path} dead={dead} />
          ))}
          <div className="nav-foot">
            <Ready />
            <Me />
          </div>
        </nav>
        <main className="main" id="main" tabIndex={-1}>
          <DemoNote />
          <Suspense fallback={null}>{children}</Suspense>
        </main>
        <TabBar path={path} dead={dead} />
      </div>
      <Toasts />
      <Keys />
      <Find />
    </>
  );
}

function NavGroup({ title, entries, path, dead }: { title: string | null; entries: Entry[]; path: string; dead: boolean }) {
  return (
    <>
      {title && <h2>{title}</h2>}
      <ul>
        {entries.map(({ to, icon, label }) => (
          <li key={to}>
            <Link href={to} aria-current={isCurrent(path, to) ? "page" : undefined}>
              <Icon name={icon} />
              {label}
              {to === "/deliveries" && dead && (
                <span className="tally bad">
                  <Icon name="oct" />
                  <span className="sr">{w.state.dead}</span>
                </span>
              )}
            </Link>
          </li>
        ))}
      </ul>
    </>
  );
}

function TabBar({ path, dead }: { path: string; dead: boolean }) {
  const tabs: Entry[] = [
    { to: "/", icon: "dash", label: w.nav.dashboard },
    { to: "/conversions", icon: "conv", label: w.nav.conversions },
    { to: "/deliveries", icon: "out", label: w.nav.deliveries, bad: dead },
    { to: "/received", icon: "in", label: w.nav.received },
    { to: "/more", icon: "menu", label: w.nav.more },
  ];
  return (
    <nav className="tabbar" aria-label={w.nav.main}>
      {tabs.map(({ to, icon, label, bad }) => (
        <Link key={to} href={to} aria-current={isCurrent(path, to) ? "page" : undefined}>
          <Icon name={icon} />
          {label}
          {bad && <span className="bad" />}
        </Link>
      ))}
    </nav>
  );
}

const lookEveryMs = 30_000;

/** Whether a delivery is dead: somebody must act. How many no route counts yet. */
function useDeadDeliveries(): boolean {
  const { data } = useQuery({
    queryKey: ["deliveries", "any dead"],
    queryFn: () => take(api.GET("/api/admin/deliveries", { params: { query: { state: "dead", limit: 1 } } })),
    refetchInterval: lookEveryMs,
  });
  return (data?.data.length ?? 0) > 0;
}

function Ready() {
  const { data, isError } = useQuery({ queryKey: ["readyz"], queryFn: () => take(api.GET("/readyz")), refetchInterval: lookEveryMs });
  const tone = isError ? "bad" : data ? "good" : "off";
  return (
    <Link className="ready" href="/status">
      <span className={`c ${tone}`}>
        <span className="dot" />
      </span>
      {isError ? w.nav.notReady : w.nav.ready}
    </Link>
  );
}

/** So that nobody takes made-up numbers for somebody's. */
function DemoNote() {
  const { data: person } = useProfile();
  if (!person?.demo) return null;
  return (
    <div className="page-note">
      <Notice tone="news" what={w.demo.what} meaning={w.demo.means} />
    </div>
  );
}

function Toasts() {
  return (
    <div className="toasts" role="status">
      {useToasts().map(({ id, text }) => (
        <span key={id} className="toast">
          {text}
        </span>
      ))}
    </div>
  );
}

/** What a phone's fifth tab opens: the pages that have none. */
export function More() {
  const rest = groups().flatMap(({ entries }) => entries).filter(({ to }) => !["/", "/conversions", "/deliveries", "/received"].includes(to));
  return (
    <>
      <PageBar title={w.nav.more} />
      <div className="page">
        <nav className="card sheet" aria-label={w.nav.more}>
          {rest.map(({ to, icon, label }) => (
            <Link key={to} href={to}>
              <Icon name={icon} />
              {label}
            </Link>
          ))}
        </nav>
        <Me />
      </div>
    </>
  );
}

export function PageBar({ title, sub, children }: { title: string; sub?: string; children?: ReactNode }) {
  return (
    <header className="top">
      <title>{`${title} · ${w.name}`}</title>
      <h1>{title}</h1>
      {sub && <span className="sub">{sub}</span>}
      <div className="tools">
        {children}
        <button type="button" className="b icon quiet narrow-only" aria-label={w.find.title} onClick={openFind}>
          <Icon name="search" />
        </button>
      </div>
    </header>
  );
}

import { QueryClientProvider } from "@tanstack/react-query";
import { Component, lazy, Suspense, type ReactNode } from "react";
import { Redirect, Route, Router, Switch, useLocation } from "wouter";
import { More, Shell } from "./frame/Shell";
import { usePreferences } from "./frame/preferences";
import { queries, useProfile } from "./frame/session";
import { useLate } from "./parts/Empty";
import { Notice, TroubleNotice } from "./parts/Notice";
import { SignIn } from "./pages/SignIn";
import { w } from "./words/words";

// Each page is a file of its own, fetched when it is first opened.
const Account = lazy(() => import("./pages/account/Account"));
const Contacts = lazy(() => import("./pages/contacts/Contacts"));
const Conversions = lazy(() => import("./pages/conversions/Conversions"));
const Dashboard = lazy(() => import("./pages/dashboard/Dashboard"));
const Deliveries = lazy(() => import("./pages/deliveries/Deliveries"));
const FirstStart = lazy(() => import("./pages/setup/FirstStart"));
const Goals = lazy(() => import("./pages/goals/Goals"));
const Join = lazy(() => import("./pages/team/Join"));
const Keys = lazy(() => import("./pages/keys/Keys"));
const Networks = lazy(() => import("./pages/networks/Networks"));
const Received = lazy(() => import("./pages/received/Received"));
const Reports = lazy(() => import("./pages/reports/Reports"));
const Setup = lazy(async () => ({ default: (await import("./pages/setup/Setup")).Setup }));
const Status = lazy(() => import("./pages/status/Status"));
const Team = lazy(() => import("./pages/team/Team"));

export function App() {
  const token = location.pathname === "/setup" ? (new URLSearchParams(location.search).get("token") ?? "") : null;
  return (
    <QueryClientProvider client={queries}>
      <Breakage>
        {token === null ? (
          <Router base="/admin">
            <Switch>
              <Route path="/join">
                <Suspense>
                  <Join />
                </Suspense>
              </Route>
              <Route>
                <Door />
              </Route>
            </Switch>
          </Router>
        ) : (
          <Suspense>
            <Setup token={token} done={() => location.replace("/admin/first-start")} />
          </Suspense>
        )}
      </Breakage>
    </QueryClientProvider>
  );
}

function Door() {
  const { data: person, error, refetch } = useProfile();
  const late = useLate(person === undefined);
  if (person === null) return <SignIn />;
  if (person) return <Pages />;
  if (error) {
    return (
      <main className="door-wait page">
        <TroubleNotice error={error} again={() => void refetch()} />
      </main>
    );
  }
  return late ? <main className="door-wait" aria-busy="true" /> : null;
}

function Pages() {
  usePreferences(); // a zone that is chosen is every page's at once
  return (
    <Shell>
      <Switch>
        <Route path="/" component={Dashboard} />
        <Route path="/contacts" component={Contacts} />
        <Route path="/conversions" component={Conversions} />
        <Route path="/reports" component={Reports} />
        <Route path="/deliveries" component={Deliveries} />
        <Route path="/received" component={Received} />
        <Route path="/networks/:name?" component={Networks} />
        <Route path="/goals" component={Goals} />
        <Route path="/keys" component={Keys} />
        <Route path="/team" component={Team} />
        <Route path="/account" component={Account} />
        <Route path="/status" component={Status} />
        <Route path="/first-start" component={FirstStart} />
        <Route path="/more" component={More} />
        <Route>
          <Elsewhere />
        </Route>
      </Switch>
    </Shell>
  );
}

// Where the old application had its pages.
const moved: Record<string, string> = { "/settings": "/status", "/statistics": "/reports", "/offers": "/goals" };

function Elsewhere() {
  const [path] = useLocation();
  const contact = /^\/contacts\/([0-9a-f]{24})$/.exec(path);
  return <Redirect to={contact ? `/contacts?open=${contact[1]}` : (moved[path] ?? "/")} replace />;
}

/** A fault of a page: said, and the rest of the desk can be reached. */
class Breakage extends Component<{ children: ReactNode }, { broken: boolean }> {
  override state = { broken: false };
  static getDerivedStateFromError() {
    return { broken: true };
  }
  override render() {
    if (!this.state.broken) return this.props.children;
    const again = (
      <button type="button" className="b small" onClick={() => location.reload()}>
        {w.trouble.reload}
      </button>
    );
    return (
      <main className="door-wait page">
        <Notice tone="bad" urgent what={w.trouble.broken} meaning={w.trouble.brokenMeans} todo={again} />
      </main>
    );
  }
}

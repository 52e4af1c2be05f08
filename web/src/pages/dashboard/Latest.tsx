import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { Link } from "wouter";
import { api, take, type Schemas } from "../../api/client";
import { useFreshBy } from "../../api/live";
import { Trouble } from "../../api/trouble";
import { Icon } from "../../parts/Icon";
import { isState, looks } from "../../parts/State";
import { When } from "../../parts/When";
import { said } from "../../words/said";
import { w } from "../../words/words";
import { cutId } from "../../format";
import { outcomeOf } from "../conversions/WhySection";

type Request = Schemas["Received"];
const rows = 8;
const lookEveryMs = 10_000; // where no event comes

/** What came in a moment ago, refused requests with their reason. */
export function Latest() {
  const [paused, pause] = useState(false);
  const { data, error } = useQuery({
    queryKey: ["received", "latest"],
    queryFn: () => take(api.GET("/api/admin/received", { params: { query: { limit: rows } } })),
    refetchInterval: paused ? false : lookEveryMs,
  });
  useFreshBy("received", ["received", "latest"], !paused);
  if (error instanceof Trouble && error.status === 404) return null; // the log is off
  return (
    <section className="card">
      <header>
        <h2>{w.dashboard.latest}</h2>
        <span className="push">
          <button type="button" className="b small quiet" aria-pressed={paused} onClick={() => pause(!paused)}>
            {paused ? w.dashboard.goOn : w.dashboard.pause}
          </button>
        </span>
      </header>
      <ol className="feed" aria-live="off">
        {data?.data.map((request, index) => <Row key={`${request.at}${request.command ?? index}`} request={request} />)}
      </ol>
      {data?.data.length === 0 && <p className="in soft small">{w.received.empty}</p>}
      <footer>
        <Link href="/received">{w.dashboard.allRequests}</Link>
      </footer>
    </section>
  );
}

function Row({ request }: { request: Request }) {
  const outcome = request.conflict ? "conflict" : outcomeOf(request);
  const look = isState(outcome) ? looks[outcome] : looks.off;
  return (
    <li>
      <When at={request.at} />
      <span className={`c ${look.tone}`}>
        <Icon name={look.icon} />
      </span>
      <span className="cut">
        <b>{isState(outcome) ? w.state[outcome] : outcome}</b>{" "}
        {request.click_id ? (
          <Link className="mono" href={`/conversions?${new URLSearchParams({ search: request.click_id })}`} title={request.click_id}>
            <bdi>{cutId(request.click_id)}</bdi>
          </Link>
        ) : (
          <bdi title={said(request.reason ?? "")}>{said(request.reason ?? "")}</bdi>
        )}
      </span>
      <span className="num small muted nw">
        <bdi>{request.by?.replace(/^key:/, "") ?? "–"}</bdi>
      </span>
    </li>
  );
}

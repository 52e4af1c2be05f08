// First start: what is done, and the first conversion, seen as it comes.
import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { Link } from "wouter";
import { api, take } from "../../api/client";
import { useFreshBy } from "../../api/live";
import { useMay } from "../../frame/may";
import { PageBar } from "../../frame/Shell";
import { useProfile } from "../../frame/session";
import { Icon } from "../../parts/Icon";
import { Notice } from "../../parts/Notice";
import { When } from "../../parts/When";
import { said } from "../../words/said";
import { w } from "../../words/words";
import { useNetworks } from "../deliveries/NetworkCards";
import { TrackerLine } from "./TrackerLine";

const lookEveryMs = 10_000; // where no event comes
const requests = 5;

export default function FirstStart() {
  const { data: person } = useProfile();
  const networks = useNetworks();
  const sets = useMay("networks");
  const conversions = useQuery({
    queryKey: ["conversions", "first"],
    queryFn: () => take(api.GET("/api/admin/conversions", { params: { query: { limit: 1 } } })),
    refetchInterval: lookEveryMs,
  });
  const received = useQuery({
    queryKey: ["received", "first"],
    queryFn: () => take(api.GET("/api/admin/received", { params: { query: { limit: requests } } })),
    refetchInterval: lookEveryMs,
    retry: false,
  });
  useFreshBy("conversion", ["conversions", "first"]);
  useFreshBy("received", ["received", "first"]);
  const first = conversions.data?.data[0];
  const refused = received.data?.data.find(({ status }) => status >= 400);
  const named = networks.data?.data.filter(({ base_url, kind }) => kind === "template" || base_url !== "") ?? [];
  return (
    <>
      <PageBar title={w.setup.firstStart}>
        <Link className="b quiet" href="/">
          {w.setup.skip}
        </Link>
      </PageBar>
      <div className="page">
        <div className="stack">
          <h2 className="h">{w.setup.steps}</h2>
          <p className="soft">{w.setup.stepsMeans}</p>
        </div>
        <ol className="checklist">
          <Step n={1} done title={w.setup.you} text={person?.email ?? ""}>
            {person && !person.totp && (
              <Link className="small" href="/account">
                {w.setup.addFactor}
              </Link>
            )}
          </Step>
          <Step n={2} done={named.length > 0} title={w.setup.network} text={named.map(({ name }) => name).join(", ") || w.setup.networkMeans}>
            {sets && (
              <Link className="small" href={named[0] ? `/networks/${encodeURIComponent(named[0].name)}` : "/networks/+new"}>
                {named.length > 0 ? w.setup.change : w.networks.add}
              </Link>
            )}
          </Step>
          <Step n={3} done={first !== undefined} current={first === undefined} title={w.setup.report} text={w.setup.reportMeans}>
            {null}
          </Step>
          {!first && (
            <li className="cur-step">
              <div className="body first-body">
                <TrackerLine />
                <div className="listen" role="status">
                  <span className="dot pulse" />
                  <div>
                    <b>{w.setup.waiting}</b>
                    <p className="soft small">{w.setup.waitingMeans}</p>
                  </div>
                </div>
                {refused && (
                  <Notice
                    tone="wait"
                    what={w.setup.refused}
                    meaning={
                      <>
                        <code>
                          {refused.method} {refused.route}
                        </code>{" "}
                        <When at={refused.at} />: <bdi>{said(refused.reason ?? "")}</bdi>
                      </>
                    }
                  />
                )}
              </div>
            </li>
          )}
          <Step n={4} done={first !== undefined} title={w.setup.see} text={w.setup.seeMeans}>
            {first && (
              <Link className="b primary" href={`/conversions?${new URLSearchParams({ open: first.id })}`}>
                {w.setup.open}
              </Link>
            )}
          </Step>
        </ol>
      </div>
    </>
  );
}

interface StepProps {
  n: number;
  done: boolean;
  current?: boolean;
  title: string;
  text: string;
  children?: ReactNode;
}
function Step({ n, done, current = false, title, text, children }: StepProps) {
  return (
    <li className={done ? "done" : current ? "cur-step" : undefined}>
      <div className="line">
        <span className="tick">{done ? <Icon name="check" /> : n}</span>
        <div>
          <h2>{title}</h2>
          <p>
            <bdi>{text}</bdi>
          </p>
        </div>
        {children ?? <span />}
      </div>
    </li>
  );
}

import { useQuery } from "@tanstack/react-query";
import { Link } from "wouter";
import { api, take } from "../../api/client";
import { count } from "../../format";
import { Icon, type IconName } from "../../parts/Icon";
import type { Tone } from "../../parts/State";
import { said } from "../../words/said";
import { w } from "../../words/words";
import { healthOf, type Network } from "../deliveries/NetworkCards";
import type { Stats } from "./Figures";

interface Item {
  to: string;
  tone: Tone;
  icon: IconName;
  title: string;
  small: string;
}

const lookEveryMs = 30_000;

/** What somebody should look at; each opens the list behind it. */
export function Todo({ networks, stats }: { networks: readonly Network[]; stats: Stats | undefined }) {
  const dead = useQuery({
    queryKey: ["deliveries", "any dead"],
    queryFn: () => take(api.GET("/api/admin/deliveries", { params: { query: { state: "dead", limit: 1 } } })),
    refetchInterval: lookEveryMs,
  });
  const conflicts = useQuery({
    queryKey: ["received", "any conflict"],
    queryFn: () => take(api.GET("/api/admin/received", { params: { query: { conflict: true, limit: 1 } } })),
    refetchInterval: lookEveryMs,
    retry: false,
  });
  const items = [...deadItem(dead.data?.data[0]), ...conflictItem(conflicts.data?.data[0]), ...pendingItem(stats), ...networks.flatMap(networkItem)];
  return (
    <section className="card">
      <header>
        <h2>{w.dashboard.todo}</h2>
      </header>
      {items.length === 0 ? (
        <p className="in soft small">{w.dashboard.nothingTodo}</p>
      ) : (
        <ul className="todo">
          {items.map(({ to, tone, icon, title, small }) => (
            <li key={to}>
              <Link href={to}>
                <span className={`c ${tone}`}>
                  <Icon name={icon} />
                </span>
                <span>
                  <b>{title}</b>
                  <small>
                    <bdi>{small}</bdi>
                  </small>
                </span>
                <span />
                <Icon name="right" />
              </Link>
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}

function deadItem(last: { network: string; response: string; error: string } | undefined): Item[] {
  if (!last) return [];
  const answer = (last.response || said(last.error)).slice(0, 80);
  return [{ to: "/deliveries", tone: "bad", icon: "oct", title: w.dashboard.dead, small: w.dashboard.deadMeans(last.network, answer) }];
}

function conflictItem(last: { click_id?: string; conflicts?: { field: string }[] } | undefined): Item[] {
  if (!last) return [];
  const fields = last.conflicts?.map(({ field }) => field).join(", ") ?? "";
  return [{ to: "/received?conflict=true", tone: "wait", icon: "split", title: w.dashboard.conflict, small: w.dashboard.conflictMeans(fields) }];
}

function pendingItem(stats: Stats | undefined): Item[] {
  const pending = stats?.byStatus["pending"] ?? 0;
  if (pending === 0) return [];
  return [{ to: "/conversions?status=pending", tone: "wait", icon: "half", title: w.dashboard.pending(count(pending)), small: w.dashboard.pendingMeans }];
}

function networkItem(network: Network): Item[] {
  const health = healthOf(network);
  if (health !== "slowed" && health !== "stopped") return [];
  const to = `/networks/${encodeURIComponent(network.name)}`;
  return [{ to, tone: "wait", icon: health === "stopped" ? "ban" : "clock", title: w.dashboard.network[health](network.name), small: network.stopped?.why ?? "" }];
}

// What happens, as it happens: one stream of server-sent events for the whole desk, open while somebody listens.
import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";

export type Topic = "conversion" | "received" | "delivery" | "network" | "job";
const topics: readonly Topic[] = ["conversion", "received", "delivery", "network", "job"];
/** null: something was left out, so that the page should look anew. */
type Hear = (data: Record<string, unknown> | null) => void;

const againMs = 10_000;
const lingerMs = 2_000; // from one page to the next the stream stays
const heard = new Map<Topic, Set<Hear>>();
let source: EventSource | null = null;
let later: ReturnType<typeof setTimeout> | undefined;

function open(): void {
  source = new EventSource("/api/admin/events");
  for (const topic of topics) source.addEventListener(topic, ({ data }) => tell(topic, JSON.parse(String(data)) as Record<string, unknown>));
  source.addEventListener("reload", () => topics.forEach((topic) => tell(topic, null)));
  source.addEventListener("error", () => {
    // A broken stream the browser opens anew by itself; one that was refused it does not.
    if (source?.readyState === EventSource.CLOSED) decide(againMs);
  });
}

// After a while: open it where somebody listens, shut it where nobody does.
function decide(ms: number): void {
  clearTimeout(later);
  later = setTimeout(() => {
    if (heard.size > 0 && source && source.readyState !== EventSource.CLOSED) return;
    source?.close();
    source = null;
    if (heard.size > 0) open();
  }, ms);
}

const tell = (topic: Topic, data: Record<string, unknown> | null) => heard.get(topic)?.forEach((hear) => hear(data));

function listen(topic: Topic, hear: Hear): () => void {
  const ears = heard.get(topic) ?? new Set();
  heard.set(topic, ears.add(hear));
  if (!source) open();
  return () => {
    ears.delete(hear);
    if (ears.size === 0) heard.delete(topic);
    if (heard.size === 0) decide(lingerMs);
  };
}

/** Calls `hear` with each event of a topic while the component is there. */
export function useLive(topic: Topic, hear: Hear): void {
  const latest = useRef(hear);
  latest.current = hear;
  useEffect(() => listen(topic, (data) => latest.current(data)), [topic]);
}

/** How many events that fit came since `since` became what it is; null: so many that nobody counted. */
export function useNewOf(topic: Topic, since: unknown, fits: (data: Record<string, unknown>) => boolean): number | null {
  const [n, set] = useState<number | null>(0);
  useEffect(() => set(0), [since]);
  useLive(topic, (data) => set((before) => (data === null || before === null ? null : before + (fits(data) ? 1 : 0))));
  return n;
}

const calmMs = 1_000;

/** Asks anew what `key` names once something of the topic happened, at most once a second. */
export function useFreshBy(topic: Topic, key: readonly unknown[], on = true): void {
  const queries = useQueryClient();
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => () => clearTimeout(timer.current), []);
  useLive(topic, () => {
    if (!on || timer.current) return;
    timer.current = setTimeout(() => {
      timer.current = undefined;
      void queries.invalidateQueries({ queryKey: key });
    }, calmMs);
  });
}

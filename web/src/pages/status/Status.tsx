import { useQuery } from "@tanstack/react-query";
import { api, take, type Schemas } from "../../api/client";
import { Trouble } from "../../api/trouble";
import { PageBar } from "../../frame/Shell";
import { bytes, count, timeZone } from "../../format";
import { Bones, useLate } from "../../parts/Empty";
import { FactList, type Fact } from "../../parts/FactList";
import { Notice, TroubleNotice } from "../../parts/Notice";
import { When } from "../../parts/When";
import { w } from "../../words/words";
import { NetworkCards, useNetworks } from "../deliveries/NetworkCards";
import { Findings } from "./Findings";
import { parseMetrics, type Metrics } from "./metrics";
import { Nodes } from "./Nodes";

const lookEveryMs = 5_000;
const examineEveryMs = 20_000; // it asks DNS for every network

type ServerStatus = Schemas["ServerStatus"];

/** Whether the server takes writes, what is amiss with it, and how its networks are. */
export default function Status() {
  const ready = useQuery({ queryKey: ["readyz"], queryFn: () => take(api.GET("/readyz")), refetchInterval: lookEveryMs, retry: false });
  const status = useQuery({
    queryKey: ["status"],
    queryFn: async () => (await take(api.GET("/api/admin/status"))).data,
    refetchInterval: examineEveryMs,
  });
  const metrics = useQuery({
    queryKey: ["metrics"],
    queryFn: async () => parseMetrics((await take(api.GET("/metrics", { parseAs: "text" }))) as string),
    refetchInterval: lookEveryMs,
    retry: false,
  });
  const networks = useNetworks();
  const late = useLate(status.isPending);
  return (
    <>
      <PageBar title={w.nav.status} sub={w.status.sub} />
      <div className="page">
        {ready.data && <Notice tone="good" what={w.status.ready} meaning={w.status.readyMeans} />}
        {ready.error && <NotReady error={ready.error} />}
        <h2 className="h">{w.status.findings}</h2>
        {late && <Bones />}
        {status.error && <TroubleNotice error={status.error} again={() => void status.refetch()} />}
        {status.data && <Findings findings={status.data.findings} />}
        {status.data && <Facts status={status.data} metrics={metrics.data} />}
        {status.data && <Nodes nodes={status.data.nodes} />}
        <h2 className="h">{w.nav.networks}</h2>
        <NetworkCards networks={networks} linkTo={(name) => `/networks/${encodeURIComponent(name)}`} />
      </div>
    </>
  );
}

function NotReady({ error }: { error: unknown }) {
  // With an address of the operators' own, readiness is told there alone.
  if (error instanceof Trouble && error.status === 404) return <Notice tone="off" what={w.status.elsewhere} />;
  return <TroubleNotice error={error} />;
}

const storeNames = { rocksdb: "RocksDB", mongodb: "MongoDB" };

function Facts({ status, metrics }: { status: ServerStatus; metrics: Metrics | undefined }) {
  const { store, free_bytes: free } = status;
  const here = status.nodes.find((node) => node.here);
  const facts: Fact[] = [
    [w.status.version, status.version],
    [w.status.store, `${storeNames[store.kind]}, ${store.writable ? w.status.writable : w.status.notWritable}`],
    [w.status.lost, store.accepted_loss > 0 && w.status.writes(store.accepted_loss, count(store.accepted_loss))],
    [w.status.free, free !== null && bytes(free)],
    [w.status.queue, w.status.of(count(status.queue), count(status.queue_max))],
    [w.status.oldest, status.oldest_due_at ? <When at={status.oldest_due_at} /> : w.status.none],
    ...status.logs.map((log): Fact => [w.status.logs[log.name], <LogFact key={log.name} log={log} />]),
    ...ofProcess(metrics),
    [w.status.started, here && <When at={here.startedAt} />],
    [w.status.zone, timeZone()],
  ];
  return (
    <section className="card">
      <header>
        <h2>{w.status.server}</h2>
      </header>
      <div className="in">
        <FactList facts={facts} two />
      </div>
    </section>
  );
}

function LogFact({ log }: { log: Schemas["LogStatus"] }) {
  if (!log.on) return w.status.logOff;
  const records = log.records ?? 0;
  return (
    <>
      {w.status.records(records, count(records), bytes(log.bytes ?? 0))}
      {log.oldest_at && (
        <>
          {" "}
          {w.status.since} <When at={log.oldest_at} />
        </>
      )}
      {Boolean(log.dropped) && <span className="muted"> {w.status.dropped(count(log.dropped ?? 0))}</span>}
    </>
  );
}

// Where /metrics is at the operators' own address alone, these two are told there.
function ofProcess(metrics: Metrics | undefined): Fact[] {
  const memory = metrics?.get("process_resident_memory_bytes");
  const [open, most] = [metrics?.get("process_open_fds"), metrics?.get("process_max_fds")];
  return [
    [w.status.memory, memory !== undefined && bytes(memory)],
    [w.status.files, open !== undefined && most !== undefined && w.conversions.told(count(open), count(most))],
  ];
}

// What is many is counted before it is begun.
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useId, useState } from "react";
import { api, take, type Schemas } from "../../api/client";
import { count, duration } from "../../format";
import { Dialog } from "../../parts/Dialog";
import { Field } from "../../parts/Field";
import { TroubleNotice } from "../../parts/Notice";
import { say } from "../../parts/toasts";
import { w } from "../../words/words";

export type JobAction = "replay" | "cancel";
type Request = Schemas["ReplayRequest"];

interface JobDialogProps {
  action: JobAction;
  filter: Record<string, string>;
  networks: readonly string[];
  close(): void;
}

const usualRate = 500;
const typingMs = 300;

export function JobDialog({ action, filter, networks, close }: JobDialogProps) {
  const [network, setNetwork] = useState(filter["network"] ?? (action === "cancel" ? (networks[0] ?? "") : ""));
  const [state, setState] = useState<"dead" | "waiting">("dead");
  const [code, setCode] = useState(filter["code"] ?? "");
  const [rate, setRate] = useState(String(usualRate));
  const queries = useQueryClient();
  const asked = requestOf({ action, filter, network, state, code });
  const settled = useSettled(JSON.stringify(asked));
  const counted = useQuery({
    queryKey: ["replays", "count", settled],
    queryFn: async () => {
      const answer = await take(api.POST("/api/admin/replays", { params: { query: { dry_run: "1" } }, body: JSON.parse(settled) as Request }));
      return (answer as Schemas["DryRun"]).data;
    },
    gcTime: 0,
  });
  const begin = useMutation({
    mutationFn: () => take(api.POST("/api/admin/replays", { body: { ...asked, rate: Number(rate) } })),
    onSuccess: () => {
      say(w.deliveries.begun);
      void queries.invalidateQueries();
      close();
    },
  });
  const fit = counted.data?.count ?? 0;
  const title = action === "replay" ? w.deliveries.replayTitle : w.deliveries.cancelTitle;
  const go = action === "replay" ? w.deliveries.replayGo(count(fit)) : w.deliveries.cancelGo(count(fit));
  const ready = fit > 0 && !counted.isFetching && !begin.isPending;
  return (
    <Dialog
      title={title}
      close={close}
      submit={() => ready && begin.mutate()}
      footer={
        <>
          <button type="button" className="b" onClick={close}>
            {w.deliveries.notNow}
          </button>
          <button className={action === "replay" ? "b primary" : "b danger fill"} disabled={!ready}>
            {go}
          </button>
        </>
      }
    >
      <Pick label={w.deliveries.network} value={network} set={setNetwork} options={networks} any={action === "replay" ? w.deliveries.everyNetwork : null} />
      {action === "cancel" && <Pick label={w.deliveries.state} value={state} set={(value) => setState(value as "dead" | "waiting")} options={["dead", "waiting"]} words={w.state} />}
      <Field label={w.deliveries.code} opt={w.deliveries.codeHint} inputMode="numeric" value={code} onChange={(event) => setCode(event.target.value)} />
      {action === "replay" && (
        <Field label={w.deliveries.aSecond} inputMode="numeric" value={rate} onChange={(event) => setRate(event.target.value)} hint={Number(rate) > 0 && fit > 0 ? w.deliveries.takes(duration(Math.ceil(fit / Number(rate)))) : undefined} />
      )}
      <dl className="facts">
        <dt>{w.deliveries.fit}</dt>
        <dd aria-live="polite">
          {counted.data ? <b>{counted.data.complete ? count(fit) : w.list.atLeast(count(fit))}</b> : "…"} {w.nav.deliveries}
        </dd>
      </dl>
      {action === "cancel" && <p className="soft">{w.deliveries.cancelMeans}</p>}
      {(counted.error ?? begin.error) && <TroubleNotice error={counted.error ?? begin.error} />}
    </Dialog>
  );
}

interface Asked {
  action: JobAction;
  filter: Record<string, string>;
  network: string;
  state: "dead" | "waiting";
  code: string;
}

/** The list's own filters, with what the dialog changed of them. */
export function requestOf({ action, filter, network, state, code }: Asked): Request {
  const { kind, goal_id, affiliate_id, click_id, from, to } = filter;
  const request: Record<string, unknown> = { action, network, kind, goal_id, affiliate_id, click_id, from, to };
  if (action === "cancel") request["state"] = state;
  if (/^\d+$/.test(code.trim())) request["code"] = Number(code);
  return Object.fromEntries(Object.entries(request).filter(([, value]) => value !== undefined && value !== "")) as Request;
}

// The last value that has stood for a moment: each pause in typing is one count.
function useSettled(value: string): string {
  const [settled, settle] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => settle(value), typingMs);
    return () => clearTimeout(timer);
  }, [value]);
  return settled;
}

interface PickProps {
  label: string;
  value: string;
  set(value: string): void;
  options: readonly string[];
  words?: Record<string, string>;
  any?: string | null;
}
export function Pick({ label, value, set, options, words = {}, any = null }: PickProps) {
  const id = useId();
  return (
    <div className="f">
      <label htmlFor={id}>{label}</label>
      <select id={id} className="in-t" value={value} onChange={(event) => set(event.target.value)}>
        {any !== null && <option value="">{any}</option>}
        {options.map((option) => (
          <option key={option} value={option}>
            {words[option] ?? option}
          </option>
        ))}
      </select>
    </div>
  );
}

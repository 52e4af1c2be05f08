import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { Link, useLocation } from "wouter";
import { api, take } from "../../api/client";
import { useMay } from "../../frame/may";
import { count } from "../../format";
import { Dialog } from "../../parts/Dialog";
import { Icon } from "../../parts/Icon";
import { Notice, TroubleNotice } from "../../parts/Notice";
import { say } from "../../parts/toasts";
import { When } from "../../parts/When";
import { said } from "../../words/said";
import { w } from "../../words/words";
import { healthOf } from "../deliveries/NetworkCards";
import type { Network } from "./draft";

const looks = { fine: "good", slowed: "wait", down: "bad", stopped: "off", off: "off" } as const;

/** How the network is, and what can be done about it. */
export function NetworkHealth({ network }: { network: Network }) {
  const health = healthOf(network) as keyof typeof looks;
  const stop = useStop(network.name, health === "stopped");
  const [asking, ask] = useState(false);
  const sets = useMay("networks");
  return (
    <>
      <Notice
        tone={looks[health]}
        what={w.networks.health[health]}
        meaning={<Meaning network={network} />}
        todo={
          sets && <>
            <button type="button" className="b small" disabled={stop.isPending} onClick={() => stop.mutate()}>
              <Icon name={health === "stopped" ? "play" : "stop"} />
              {health === "stopped" ? w.networks.resume : w.networks.stop}
            </button>
            {!network.builtIn && (
              <button type="button" className="b small danger" onClick={() => ask(true)}>
                {w.networks.remove}
              </button>
            )}
          </>
        }
      />
      {network.builtIn && sets && <Notice tone="off" icon="lock" what={w.networks.builtIn} meaning={w.networks.builtInMeans} />}
      {stop.error && <TroubleNotice error={stop.error} />}
      {asking && <Remove name={network.name} close={() => ask(false)} />}
    </>
  );
}

function Meaning({ network }: { network: Network }) {
  const { stopped, sending } = network;
  if (stopped) {
    return (
      <>
        <bdi>{said(stopped.why)}</bdi>, <When at={stopped.since} />. {w.networks.stoppedMeans}
      </>
    );
  }
  if (!sending) return w.networks.notSent;
  const waiting = <Link href={`/deliveries?${new URLSearchParams({ state: "waiting", network: network.name })}`}>{w.networks.waiting(count(sending.waiting ?? 0))}</Link>;
  return (
    <>
      {waiting}; {w.networks.sinceStart(count(sending.attempts ?? 0), count(sending.accepted ?? 0))}
    </>
  );
}

function useStop(name: string, stopped: boolean) {
  const queries = useQueryClient();
  const params = { params: { path: { id: name } } };
  return useMutation({
    mutationFn: () => take(stopped ? api.POST("/api/admin/networks/{id}/resume", params) : api.POST("/api/admin/networks/{id}/stop", params)),
    onSuccess: (answer) => {
      say(said(answer.message));
      void queries.invalidateQueries({ queryKey: ["networks"] });
    },
  });
}

function Remove({ name, close }: { name: string; close(): void }) {
  const queries = useQueryClient();
  const [, navigate] = useLocation();
  const remove = useMutation({
    mutationFn: () => take(api.DELETE("/api/admin/networks/{id}", { params: { path: { id: name } } })),
    onSuccess: async () => {
      say(w.done.deleted);
      navigate("/networks");
      await queries.invalidateQueries({ queryKey: ["networks"] });
    },
  });
  return (
    <Dialog
      title={w.networks.removeTitle(name)}
      close={close}
      submit={() => remove.mutate()}
      footer={
        <>
          <button type="button" className="b" onClick={close}>
            {w.networks.keep}
          </button>
          <button className="b danger fill" disabled={remove.isPending}>
            {w.networks.remove}
          </button>
        </>
      }
    >
      <p className="soft">{w.networks.removeMeans}</p>
      {remove.error && <TroubleNotice error={remove.error} />}
    </Dialog>
  );
}

// A delivery as a card: state, attempts, and what can be done with it.
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { api, take, type Schemas } from "../../api/client";
import { useMay } from "../../frame/may";
import { count } from "../../format";
import { Bones, useLate } from "../../parts/Empty";
import { Copy } from "../../parts/Id";
import { Icon } from "../../parts/Icon";
import { TroubleNotice } from "../../parts/Notice";
import { State } from "../../parts/State";
import { say } from "../../parts/toasts";
import { When } from "../../parts/When";
import { said } from "../../words/said";
import { w } from "../../words/words";
import { Attempts } from "./Attempts";

export type Delivery = Schemas["Delivery"];
const heldYear = "9999";

export function DeliveryCard({ delivery, open }: { delivery: Delivery; open: boolean }) {
  const [shown, setShown] = useState(open);
  return (
    <details className="card" open={shown} onToggle={(event) => setShown(event.currentTarget.open)}>
      <summary>
        <State name={delivery.state} />
        <b>
          <bdi>{delivery.network}</bdi>
        </b>
        <span className="small muted cut">
          {delivery.change === undefined ? w.deliveryKind[delivery.kind] : w.panel.update(count(delivery.change))}
          {delivery.last_at && (
            <>
              {" · "}
              <When at={delivery.last_at} />
            </>
          )}
        </span>
        <span className="push small soft nw">
          <Attempted delivery={delivery} />
        </span>
        <Icon name="chev" />
      </summary>
      {shown && <Inside delivery={delivery} />}
    </details>
  );
}

function Attempted({ delivery }: { delivery: Delivery }) {
  const { attempts, status, next_at } = delivery;
  return (
    <>
      {w.panel.attempts(attempts)}
      {status > 0 && ` · ${status}`}
      {delivery.state === "waiting" && next_at && (next_at.startsWith(heldYear) ? ` · ${w.panel.held}` : <> · {<When at={next_at} />}</>)}
    </>
  );
}

function Inside({ delivery }: { delivery: Delivery }) {
  const { data, error, isPending } = useQuery({
    queryKey: ["delivery", delivery.ref, delivery.attempts, delivery.state],
    queryFn: () => take(api.GET("/api/admin/deliveries/{id}", { params: { path: { id: delivery.ref } } })),
  });
  const late = useLate(isPending);
  const log = data?.data.log ?? [];
  const last = log[0];
  return (
    <>
      {late && <div className="in">{<Bones lines={2} />}</div>}
      {error && <div className="in">{<TroubleNotice error={error} />}</div>}
      {data && <Attempts log={log} />}
      <div className="in stack">
        {last?.url && (
          <div className="code wrap small">
            <span className="k">{last.method}</span> {last.url}
          </div>
        )}
        {delivery.error && (
          <p className="small text-bad">
            <bdi>{said(delivery.error)}</bdi>
          </p>
        )}
        <p className="small muted">
          {w.panel.sentAs}{" "}
          <span className="mono">
            Barracuda-Delivery: <bdi>{delivery.id}</bdi>
          </span>{" "}
          <Copy text={delivery.id} label={w.panel.copyId} /> {w.panel.sentAsMeans}
        </p>
      </div>
      <DeliveryActions delivery={delivery} />
    </>
  );
}

export function DeliveryActions({ delivery }: { delivery: Delivery }) {
  const sends = useMay("deliveries");
  const { state } = delivery;
  const path = { params: { path: { id: delivery.ref } } };
  const replay = useDelivery(() => take(api.POST("/api/admin/deliveries/{id}/replay", path)), w.panel.resent("1"));
  const cancel = useDelivery(() => take(api.POST("/api/admin/deliveries/{id}/cancel", path)), w.panel.cancelled);
  const known = useDelivery(() => take(api.POST("/api/admin/deliveries/{id}/done", path)), w.panel.knownSaid);
  if (state === "done" || !sends) return null;
  const error = replay.error ?? cancel.error ?? known.error;
  return (
    <footer>
      {error && <TroubleNotice error={error} />}
      <span className="push row wrap">
        {(state === "dead" || state === "cancelled") && <Act label={w.panel.again} act={replay} />}
        {(state === "dead" || state === "waiting") && <Act label={w.panel.known} act={known} />}
        {(state === "dead" || state === "waiting") && <Act label={w.panel.cancel} act={cancel} />}
      </span>
    </footer>
  );
}

type Acting = ReturnType<typeof useDelivery>;

export function useDelivery(call: () => Promise<unknown>, said: string) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: call,
    onSuccess: () => {
      say(said);
      void queries.invalidateQueries();
    },
  });
}

function Act({ label, act }: { label: string; act: Acting }) {
  return (
    <button type="button" className="b small" disabled={act.isPending} onClick={() => act.mutate()}>
      {label}
    </button>
  );
}

import { useQuery } from "@tanstack/react-query";
import { api, take, type Schemas } from "../../api/client";
import { Trouble } from "../../api/trouble";
import { Bones, useLate } from "../../parts/Empty";
import { Icon, type IconName } from "../../parts/Icon";
import { Notice, TroubleNotice } from "../../parts/Notice";
import { State } from "../../parts/State";
import { When } from "../../parts/When";
import { said } from "../../words/said";
import { w } from "../../words/words";
import type { Conversion } from "./list";

type Received = Schemas["Received"];
const requestsMax = 50;

/** Every request that named the conversion, with the steps of its decision. */
export function WhySection({ conversion }: { conversion: Conversion }) {
  const { click_id, goal_id, occurrence } = conversion;
  const { data, error, isPending, refetch } = useQuery({
    queryKey: ["received", "of", click_id, goal_id],
    queryFn: () => take(api.GET("/api/admin/received", { params: { query: { click_id, goal_id, limit: requestsMax } } })),
  });
  const requests = data?.data.filter((request) => (request.occurrence ?? "") === (occurrence ?? "")) ?? [];
  const late = useLate(isPending);
  const off = error instanceof Trouble && error.status === 404;
  return (
    <section id="why">
      <h2>
        <Icon name="help" />
        {w.panel.whyTitle}
        <small>{w.panel.whySmall}</small>
      </h2>
      <div className="stack">
        {late && <Bones />}
        {off && <Notice tone="off" what={w.panel.whyOff} />}
        {error && !off ? <TroubleNotice error={error} again={() => void refetch()} /> : null}
        {data && requests.length === 0 && <Notice tone="off" icon="clock" what={w.panel.whyNone} meaning={w.panel.whyNoneMeans} />}
        {requests.map((request, index) => (
          <Request key={`${request.at} ${request.command ?? index}`} request={request} open={index === 0} />
        ))}
      </div>
    </section>
  );
}

function Request({ request, open }: { request: Received; open: boolean }) {
  const last = request.trace?.at(-1) ?? request.reason ?? "";
  return (
    <details className="card" open={open}>
      <summary>
        <When at={request.at} />
        <State name={outcomeOf(request)} />
        {request.conflict && outcomeOf(request) !== "conflict" && <State name="conflict" />}
        <span className="soft small cut">
          <bdi>{said(last)}</bdi>
        </span>
        <span className="push small muted nw wide-only">
          {request.method} {request.route} · <bdi>{request.by ?? "–"}</bdi>
        </span>
        <Icon name="chev" />
      </summary>
      <div className="in stack">
        <Decision request={request} />
      </div>
    </details>
  );
}

export function outcomeOf(request: Received): string {
  if (request.status >= 400) return "refused";
  return request.verdict ?? "recorded";
}

/** The steps of a decision, then what differed from the ledger. */
export function Decision({ request }: { request: Received }) {
  return (
    <ol className="steps">
      {request.reason && <Step icon="ban" text={said(request.reason)} />}
      {request.trace?.map((step, index) => <Step key={index} icon={iconOf(step)} text={said(step)} />)}
      {request.conflicts?.map(({ field, stored, given }) => (
        <Step key={field} icon="split" text={w.panel.stored(field, stored ?? "…", given ?? "…")} />
      ))}
      {request.ignored && request.ignored.length > 0 && <Step icon="warn" text={`${w.received.ignored}: ${request.ignored.join(", ")}`} />}
    </ol>
  );
}

function Step({ icon, text }: { icon: IconName; text: string }) {
  return (
    <li>
      <Icon name={icon} />
      <bdi>{text}</bdi>
    </li>
  );
}

const icons: [RegExp, IconName][] = [
  [/^owes/, "out"],
  [/stored already|duplicate/, "dup"],
  [/differ|conflict/, "split"],
  [/^new|recorded/, "plus"],
  [/replace|filled|becomes|became/, "pen"],
  [/key/, "key"],
];
const iconOf = (step: string): IconName => icons.find(([pattern]) => pattern.test(step))?.[1] ?? "right";

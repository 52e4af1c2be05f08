import { useQuery } from "@tanstack/react-query";
import { useId } from "react";
import { api, take } from "../../api/client";
import { Trouble } from "../../api/trouble";
import { Field, Wrong } from "../../parts/Field";
import { Pick } from "../deliveries/JobDialog";
import { said } from "../../words/said";
import { w } from "../../words/words";
import { kinds, type Draft } from "./draft";
import { TemplateEditor } from "./TemplateEditor";

export interface PartProps {
  draft: Draft;
  change(part: Partial<Draft>): void;
  /** What the API said is wrong, by its name of the field. */
  wrong(field: string): string | undefined;
}

/** Why a save was refused, for the field that is to blame. */
export function wrongBy(error: unknown): (field: string) => string | undefined {
  if (!(error instanceof Trouble) || !error.field) return () => undefined;
  const { field, message } = error;
  return (asked) => (field === asked || field.startsWith(`${asked}[`) || field.startsWith(`${asked}.`) ? said(message) : undefined);
}

export function WhatIsSent({ draft, change, wrong, fresh }: PartProps & { fresh: boolean }) {
  const template = draft.kind === "template";
  return (
    <section className="legendary">
      <h2>{w.networks.sent}</h2>
      <div className="fields">
        {fresh && <Field label={w.networks.name} required maxLength={64} value={draft.name} wrong={wrong("name")} hint={w.networks.nameHint} onChange={(event) => change({ name: event.target.value })} />}
        {fresh && <Pick label={w.networks.kind} value={draft.kind} set={(kind) => change({ kind: kind as Draft["kind"] })} options={kinds} words={w.networks.kinds} />}
        {template ? <Template draft={draft} change={change} wrong={wrong} /> : <NativeApi draft={draft} change={change} wrong={wrong} />}
      </div>
    </section>
  );
}

function Template({ draft, change, wrong }: PartProps) {
  return (
    <>
      <Pick label={w.networks.method} value={draft.method} set={(method) => change({ method: method as Draft["method"] })} options={["GET", "POST"]} />
      <Pick label={w.networks.bodyType} value={draft.body_type} set={(body_type) => change({ body_type: body_type as Draft["body_type"] })} options={["none", "form", "json"]} words={w.networks.bodyTypes} />
      <TemplateEditor label={w.networks.address} opt={w.networks.addressHint} value={draft.url} set={(url) => change({ url })} wrong={wrong("postback.url")} />
      {draft.body_type !== "none" && <TemplateEditor label={w.networks.body} value={draft.body} set={(body) => change({ body })} wrong={wrong("postback.body")} />}
      <Lines label={w.networks.headers} opt={w.networks.headersHint} value={draft.headers} set={(headers) => change({ headers })} wrong={wrong("postback.headers")} />
      <Lines label={w.networks.secrets} opt={w.networks.secretsHint} value={draft.secrets} set={(secrets) => change({ secrets })} wrong={wrong("secrets")} />
    </>
  );
}

function NativeApi({ draft, change, wrong }: PartProps) {
  const field = (name: "base_url" | "private_api_url" | "delivery_parameter" | "private_secret") => (
    <Field key={name} mono label={w.networks.native[name]} value={draft[name]} wrong={wrong(name)} onChange={(event) => change({ [name]: event.target.value })} />
  );
  return (
    <>
      {field("base_url")}
      {field("private_api_url")}
      {field("delivery_parameter")}
      {field("private_secret")}
      <Lines label={w.networks.secrets} opt={w.networks.secretsHint} value={draft.secrets} set={(secrets) => change({ secrets })} wrong={wrong("secrets")} />
    </>
  );
}

interface LinesProps {
  label: string;
  opt: string;
  value: string;
  set(value: string): void;
  wrong: string | undefined;
}
function Lines({ label, opt, value, set, wrong }: LinesProps) {
  const id = useId();
  return (
    <div className="f">
      <label htmlFor={id}>
        {label} <span className="opt">{opt}</span>
      </label>
      <textarea id={id} className="in-t mono" rows={2} spellCheck={false} value={value} aria-invalid={wrong ? true : undefined} aria-describedby={wrong ? `${id}-wrong` : undefined} onChange={(event) => set(event.target.value)} />
      {wrong && <Wrong id={`${id}-wrong`}>{wrong}</Wrong>}
    </div>
  );
}

export function WhoIsTold({ draft, change, wrong }: PartProps) {
  const { data: goals } = useQuery({ queryKey: ["goals"], queryFn: () => take(api.GET("/api/admin/goals")) });
  const known = goals?.data.map(({ id, type }) => ({ value: String(id), label: `${id} ${w.goalType[type]}` })) ?? [];
  const strange = draft.goals.filter((id) => !known.some(({ value }) => value === id)).map((value) => ({ value, label: value }));
  return (
    <section className="legendary">
      <h2>{w.networks.told}</h2>
      <div className="fields">
        <Ticks label={w.networks.statuses} chosen={draft.statuses} set={(statuses) => change({ statuses })} wrong={wrong("statuses")} hint={w.networks.statusesHint} options={(["pending", "approved"] as const).map((value) => ({ value, label: w.state[value] }))} />
        <Ticks label={w.networks.goals} chosen={draft.goals} set={(goals) => change({ goals })} wrong={wrong("goals")} hint={w.networks.goalsHint} options={[...known, ...strange]} />
        <Switch label={w.networks.updates} opt={w.networks.updatesHint} on={draft.updates} set={(updates) => change({ updates })} />
        <Switch label={w.networks.everyOffer} opt={w.networks.everyOfferHint} on={draft.every_offer} set={(every_offer) => change({ every_offer })} />
        <Switch label={w.networks.active} opt={w.networks.activeHint} on={draft.active} set={(active) => change({ active })} />
      </div>
    </section>
  );
}

interface TicksProps {
  label: string;
  chosen: readonly string[];
  set(chosen: readonly string[]): void;
  options: readonly { value: string; label: string }[];
  hint: string;
  wrong?: string | undefined;
}
export function Ticks({ label, chosen, set, options, hint, wrong }: TicksProps) {
  const id = useId();
  const toggle = (value: string) => set(chosen.includes(value) ? chosen.filter((one) => one !== value) : [...chosen, value]);
  return (
    <div className="f" role="group" aria-labelledby={id}>
      <span className="label" id={id}>
        {label}
      </span>
      <div className="opts">
        {options.map((option) => (
          <label key={option.value}>
            <input type="checkbox" checked={chosen.includes(option.value)} onChange={() => toggle(option.value)} /> <bdi>{option.label}</bdi>
          </label>
        ))}
      </div>
      {wrong ? <Wrong id={`${id}-wrong`}>{wrong}</Wrong> : <span className="hint">{hint}</span>}
    </div>
  );
}

export function Switch({ label, opt, on, set }: { label: string; opt: string; on: boolean; set(on: boolean): void }) {
  return (
    <div className="f all">
      <label className="row">
        <input className="switch" type="checkbox" role="switch" checked={on} onChange={(event) => set(event.target.checked)} /> {label} <span className="opt">{opt}</span>
      </label>
    </div>
  );
}

export function Limits({ draft, change, wrong }: PartProps) {
  const field = (name: "rate_per_second" | "concurrency" | "attempt_timeout_ms") => (
    <Field key={name} label={w.networks.limit[name]} inputMode="numeric" pattern="[0-9]*" value={draft[name]} wrong={wrong(`limits.${name}`)} onChange={(event) => change({ [name]: event.target.value })} />
  );
  return (
    <section className="stack gap">
      <h2 className="small strong">
        {w.networks.limits} <span className="opt">{w.networks.limitsHint}</span>
      </h2>
      <div className="fields">
        {field("rate_per_second")}
        {field("concurrency")}
        {field("attempt_timeout_ms")}
      </div>
    </section>
  );
}

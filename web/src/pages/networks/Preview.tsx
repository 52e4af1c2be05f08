// What the draft would send, on each pause in typing; and once for real.
import { useMutation, useQuery } from "@tanstack/react-query";
import { useEffect, useId, useState } from "react";
import { api, take, type Schemas } from "../../api/client";
import { useMay } from "../../frame/may";
import { milliseconds, sum } from "../../format";
import { Icon } from "../../parts/Icon";
import { TroubleNotice } from "../../parts/Notice";
import { State } from "../../parts/State";
import { said } from "../../words/said";
import { w } from "../../words/words";
import type { Input } from "./draft";

interface PreviewProps {
  name: string;
  input: Input;
}

const pauseMs = 300;
const newName = "new";

export function Preview({ name, input }: PreviewProps) {
  const [picked, pick] = useState("");
  const sets = useMay("networks");
  const called = name || input.name || newName;
  const text = useSettled(JSON.stringify({ network: { ...input, name: called }, ...sampleOf(picked) }));
  const path = { path: { id: called } };
  const preview = useQuery({
    queryKey: ["preview", called, text],
    enabled: /^https?:\/\/[^/]/.test(input.postback?.url ?? ""),
    queryFn: () => take(api.POST("/api/admin/networks/{id}/preview", { params: path, body: JSON.parse(text) as Schemas["Trial"] })),
    placeholderData: (before) => before,
    retry: false,
    gcTime: 0,
  });
  const test = useMutation({ mutationFn: () => take(api.POST("/api/admin/networks/{id}/test", { params: path, body: sampleOf(picked) })) });
  return (
    <>
      <div className="row">
        <h2 className="h">{w.networks.preview}</h2>
      </div>
      <SamplePicker picked={picked} pick={pick} />
      <div aria-live="polite" className={preview.isFetching ? "stack stale" : "stack"}>
        {preview.error ? <TroubleNotice error={preview.error} /> : preview.data && <Call call={preview.data.data} />}
        {preview.data?.sampleSecret && !preview.error && <p className="small muted">{w.networks.sampleSecret}</p>}
      </div>
      {sets && (name === "" ? (
        <p className="small soft">{w.networks.sendOnceLater}</p>
      ) : (
        <div className="row wrap">
          <button className="b" type="button" disabled={test.isPending} onClick={() => test.mutate()}>
            <Icon name="send" />
            {w.networks.sendOnce}
          </button>
          <span className="small soft">{w.networks.sendOnceMeans}</span>
        </div>
      ))}
      {test.error && <TroubleNotice error={test.error} />}
      {test.data && <Result tested={test.data.data} />}
    </>
  );
}

function useSettled(text: string): string {
  const [settled, settle] = useState(text);
  useEffect(() => {
    const timer = setTimeout(() => settle(text), pauseMs);
    return () => clearTimeout(timer);
  }, [text]);
  return settled;
}

// "click goal transaction" as JSON, of the option that was picked; empty: sample values.
function sampleOf(picked: string): Pick<Schemas["Trial"], "conversion"> {
  return picked === "" ? {} : { conversion: JSON.parse(picked) as NonNullable<Schemas["Trial"]["conversion"]> };
}

const recentRows = 10;

function SamplePicker({ picked, pick }: { picked: string; pick(value: string): void }) {
  const id = useId();
  const { data } = useQuery({
    queryKey: ["conversions", "recent"],
    queryFn: () => take(api.GET("/api/admin/conversions", { params: { query: { limit: recentRows } } })),
  });
  return (
    <div className="f">
      <label htmlFor={id}>{w.networks.valuesOf}</label>
      <select id={id} className="in-t" value={picked} onChange={(event) => pick(event.target.value)}>
        <option value="">{w.networks.sample}</option>
        {data?.data.map((row) => {
          const { click_id, goal_id, occurrence } = row;
          const value = JSON.stringify({ click_id, goal_id, ...(occurrence ? { transaction_id: occurrence } : {}) });
          const money = row.amount === undefined ? "" : ` · ${sum(row.amount, row.currency ?? "USD")} ${row.currency ?? "USD"}`;
          return (
            <option key={row.id} value={value}>
              {`${click_id.slice(0, 24)} · ${w.goalType[row.goal_type]}${money}`}
            </option>
          );
        })}
      </select>
    </div>
  );
}

/** A call as it would go over the wire, a parameter a line. */
function Call({ call }: { call: Schemas["Preview"]["data"] }) {
  const [address = "", query] = call.url.split(/\?(.*)/s);
  const parameters = query === undefined ? [] : query.split("&");
  return (
    <div className="code wrap" tabIndex={0} role="region" aria-label={w.networks.preview}>
      <span className="k">{call.method}</span> {address}
      {parameters.map((parameter, index) => {
        const [name, value] = parameter.split(/=(.*)/s);
        return (
          <span key={index}>
            {"\n    "}
            {index === 0 ? "?" : "&"}
            {name}
            {value !== undefined && "="}
            <span className="v">{value}</span>
          </span>
        );
      })}
      {call.headers.map((header) => {
        const [name, value] = header.split(/: ?(.*)/s);
        return (
          <span key={header}>
            {"\n"}
            <span className="k">{name}:</span> {value}
          </span>
        );
      })}
      {call.body && `\n\n${call.body}`}
    </div>
  );
}

function Result({ tested }: { tested: Schemas["Tested"]["data"] }) {
  const { dns_us = 0, connect_us = 0, tls_us = 0, first_byte_us = 0, total_us = 0 } = tested.timings;
  return (
    <div className="card" role="status">
      <header>
        <State name={tested.accepted ? "done" : "dead"}>{tested.accepted ? w.networks.accepted : w.networks.notAccepted}</State>
        <b className="small">{tested.status || ""}</b>
        <span className="push small muted">{milliseconds(total_us)}</span>
      </header>
      <div className="in stack">
        {tested.error && (
          <p className="small text-bad">
            <bdi>{said(tested.error)}</bdi>
          </p>
        )}
        {tested.response && (
          <div className="code wrap">
            <bdi>{tested.response}</bdi>
          </div>
        )}
        <dl className="facts small">
          <dt>{w.networks.reached}</dt>
          <dd className="mono">{tested.address || "–"}</dd>
          <dt>{w.networks.connection}</dt>
          <dd>{[dns_us, connect_us, tls_us].map((us) => milliseconds(us)).join(" + ")}</dd>
          <dt>{w.networks.firstByte}</dt>
          <dd>{milliseconds(first_byte_us)}</dd>
        </dl>
      </div>
    </div>
  );
}

// A draft of a network: what the form holds, and what of it is sent.
import type { Schemas } from "../../api/client";

export type Network = Schemas["Network"];
export type Input = Schemas["NetworkInput"];
export type Kind = Input["kind"];
export const kinds: readonly Kind[] = ["template", "irev_v3", "irev_private"];

/** Lists are lines of text, and numbers are text, as long as somebody types them. */
export interface Draft {
  name: string;
  kind: Kind;
  active: boolean;
  every_offer: boolean;
  updates: boolean;
  method: "GET" | "POST";
  url: string;
  headers: string;
  body_type: "none" | "form" | "json";
  body: string;
  secrets: string;
  base_url: string;
  private_api_url: string;
  private_secret: string;
  delivery_parameter: string;
  statuses: readonly string[];
  goals: readonly string[];
  rate_per_second: string;
  concurrency: string;
  attempt_timeout_ms: string;
}

export const limitNames = ["rate_per_second", "concurrency", "attempt_timeout_ms"] as const;

export const newDraft: Draft = {
  name: "",
  kind: "template",
  active: true,
  every_offer: true,
  updates: false,
  method: "GET",
  url: "https://",
  headers: "",
  body_type: "none",
  body: "",
  secrets: "",
  base_url: "",
  private_api_url: "",
  private_secret: "",
  delivery_parameter: "",
  statuses: ["approved"],
  goals: [],
  rate_per_second: "",
  concurrency: "",
  attempt_timeout_ms: "",
};

const lines = (text: string): string[] => text.split("\n").map((line) => line.trim()).filter(Boolean);
const shown = (value: number | undefined): string => (value ? String(value) : "");

export function draftOf(network: Network): Draft {
  const { postback = {}, limits } = network;
  return {
    name: network.name,
    kind: network.kind,
    active: network.active,
    every_offer: network.every_offer,
    updates: network.updates,
    method: postback.method ?? "GET",
    url: postback.url ?? "",
    headers: (postback.headers ?? []).join("\n"),
    body_type: postback.body_type ?? "none",
    body: postback.body ?? "",
    secrets: network.secrets.join("\n"),
    base_url: network.base_url,
    private_api_url: network.private_api_url,
    private_secret: network.private_secret,
    delivery_parameter: network.delivery_parameter,
    statuses: network.statuses,
    goals: network.goals,
    rate_per_second: shown(limits.rate_per_second),
    concurrency: shown(limits.concurrency),
    attempt_timeout_ms: shown(limits.attempt_timeout_ms),
  };
}

/** The draft as the API takes it; `from` has what the form does not show, and its revision. */
export function inputOf(draft: Draft, from: Network | null): Input {
  const template = draft.kind === "template";
  const limits = Object.fromEntries(limitNames.map((name) => [name, draft[name].trim() === "" ? 0 : Number(draft[name])]));
  const input: Input = {
    kind: draft.kind,
    active: draft.active,
    every_offer: draft.every_offer,
    updates: draft.updates,
    secrets: lines(draft.secrets),
    statuses: [...draft.statuses] as NonNullable<Input["statuses"]>,
    goals: [...draft.goals],
    limits: { ...from?.limits, ...limits },
  };
  if (from) input.rev = from.rev;
  else input.name = draft.name.trim();
  if (template) {
    const { method, url, body_type, body } = draft;
    return { ...input, postback: { method, url: url.trim(), headers: lines(draft.headers), body_type, body: body_type === "none" ? "" : body } };
  }
  const { base_url, private_api_url, private_secret, delivery_parameter } = draft;
  return { ...input, base_url, private_api_url, private_secret, delivery_parameter };
}

/** How many fields differ from what is stored. */
export function changesOf(draft: Draft, before: Draft): number {
  const names = Object.keys(draft) as (keyof Draft)[];
  return names.filter((name) => JSON.stringify(draft[name]) !== JSON.stringify(before[name])).length;
}

export const macros = [
  "click_id", "goal_id", "goal_type", "transaction_id", "affiliate_id", "offer_id", "amount", "sale_amount", "currency", "status", "sub1", "sub2", "sub3", "sub4",
  "sub5", "event", "change", "delivery_id", "timestamp", "secret", "sig",
] as const;

/** The text in pieces: every other one is a macro with its braces. */
export function pieces(text: string): string[] {
  return text.split(/(\{[^{}\s]*\})/);
}

/** Whether there is such a macro; "_sub1" is raw, "status:…" a map. */
export function isMacro(piece: string): boolean {
  const name = piece.slice(1, -1).replace(/^_/, "").replace(/:.*$/, "");
  return (macros as readonly string[]).includes(name);
}

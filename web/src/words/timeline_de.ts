// What an item of a contact's timeline says, in German, of its facts (openapi.yaml, ContactTimeline). English is the API's own text.
import type { Said } from "./words";

type Facts = Record<string, string>;
type Names = { state: Record<string, string>; goalType: Record<string, string>; provenance: Record<string, string>; deliveryKind: Record<string, string>; steps: Record<string, string> };

const attempts = (n: string) => `${n} ${n === "1" ? "Versuch" : "Versuche"}`;
const joined = (parts: (string | false | undefined)[], between = ", ") => parts.filter(Boolean).join(between);
const with_ = (before: string, value: string | undefined) => (value ? `${before}${value}` : undefined);

export function tellsInGerman(names: Names, said: (english: string) => string) {
  const state = (name = "") => (names.state[name] ?? name).toLowerCase();
  const tells: Record<string, (f: Facts) => string> = {
    contact: (f) => joined([`das Formular wurde ausgefüllt${f["route"] ? `: ${f["route"]}` : ""}`, with_("als ", f["type"]), with_("von Affiliate ", f["affiliate_id"])]),
    flow: (f) => joined([joined([`nächster Schritt: ${names.steps[f["step"] ?? ""] ?? f["step"] ?? ""}`, f["attempts"] && `${attempts(f["attempts"])} ohne Erfolg`]), f["error"] && said(f["error"])], ": "),
    edit: (f) =>
      joined([
        `zuletzt geändert: Status ${f["status"] ?? "keiner"}`,
        f["affiliate_status"] && `Affiliate ${state(f["affiliate_status"])}${f["affiliate_reason"] ? ` (${f["affiliate_reason"]})` : ""}`,
        f["ftd"] && "erste Einzahlung gemacht",
        f["affiliate_error"] && `das Netzwerk: ${said(f["affiliate_error"])}`,
      ]),
    conversion: (f) =>
      `${joined([names.goalType[f["goal_type"] ?? ""], with_("Ziel ", f["goal_id"]), f["amount"] && joined([f["amount"], f["currency"]], " "), state(f["status"])])} (${names.provenance[f["provenance"] ?? ""] ?? ""})`,
    change: (f) => joined([`${f["field"] ?? ""}: ${f["from"] ?? "nichts"} zu ${f["to"] ?? "nichts"}, von ${f["by"] ?? "niemand Genanntem"}`, f["reason"]], ": "),
    delivery: (f) => {
      const sent = joined([`${names.deliveryKind[f["kind"] ?? ""] ?? f["kind"] ?? ""} an ${f["network"] ?? "?"}: ${state(f["state"])}`, f["attempts"] && attempts(f["attempts"]), with_("HTTP ", f["code"])]);
      return `${joined([sent, f["error"] && said(f["error"])], ": ")}${f["erased"] ? " (die Person, von der sie sprach, wurde seitdem gelöscht)" : ""}`;
    },
    erasure: () => "die Person wurde gelöscht",
  };
  // An older node beside this one tells no facts yet.
  return ({ kind, facts, text }: Said): string => (facts && tells[kind]?.(facts)) ?? text;
}

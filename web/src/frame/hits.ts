// What was found, as the find box shows it: by kind, and where each hit opens.
import type { Schemas } from "../api/client";

export type Hit = Schemas["Hits"]["data"][number];
export type Kind = Hit["kind"];

/** In the order shown: a click is what people paste most. */
export const kinds: readonly Kind[] = ["click", "conversion", "delivery", "contact"];

export interface Group {
  kind: Kind;
  hits: readonly Hit[];
}

/** The hits of each kind, kinds without any left out. */
export function byKind(hits: readonly Hit[]): Group[] {
  return kinds.map((kind) => ({ kind, hits: hits.filter((hit) => hit.kind === kind) })).filter((group) => group.hits.length > 0);
}

/** The row after `at`, or before it, round the ends; -1: none is marked yet. */
export function step(at: number, by: 1 | -1, rows: number): number {
  if (rows === 0) return -1;
  if (at < 0) return by > 0 ? 0 : rows - 1;
  return (at + by + rows) % rows;
}

export const conversions = (query: Record<string, string>) => `/conversions?${new URLSearchParams(query)}`;

/** The list of all clicks that begin so. */
export const listOf = (text: string): string => conversions({ search: text });

/** Where a hit opens. A delivery opens with its conversion, which only the delivery knows: null until it was asked. */
export function addressOf({ kind, id }: Hit): string | null {
  if (kind === "click") return listOf(id);
  if (kind === "conversion") return conversions({ open: id });
  if (kind === "contact") return `/contacts?${new URLSearchParams({ open: id })}`;
  return null;
}

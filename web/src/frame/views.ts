// Saved views: a page and its filters under a name, kept with the account.
import type { Schemas } from "../api/client";

export type View = Schemas["View"];

// As the API has it, in bytes.
export const viewsMax = 32;
export const nameMax = 64;
export const queryMax = 1024;

const bytesOf = (text: string): number => new TextEncoder().encode(text).length;
// What is open on a page is no part of its view.
const passing = ["open", "cursor"];

/** The part of an address that a view keeps, in one order, so that equal views are equal texts. */
export function queryOf(query: URLSearchParams): string {
  const kept = new URLSearchParams(query);
  passing.forEach((name) => kept.delete(name));
  kept.sort();
  return kept.toString();
}

export const addressOf = ({ page, query }: View): string => (query === "" ? page : `${page}?${query}`);

export type Fault = "name" | "long" | "query" | "many";

/** Why a view cannot be kept; null: it can. */
export function faultOf(view: View, kept: readonly View[]): Fault | null {
  if (view.name === "") return "name";
  if (bytesOf(view.name) > nameMax) return "long";
  if (bytesOf(view.query) > queryMax) return "query";
  return kept.length >= viewsMax && !kept.some((other) => isSame(other, view)) ? "many" : null;
}

const isSame = (a: View, b: View): boolean => a.page === b.page && a.name === b.name;

/** With the view; one of its page and name is replaced where it stands. */
export function withView(kept: readonly View[], view: View): View[] {
  return kept.some((other) => isSame(other, view)) ? kept.map((other) => (isSame(other, view) ? view : other)) : [...kept, view];
}

export const withoutView = (kept: readonly View[], view: View): View[] => kept.filter((other) => !isSame(other, view));

// The address holds everything: filters, sort, period, the open row.
import { useMemo } from "react";
import { useLocation, useSearch } from "wouter";

export type Change = Record<string, string | null>;

/** `query` with every change: null and "" take the name away. */
export function changed(query: URLSearchParams, change: Change): string {
  const next = new URLSearchParams(query);
  for (const [name, value] of Object.entries(change)) {
    if (value) next.set(name, value);
    else next.delete(name);
  }
  const text = next.toString();
  return text === "" ? "" : `?${text}`;
}

export interface Address {
  path: string; // below /admin
  query: URLSearchParams;
  /** This page with a change, to link to. */
  link(change: Change): string;
  /** Goes there: a new entry of the history, so that Back undoes it. */
  go(change: Change): void;
  /** The same in place of this entry: while somebody types. */
  replace(change: Change): void;
}

export function useAddress(): Address {
  const [path, navigate] = useLocation();
  const search = useSearch();
  return useMemo(() => {
    const query = new URLSearchParams(search);
    const link = (change: Change) => `${path}${changed(query, change)}`;
    return {
      path,
      query,
      link,
      go: (change) => navigate(link(change)),
      replace: (change) => navigate(link(change), { replace: true }),
    };
  }, [path, search, navigate]);
}

// What a report asks for, and what of its answer the pages need.
import { useQuery, keepPreviousData } from "@tanstack/react-query";
import { api, take, type Schemas } from "../../api/client";
import { dayAfter, dayOf, isDay, startOf } from "../../days";
import { timeZone } from "../../format";

export type Report = Schemas["GroupedReport"];
export type ReportRow = Schemas["GroupedRow"];
export type Line = Schemas["GroupedLine"];

export const groups = ["affiliate_id", "offer_id", "goal", "country", "source", "status", "day"] as const;
export type Group = (typeof groups)[number];
export const filterNames = ["status", "goal_type", "goal_id", "affiliate_id", "offer_id", "country", "source", "currency", "provenance"] as const;
export const comparisons = ["previous", "year"] as const;

const usualDays = 30;

/** The day of the zone `back` days before today: 2026-11-28. */
export const dayBack = (back: number, today = new Date()): string => dayAfter(dayOf(today, timeZone()), -back);

/** Every day from the first to the last, both within. */
export function daysBetween(from: string, to: string): string[] {
  const days: string[] = [];
  for (let day = from; day <= to; day = dayAfter(day, 1)) days.push(day);
  return days;
}


export interface Asked {
  from: string;
  to: string;
  groups: Group[];
  compare: string | null;
  sort: string | null;
  /** When a conversion counts: when it was last changed, not when it was recorded. Nothing is compared then: what was changed again has left the earlier period. */
  changed: boolean;
  filters: Record<string, string>;
}

export function askedBy(query: URLSearchParams): Asked {
  const from = query.get("from");
  const to = query.get("to");
  const named = (query.get("group") ?? "").split(",").filter((name): name is Group => (groups as readonly string[]).includes(name));
  const filters: Record<string, string> = {};
  for (const name of filterNames) {
    const value = query.get(name);
    if (value) filters[name] = value;
  }
  const changed = query.get("by") === "changed";
  return {
    from: isDay(from) ? from : dayBack(usualDays - 1),
    to: isDay(to) ? to : dayBack(0),
    groups: named.length > 0 ? [...new Set(named)].slice(0, 3) : ["affiliate_id"],
    compare: changed ? null : query.get("compare"),
    sort: query.get("sort"),
    changed,
    filters,
  };
}

/** As the API names it. */
export function questionOf({ from, to, groups: rows, compare, sort, changed, filters }: Asked): Record<string, string> {
  const more = { ...(compare ? { compare } : {}), ...(sort ? { sort } : {}), ...(changed ? { by: "changed" } : {}) };
  return { from, to, tz: timeZone(), group: rows.join(","), ...more, ...filters };
}

export function useReport(question: Record<string, string>, refetchInterval: number | false = false) {
  return useQuery({
    queryKey: ["report", question],
    // What the address says is text; the API refuses what it does not take, and the page shows that.
    queryFn: async () => (await take(api.GET("/api/admin/reports", { params: { query: question as { group: string } } }))) as Report,
    placeholderData: keepPreviousData,
    refetchInterval,
  });
}

/** Of each day a number, 0 where there is no row of it. */
export function byDay(rows: readonly ReportRow[], days: readonly string[], value: (row: ReportRow) => number): number[] {
  const found = new Map<string, number>();
  for (const row of rows) found.set(row.keys["day"] ?? "", (found.get(row.keys["day"] ?? "") ?? 0) + value(row));
  return days.map((day) => found.get(day) ?? 0);
}

/** By how much of it a number has changed; null: there was none before. */
export function changeOf(now: number, before: number): number | null {
  return before === 0 ? null : (now - before) / before;
}

// A group's name in the list of conversions.
const listNames: Partial<Record<Group, string>> = { goal: "goal_id", affiliate_id: "affiliate_id", offer_id: "offer_id", country: "country", source: "source", status: "status" };

/** The list behind a row, where the list has all its filters; null: it has not. */
export function listBehind(row: ReportRow, report: Report, { filters, changed }: Pick<Asked, "filters" | "changed">, known: readonly string[]): string | null {
  const [from, to] = changed ? ["updated_from", "updated_to"] : ["from", "to"];
  const query = new URLSearchParams({ ...filters, [from]: report.period.from, [to]: report.period.to, is_test: "false" });
  for (const [group, key] of Object.entries(row.keys)) {
    if (group === "day") {
      query.set(from, startOf(key, timeZone()).toISOString());
      query.set(to, startOf(dayAfter(key, 1), timeZone()).toISOString());
      continue;
    }
    const name = listNames[group as Group];
    // Nothing there, or cut: no filter says that.
    if (!name || key === "" || key.includes("…")) return null;
    query.set(name, key.replaceAll(",", "\\,"));
  }
  return [...query.keys()].every((name) => known.includes(name)) ? `/conversions?${query}` : null;
}

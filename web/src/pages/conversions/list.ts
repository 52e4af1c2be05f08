// Which conversions an address asks for.
import { api, take, type Schemas } from "../../api/client";
import { pageRows, useList, type Page } from "../../api/lists";
import { inZone } from "../../days";
import { timeZone } from "../../format";

export type Conversion = Schemas["Conversion"];
/** One of the click's conversions, as far as the way of a click shows it. */
export type Sibling = Omit<Schemas["ConversionDetail"]["siblings"][number], "occurrence">;

export const filterNames = [
  "status", "goal_type", "goal_id", "affiliate_id", "offer_id", "click_id", "transaction_id", "currency", "country", "source", "provenance", "network", "delivery_state",
  "is_test", "min_amount", "max_amount", "search", "from", "to", "updated_from", "updated_to",
] as const;
export const usualSort = "createdAt";

export interface ConversionPage extends Page<Conversion> {
  total: number;
  stats: Schemas["ConversionList"]["stats"];
}

/** The filters of an address, as the API names them, and how it is sorted. */
export function askedBy(query: URLSearchParams): Record<string, string> {
  const asked: Record<string, string> = {};
  for (const name of [...filterNames, "sortBy", "sortOrder"]) {
    const value = query.get(name);
    if (value) asked[name] = value;
  }
  return asked;
}

/** The same conversions as a file, to the last row, in the order of the screen. */
export const exportOf = (query: URLSearchParams): string => `/api/admin/conversions/export?${new URLSearchParams({ ...inZone(askedBy(query), timeZone()), tz: timeZone(), bom: "1" })}`;

export async function fetchConversions(asked: Record<string, string>, cursor: string | undefined): Promise<ConversionPage> {
  // What the address says is text; the API refuses what it does not take, and the page shows that.
  const query = { ...asked, limit: pageRows, ...(cursor ? { cursor } : {}) } as object;
  const answer = await take(api.GET("/api/admin/conversions", { params: { query } }));
  return {
    rows: answer.data,
    next: answer.pagination.nextCursor,
    complete: answer.complete ?? true,
    total: answer.pagination.total,
    stats: answer.stats,
  };
}

export function useConversions(query: URLSearchParams) {
  const asked = inZone(askedBy(query), timeZone());
  return useList<Conversion, ConversionPage>(["conversions", asked], (cursor) => fetchConversions(asked, cursor));
}

// Which contacts an address asks for.
import { api, take, type Schemas } from "../../api/client";
import { inZone } from "../../days";
import { timeZone } from "../../format";
import { pageRows, useList, type Page } from "../../api/lists";

export type Contact = Schemas["Contact"];
export const filterNames = ["type", "status", "affiliate_status", "search", "click_id", "affiliate_id", "ftd", "from", "to"] as const;

export interface ContactPage extends Page<Contact> {
  total: number;
  /** Of what fits the filter; sums of first deposits where all of it was looked at. */
  filtered: Schemas["ContactList"]["filtered"];
  stats: Schemas["ContactList"]["stats"];
}

/** As the API takes them: days are those of the zone. */
export function filtersOf(query: URLSearchParams): Record<string, string> {
  return inZone(Object.fromEntries(filterNames.flatMap((name) => (query.get(name) ? [[name, query.get(name) as string]] : []))), timeZone());
}

export function useContacts(query: URLSearchParams) {
  const asked = { ...filtersOf(query), sortBy: query.get("sortBy") ?? "createdAt", sortOrder: query.get("sortOrder") ?? "desc" };
  return useList<Contact, ContactPage>(["contacts", asked], async (cursor) => {
    // What the address says is text; the API refuses what it does not take, and the page shows that.
    const about = { ...asked, limit: pageRows, ...(cursor ? { cursor } : {}) } as object;
    const answer = await take(api.GET("/api/admin/contacts", { params: { query: about } }));
    const { total, nextCursor } = answer.pagination;
    return { rows: answer.data, next: nextCursor, complete: answer.complete ?? true, total, filtered: answer.filtered, stats: answer.stats };
  });
}

/** The list as it is filtered, as a file of CSV that a spreadsheet opens. */
export async function exportCsv(query: URLSearchParams): Promise<void> {
  const { ftd, ...texts } = filtersOf(query);
  const body = ftd === undefined ? texts : { ...texts, ftd: ftd === "true" };
  const text = await take(api.POST("/api/admin/contacts", { params: { query: { bom: "1" } }, body, parseAs: "text" }));
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text as string], { type: "text/csv" }));
  link.download = "contacts.csv";
  link.click();
  URL.revokeObjectURL(link.href);
}

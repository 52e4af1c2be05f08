// Which contacts an address asks for.
import { api, take, type Schemas } from "../../api/client";
import { pageRows, useList, type Page } from "../../api/lists";

export type Contact = Schemas["Contact"];
export const filterNames = ["type", "status", "affiliate_status", "search"] as const;

export interface ContactPage extends Page<Contact> {
  total: number;
  stats: Schemas["ContactList"]["stats"];
}

export function filtersOf(query: URLSearchParams): Record<string, string> {
  return Object.fromEntries(filterNames.flatMap((name) => (query.get(name) ? [[name, query.get(name) as string]] : [])));
}

/** By pages: this list has no cursor. The cursor of useList is the number of the next page. */
export function useContacts(query: URLSearchParams) {
  const asked = { ...filtersOf(query), sortBy: query.get("sortBy") ?? "createdAt", sortOrder: query.get("sortOrder") ?? "desc" };
  return useList<Contact, ContactPage>(["contacts", asked], async (cursor) => {
    const page = Number(cursor ?? 1);
    const answer = await take(api.GET("/api/admin/contacts", { params: { query: { ...asked, limit: pageRows, page } as object } }));
    const { total, totalPages } = answer.pagination;
    return { rows: answer.data, next: page < totalPages ? String(page + 1) : null, complete: true, total, stats: answer.stats };
  });
}

/** The list as it is filtered, as a file of CSV that a spreadsheet opens. */
export async function exportCsv(query: URLSearchParams): Promise<void> {
  const body = filtersOf(query);
  const text = await take(api.POST("/api/admin/contacts", { params: { query: { bom: "1" } }, body, parseAs: "text" }));
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text as string], { type: "text/csv" }));
  link.download = "contacts.csv";
  link.click();
  URL.revokeObjectURL(link.href);
}

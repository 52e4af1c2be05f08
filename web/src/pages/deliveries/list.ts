// Which deliveries an address asks for.
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { api, take } from "../../api/client";
import { pageRows, useList, type Page } from "../../api/lists";
import { inZone } from "../../days";
import { timeZone } from "../../format";
import type { Delivery } from "./DeliveryCard";

export const states = ["waiting", "dead", "done", "cancelled"] as const;
export type DeliveryState = (typeof states)[number];
export const filterNames = ["network", "kind", "code", "goal_id", "affiliate_id", "click_id", "host", "from", "to"] as const;

/** Dead ones first: somebody must act. */
export function stateOf(query: URLSearchParams): DeliveryState {
  return states.find((state) => state === query.get("state")) ?? "dead";
}

/** As the API takes them: days are those of the zone. */
export function filtersOf(query: URLSearchParams): Record<string, string> {
  return inZone(Object.fromEntries(filterNames.flatMap((name) => (query.get(name) ? [[name, query.get(name) as string]] : []))), timeZone());
}

export function useDeliveries(query: URLSearchParams) {
  const asked = { state: stateOf(query), ...filtersOf(query) };
  return useList<Delivery, Page<Delivery>>(["deliveries", asked], async (cursor) => {
    const params = { query: { ...asked, limit: pageRows, ...(cursor ? { cursor } : {}) } as object };
    const answer = await take(api.GET("/api/admin/deliveries", { params }));
    return { rows: answer.data, next: answer.pagination.nextCursor, complete: answer.complete ?? true };
  });
}

const countEveryMs = 30_000;

/** What the list has in each state, by the same filters. */
export function useDeliveryCounts(query: URLSearchParams) {
  const asked = filtersOf(query);
  return useQuery({
    queryKey: ["deliveries", "counts", asked],
    queryFn: async () => (await take(api.GET("/api/admin/deliveries/counts", { params: { query: asked as object } }))).data,
    refetchInterval: countEveryMs,
    placeholderData: keepPreviousData,
  });
}

// The seven routes and the admin lists through openapi-fetch and the types of openapi-typescript.
// Environment: URL, INGEST, ADMIN, RUN.
import createClient from "openapi-fetch";
import type { paths } from "./api.d.ts";

const env = process.env as Record<string, string>;
const click = `ts-${env.RUN}`;
const client = (key?: string) =>
  createClient<paths>({ baseUrl: env.URL, headers: key ? { Authorization: `Bearer ${key}` } : {} });
const ingest = client(env.INGEST), admin = client(env.ADMIN), nobody = client();

async function called<T>(answer: Promise<{ data?: T; error?: unknown; response: Response }>): Promise<T> {
  const { data, error, response } = await answer;
  if (response.status !== 200 || data === undefined) {
    throw new Error(`${response.url}: ${response.status} ${JSON.stringify(error)}`);
  }
  return data;
}
function holds(condition: boolean, what: unknown) {
  if (!condition) throw new Error(JSON.stringify(what));
}

await called(ingest.POST("/api/private/conversions", { body: { click_hash: click, goal_type_id: 5 } }));
await called(nobody.POST("/api/contact", { body: { email: `a-${click}@example.com`, type: "user" } }));
await called(nobody.POST("/api/register", {
  body: { email: `b-${click}@example.com`, type: "user", name: "N", company: "C" },
}));
const first = await called(ingest.POST("/api/ftd", { body: { click_id: click, affiliate_id: 7, amount: "9.5" } }));
holds(first.verdict === "recorded" && !first.isDuplicate && first.data.amount === 9.5, first);
const again = await called(ingest.GET("/api/postback", {
  params: { query: { click_id: click, affiliate_id: "7", goal: "deposit" } },
}));
holds(again.verdict === "duplicate" && again.isDuplicate, again);
await called(ingest.POST("/api/goals/postback", {
  body: { click_id: click, affiliate_id: "7", goal_type: "registration" },
}));
await called(ingest.POST("/api/ftd", {
  body: { click_id: click + "e", affiliate_id: "7", amount: 3, currency: "EUR" },
}));
await called(admin.POST("/api/admin/conversions", {
  body: { click_id: click + "e", affiliate_id: "7", goal_id: "6", goal_type: "deposit", amount: 12 },
}));
const page = await called(admin.GET("/api/admin/conversions", { params: { query: { search: click, limit: 10 } } }));
holds(page.pagination.total === 3 && page.data.length === 3 && page.complete === undefined, page);
const kept = page.data.find((one) => one.click_id === click + "e");
holds(kept?.currency === "EUR" && kept.status === "approved" && kept.amount === 12, kept);
await called(admin.GET("/api/admin/conversions/stats"));
const contacts = await called(admin.GET("/api/admin/contacts", { params: { query: { search: click } } }));
holds(contacts.pagination.total === 2, contacts);
await called(admin.GET("/api/admin/contacts/stats"));
const owed = await called(admin.GET("/api/admin/deliveries", { params: { query: { click_id: click } } }));
await called(admin.GET("/api/admin/deliveries/{id}", { params: { path: { id: owed.data[0]!.ref } } }));
await called(admin.GET("/api/admin/attempts"));
await called(admin.GET("/api/admin/received"));
await called(admin.GET("/api/admin/networks"));
await called(admin.GET("/api/admin/goals"));
await called(admin.GET("/api/admin/offers"));
await called(admin.GET("/api/admin/replays"));
const refused = await admin.POST("/api/admin/networks", { body: { kind: "template" } });
holds(refused.response.status === 400 && !!refused.error?.message, refused.error);

// The client of docs/api/openapi.yaml: `npm run types` makes its types.
import createClient, { type Middleware } from "openapi-fetch";
import { parseExact } from "./exact_json";
import type { components, paths } from "./schema";
import { Trouble, troubleOf } from "./trouble";

export type Schemas = components["schemas"];

const exactNumbers: Middleware = {
  onResponse({ response }) {
    const json = async () => parseExact(await response.text());
    return Object.defineProperty(response, "json", { value: json });
  },
};

export const api = createClient<paths>({ baseUrl: location.origin, fetch: (request) => fetch(request) });
api.use(exactNumbers);

type Answer<Data> = { data?: Data; error?: unknown; response: Response };

/** What a call answers, or Trouble thrown. */
export async function take<Data>(call: Promise<Answer<Data>>): Promise<Data> {
  let answer: Answer<Data>;
  try {
    answer = await call;
  } catch (thrown) {
    if (thrown instanceof DOMException && thrown.name === "AbortError") throw thrown;
    throw new Trouble(0, thrown instanceof Error ? thrown.message : String(thrown));
  }
  if (answer.data === undefined) throw troubleOf(answer.response.status, answer.error);
  return answer.data;
}

// JSON whose numbers keep their digits: a sum that a double cannot hold stays the text it came as.

// The third argument of a reviver, which lib.d.ts does not know yet.
type Source = { source?: string };

/** A sum as the API states it: a number where that is exact, else its digits. */
export type Exact = number | string;

export function parseExact(text: string): unknown {
  const keep = (_key: string, value: unknown, context?: Source) =>
    typeof value === "number" && context?.source !== undefined && !isExact(value, context.source)
      ? context.source
      : value;
  return JSON.parse(text, keep as (key: string, value: unknown) => unknown);
}

function isExact(value: number, source: string): boolean {
  const written = source.includes(".") ? source.replace(/\.?0+$/, "") : source;
  return String(value) === written || String(value) === source;
}

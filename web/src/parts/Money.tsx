import type { Exact } from "../api/exact_json";
import { sum } from "../format";

/** A sum, always with its currency; none: a dash. An absent currency is USD, as the API says. */
export function Money({ value, currency }: { value: Exact | null | undefined; currency: string | undefined }) {
  if (value === null || value === undefined) return <span className="muted">–</span>;
  const code = currency || "USD";
  return (
    <>
      {sum(value, code)}
      <span className="cur">{code}</span>
    </>
  );
}

/** Currencies in one order everywhere: USD, which is meant where none is named, then by their letters. */
export function inOrder(sums: Record<string, Exact>): [string, Exact][] {
  const rank = (currency: string) => (currency === "USD" ? "" : currency);
  return Object.entries(sums).sort(([a], [b]) => rank(a).localeCompare(rank(b)));
}

/** Sums of several currencies, never added to each other. */
export function Sums({ usd, byCurrency }: { usd: Exact; byCurrency: Record<string, Exact> | undefined }) {
  return inOrder(byCurrency ?? { USD: usd }).map(([currency, value]) => (
    <span key={currency}>
      <b>{sum(value, currency)}</b> {currency}
    </span>
  ));
}

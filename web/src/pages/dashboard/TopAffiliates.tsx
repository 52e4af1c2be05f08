import { Link } from "wouter";
import { count } from "../../format";
import { inOrder, Money } from "../../parts/Money";
import { w } from "../../words/words";
import { Bar } from "./ByStatus";
import type { Stats } from "./Figures";

const shownMax = 8;

/** Who brings most. */
export function TopAffiliates({ stats }: { stats: Stats }) {
  const top = stats.topAffiliates.slice(0, shownMax);
  if (top.length === 0) return null;
  const currencies = inOrder(Object.assign({}, ...top.map((one) => one.byCurrency ?? { USD: 0 }))).map(([currency]) => currency);
  const most = Math.max(...top.map(({ conversions }) => conversions));
  return (
    <section className="card">
      <header>
        <h2>{w.dashboard.topAffiliates}</h2>
      </header>
      <div className="scroll" tabIndex={0} role="region" aria-label={w.dashboard.topAffiliates}>
        <table className="t">
          <caption className="sr">{w.dashboard.topAffiliates}</caption>
          <thead>
            <tr>
              <th scope="col">{w.conversions.affiliate}</th>
              <th scope="col" className="num">
                {w.nav.conversions}
              </th>
              <th scope="col">
                <span className="sr">{w.dashboard.share}</span>
              </th>
              {currencies.map((currency) => (
                <th key={currency} scope="col" className="num">
                  {w.dashboard.revenueIn(currency)}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {top.map((one) => (
              <tr key={one.affiliate_id}>
                <td className="slim">
                  <Link className="key row-link" title={one.affiliate_id} href={`/conversions?${new URLSearchParams({ affiliate_id: one.affiliate_id })}`}>
                    <bdi>{one.affiliate_id}</bdi>
                  </Link>
                </td>
                <td className="num">{count(one.conversions)}</td>
                <td className="share">
                  <Bar part={one.conversions} whole={most} />
                </td>
                {currencies.map((currency) => (
                  <td key={currency} className="num">
                    <Money value={one.byCurrency ? one.byCurrency[currency] : currency === "USD" ? one.revenue : undefined} currency={currency} />
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}

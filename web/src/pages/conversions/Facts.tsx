import { Link } from "wouter";
import { FactList, type Fact } from "../../parts/FactList";
import { Copy } from "../../parts/Id";
import { Money } from "../../parts/Money";
import { When } from "../../parts/When";
import { w } from "../../words/words";
import type { Conversion } from "./list";

/** What the conversion says of itself; what is absent is left out. */
export function Facts({ conversion, contact }: { conversion: Conversion; contact: string | null }) {
  const { currency } = conversion;
  const money = (value: Conversion["amount"]) => value !== undefined && <Money value={value} currency={currency} />;
  const facts: Fact[] = [
    [w.panel.recorded, <When at={conversion.createdAt} exact />],
    [w.conversions.affiliate, conversion.affiliate_id && <Filtered name="affiliate_id" value={conversion.affiliate_id} />],
    [w.conversions.saidBy, w.provenance[conversion.provenance]],
    [w.contacts.contact, contact && <Link href={`/contacts?${new URLSearchParams({ open: contact })}`}>{w.panel.itsContact}</Link>],
    [w.conversions.offer, conversion.offer_id && <bdi>{conversion.offer_id}</bdi>],
    [w.panel.saleAmount, money(conversion.sale_amount)],
    [w.panel.payout, money(conversion.payout)],
    [w.panel.revenue, money(conversion.revenue)],
    [w.panel.transaction, conversion.transaction_id && <Long value={conversion.transaction_id} />],
    [w.conversions.country, conversion.country && <bdi>{[conversion.country, conversion.region].filter(Boolean).join(", ")}</bdi>],
    [w.panel.device, deviceOf(conversion) && <bdi>{deviceOf(conversion)}</bdi>],
    [w.panel.by, conversion.route],
    [w.panel.changed, conversion.updatedAt !== conversion.createdAt && <When at={conversion.updatedAt} exact />],
  ];
  const rest = restOf(conversion);
  return (
    <section id="facts">
      <h2 className="sr">{w.panel.facts}</h2>
      <FactList facts={facts} two />
      {rest.length > 0 && (
        <details className="small">
          <summary className="link">{w.panel.more(String(rest.length))}</summary>
          <FactList facts={rest.map(([name, value]) => [name, <Long value={value} />])} />
        </details>
      )}
    </section>
  );
}

function Filtered({ name, value }: { name: string; value: string }) {
  return (
    <Link href={`/conversions?${new URLSearchParams({ [name]: value })}`}>
      <bdi>{value}</bdi>
    </Link>
  );
}

function Long({ value }: { value: string }) {
  return (
    <span className="mono">
      <bdi>{value}</bdi> <Copy text={value} label={w.panel.copyId} />
    </span>
  );
}

const deviceOf = (c: Conversion) => [c.device_type, c.os, c.os_version, c.browser].filter(Boolean).join(" ");

// Shown above, or by other parts of the panel.
const shown = new Set([
  "id", "click_id", "goal_id", "goal_type", "status", "provenance", "route", "affiliate_id", "offer_id", "amount", "sale_amount", "payout", "revenue",
  "currency", "transaction_id", "hash", "country", "region", "device_type", "os", "os_version", "browser", "history", "history_dropped", "deliveries",
  "createdAt", "updatedAt",
]);

/** Every other field that has a value, metadata's among them. */
export function restOf(conversion: Conversion): [string, string][] {
  return Object.entries(conversion)
    .filter(([name, value]) => !shown.has(name) && value !== undefined && value !== null && value !== "")
    .map(([name, value]) => [name, typeof value === "object" ? JSON.stringify(value, null, 2) : String(value)]);
}

import { Link } from "wouter";
import { count } from "../format";
import { w } from "../words/words";

export interface Tab {
  label: string;
  to: string;
  current: boolean;
  n?: number | undefined;
  /** There are more than `n`: not all were counted. */
  atLeast?: boolean | undefined;
}

export function Tabs({ label, tabs, pad = false }: { label: string; tabs: readonly Tab[]; pad?: boolean }) {
  return (
    <nav className={pad ? "tabs pad" : "tabs"} aria-label={label}>
      {tabs.map(({ label: text, to, current, n, atLeast }) => (
        <Link key={text} href={to} aria-current={current ? "true" : undefined}>
          {text}
          {n !== undefined && <span className="n" title={atLeast ? w.list.atLeast(count(n)) : undefined}>{atLeast ? `${count(n)}+` : count(n)}</span>}
        </Link>
      ))}
    </nav>
  );
}

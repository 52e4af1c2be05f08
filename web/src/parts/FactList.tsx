import type { ReactNode } from "react";

export type Fact = readonly [name: string, value: ReactNode];

/** What is known of one thing, a name and a value each; a fact without a value is left out. */
export function FactList({ facts, two = false }: { facts: readonly Fact[]; two?: boolean }) {
  return (
    <dl className={two ? "facts two" : "facts"}>
      {facts.filter(([, value]) => value).map(([name, value]) => (
        <div className="key-row" key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

import { Fragment } from "react";
import { Link } from "wouter";
import { Icon } from "../../parts/Icon";
import { Money } from "../../parts/Money";
import { State } from "../../parts/State";
import { When } from "../../parts/When";
import { w } from "../../words/words";
import type { Conversion, Sibling } from "./list";

interface ClickSectionProps {
  conversion: Conversion;
  siblings: readonly Sibling[];
  linkTo(row: { id: string }): string;
}

/** The way of the click: its conversions in the order they were recorded. */
export function ClickSection({ conversion, siblings, linkTo }: ClickSectionProps) {
  const inOrder = [...siblings].sort((a, b) => a.createdAt.localeCompare(b.createdAt));
  return (
    <section id="click">
      <h2>
        <Icon name="flag" />
        {w.panel.clickTitle}
      </h2>
      <div className="road">
        {inOrder.map((one, index) => (
          <Fragment key={one.id}>
            {index > 0 && <Icon name="right" />}
            <Link href={linkTo(one)} className={one.id === conversion.id ? "here" : undefined} aria-current={one.id === conversion.id ? "true" : undefined}>
              <span className="row">
                <State name={one.status} />
              </span>
              <b>
                {w.goalType[one.goal_type]}
                {one.amount !== undefined && (
                  <>
                    {" · "}
                    <Money value={one.amount} currency={one.currency} />
                  </>
                )}
              </b>
              <span className="small soft">
                {w.panel.goal(one.goal_id)} · {one.id === conversion.id ? w.panel.here : <When at={one.createdAt} />}
              </span>
            </Link>
          </Fragment>
        ))}
      </div>
    </section>
  );
}

import { useState } from "react";
import { count } from "../../format";
import { Icon } from "../../parts/Icon";
import { w } from "../../words/words";
import { BulkDialog, type BulkAction, type Which } from "./BulkDialog";
import type { Chosen } from "./useChosen";

interface BulkBarProps {
  chosen: Chosen;
  /** The list's filters, for all that fit. */
  filter: Record<string, string>;
  total: number | undefined;
  exact: boolean;
}

/** What can be done with the rows that are chosen: those on the screen, or all that fit. */
export function BulkBar({ chosen, filter, total, exact }: BulkBarProps) {
  const [asking, ask] = useState<BulkAction | null>(null);
  const some = chosen.ids.size;
  if (some === 0 && !chosen.all) return null;
  const which: Which = chosen.all ? { filter } : { ids: [...chosen.ids] };
  const n = chosen.all && total !== undefined ? (exact ? count(total) : w.list.atLeast(count(total))) : count(some);
  const button = (action: BulkAction, className: string, key: string) => (
    <button type="button" className={className} data-key={key} onClick={() => ask(action)}>
      {action === "approve" && <Icon name="check" />}
      {w.bulk[action]}
      <kbd>{key.toUpperCase()}</kbd>
    </button>
  );
  return (
    <div className="bulk" role="region" aria-label={w.bulk.region}>
      <b aria-live="polite">{w.bulk.chosen(n)}</b>
      <span className="line" />
      {!chosen.all && total !== undefined && total > some && (
        <>
          <button type="button" className="link small wide-only" onClick={chosen.chooseAll}>
            {w.bulk.chooseFitting(exact ? count(total) : w.list.atLeast(count(total)))}
          </button>
          <span className="line" />
        </>
      )}
      {button("approve", "b primary", "a")}
      {button("reject", "b", "r")}
      {button("resend", "b wide-only", "s")}
      <button type="button" className="b icon quiet" aria-label={w.bulk.none} data-key="esc" onClick={chosen.none}>
        <Icon name="x" />
      </button>
      {asking && <BulkDialog action={asking} which={which} close={() => ask(null)} begun={chosen.none} />}
    </div>
  );
}

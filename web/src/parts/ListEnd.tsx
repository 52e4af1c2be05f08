import type { ReactNode } from "react";
import { count } from "../format";
import type { List, Page } from "../api/lists";
import { w } from "../words/words";
import { Notice, TroubleNotice } from "./Notice";

interface ListEndProps<Row, Got extends Page<Row>> {
  list: List<Row, Got>;
  /** How many fit in all, where the API knows. */
  total?: number | undefined;
  empty: ReactNode;
}

/** Below a list: its end, what went wrong, or that it was not looked through. */
export function ListEnd<Row, Got extends Page<Row>>({ list, total, empty }: ListEndProps<Row, Got>) {
  const shown = list.rows.length;
  if (list.error) return <div className="page">{<TroubleNotice error={list.error} again={list.again} />}</div>;
  if (list.waiting) return null;
  if (!list.complete) {
    const on = (
      <button type="button" className="b small" aria-disabled={list.fetchingMore} onClick={list.more}>
        {w.list.goOn}
      </button>
    );
    return (
      <div className="page">
        <Notice tone="wait" icon="clock" what={w.list.incomplete} meaning={w.list.incompleteMeans(count(shown))} todo={list.hasMore && on} />
      </div>
    );
  }
  if (shown === 0) return empty;
  return (
    <p className="foot">
      <span>{endOf(list, shown, total)}</span>
      <span className="push wide-only">{w.list.address}</span>
    </p>
  );
}

function endOf<Row, Got extends Page<Row>>(list: List<Row, Got>, shown: number, total: number | undefined): string {
  if (!list.hasMore) return w.list.shownAll(count(shown));
  if (list.fetchingMore) return w.list.more;
  return total === undefined ? w.list.shownSome(count(shown)) : w.list.shown(count(shown), count(total));
}

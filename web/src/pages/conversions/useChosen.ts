import { useEffect, useState } from "react";
import type { Choosing } from "../../parts/DataTable";
import { w } from "../../words/words";
import type { Conversion } from "./list";

export const idsMax = 1000; // of one job, as the API has it

export interface Chosen {
  ids: ReadonlySet<string>;
  /** Every conversion that fits the list's filters, however many are on the screen. */
  all: boolean;
  chooseAll(): void;
  none(): void;
  choosing: Choosing<Conversion>;
}

/** Rows that are chosen. Another list (`of`) begins with none. */
export function useChosen(of: string, rows: readonly Conversion[]): Chosen {
  const [ids, setIds] = useState<ReadonlySet<string>>(new Set());
  const [all, setAll] = useState(false);
  const none = () => {
    setIds(new Set());
    setAll(false);
  };
  useEffect(none, [of]);
  const loaded = rows.slice(0, idsMax);
  const everyRow = loaded.length > 0 && loaded.every(({ id }) => ids.has(id));
  const toggle = ({ id }: Conversion) => {
    setAll(false);
    const next = new Set(ids);
    if (!next.delete(id) && next.size < idsMax) next.add(id);
    setIds(next);
  };
  const toggleAll = () => {
    setAll(false);
    setIds(everyRow ? new Set() : new Set(loaded.map(({ id }) => id)));
  };
  const choosing = {
    has: ({ id }: Conversion) => all || ids.has(id),
    toggle,
    label: ({ click_id }: Conversion) => w.bulk.choose(click_id),
    toggleAll,
    allLabel: w.bulk.chooseScreen,
    all: all || everyRow,
  };
  return { ids, all, chooseAll: () => setAll(true), none, choosing };
}

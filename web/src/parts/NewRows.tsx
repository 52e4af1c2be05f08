import { count } from "../format";
import { w } from "../words/words";

/** Rows that came since the list was read: shown when somebody wants them, so that nothing moves under a reader. */
export function NewRows({ n, show }: { n: number | null; show(): void }) {
  if (n === 0) return null;
  return (
    <button type="button" className="link small" onClick={show}>
      {n === null ? w.list.manyNew : w.list.newRows(count(n))}
    </button>
  );
}

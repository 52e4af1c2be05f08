import { useEffect, useState, type ReactNode } from "react";
import { Icon, type IconName } from "./Icon";

/** Nothing here: what would fill it, or the way back. */
export function Empty({ icon, title, children, todo }: { icon: IconName; title: string; children?: ReactNode; todo?: ReactNode }) {
  return (
    <div className="empty">
      <Icon name={icon} />
      <h2>{title}</h2>
      {children && <p>{children}</p>}
      {todo && <div className="row">{todo}</div>}
    </div>
  );
}

const lateMs = 150;

/** Whether something has taken long enough that its place should show that it comes. */
export function useLate(waiting: boolean): boolean {
  const [late, setLate] = useState(false);
  useEffect(() => {
    if (!waiting) return setLate(false);
    const timer = setTimeout(() => setLate(true), lateMs);
    return () => clearTimeout(timer);
  }, [waiting]);
  return waiting && late;
}

/** The shape of what comes, in lines. */
export function Bones({ lines = 3 }: { lines?: number }) {
  const widths = ["w3", "w2", "w1", "w2"];
  return (
    <div className="bones stack gap" aria-busy="true">
      {Array.from({ length: lines }, (_, line) => (
        <span key={line} className={widths[line % widths.length]} />
      ))}
    </div>
  );
}

import { useRef, useState, type ReactNode } from "react";
import { w } from "../words/words";
import { Fish } from "./Icon";

/** What stands around a form before the desk: sign-in, an invitation, the first admin. */
export function DoorFrame({ children }: { children: ReactNode }) {
  return (
    <main className="door">
      <span className="brand">
        <Fish />
        {w.name}
      </span>
      {children}
      <footer>{w.name}</footer>
    </main>
  );
}

/** One attempt at a time to get in, and what became of the last. */
export function useDoor() {
  const [error, setError] = useState<unknown>(null);
  const [busy, setBusy] = useState(false);
  const going = useRef(false);
  const attempt = (enter: () => Promise<void>) => {
    if (going.current) return;
    going.current = true;
    setBusy(true);
    setError(null);
    void enter()
      .catch(setError)
      .finally(() => {
        going.current = false;
        setBusy(false);
      });
  };
  return { error, busy, attempt };
}

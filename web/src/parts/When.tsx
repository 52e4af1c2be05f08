import { useSyncExternalStore } from "react";
import { ago, exactTime, plainTime } from "../format";
import { usePreferences } from "../frame/preferences";

// One clock for the page: hundreds of cells say how long ago.
let now = new Date();
const listeners = new Set<() => void>();
let ticking: ReturnType<typeof setInterval> | undefined;

function listen(listener: () => void): () => void {
  listeners.add(listener);
  ticking ??= setInterval(() => {
    now = new Date();
    listeners.forEach((one) => one());
  }, 1000);
  return () => {
    listeners.delete(listener);
    if (listeners.size > 0) return;
    clearInterval(ticking);
    ticking = undefined;
  };
}

// Where nothing ticked for a while the clock has stopped: what just happened would be to come.
function read(): Date {
  if (ticking === undefined && Date.now() - now.getTime() > 1000) now = new Date();
  return now;
}

export function useNow(): Date {
  return useSyncExternalStore(listen, read);
}

/** A moment: how long ago, exact on hover; `T` shows exact ones everywhere. */
export function When({ at, exact = false }: { at: string | undefined; exact?: boolean }) {
  const { times } = usePreferences();
  if (!at) return <span className="muted">–</span>;
  const moment = new Date(at);
  return (
    <time dateTime={at} title={exactTime(moment)}>
      {exact || times === "exact" ? plainTime(moment) : <Ago at={moment} />}
    </time>
  );
}
function Ago({ at }: { at: Date }) {
  const from = useNow();
  // What came after the last tick is no future.
  return ago(at, at > from && at.getTime() - from.getTime() < 1500 ? at : from);
}

// What one person likes: kept with the account, and by the browser, which shows it before anybody is known.
import { useSyncExternalStore } from "react";
import { isZone } from "../days";
import { chooseZone } from "../format";
import { languages, type Language } from "../words/words";

export interface Preferences {
  theme: "system" | "light" | "dark";
  density: "comfortable" | "compact";
  times: "ago" | "exact";
  keys: boolean;
  language: Language | null; // null: as the browser says
  tz: string | null; // the zone of every date; null: the browser's
}

const usual: Preferences = { theme: "system", density: "comfortable", times: "ago", keys: true, language: null, tz: null };
const place = "barracuda.preferences";

/** What was kept, or the usual where it is missing or was changed by hand. */
export function readPreferences(text: string | null): Preferences {
  let kept: Partial<Record<keyof Preferences, unknown>> = {};
  try {
    const parsed: unknown = JSON.parse(text ?? "{}");
    if (typeof parsed === "object" && parsed !== null) kept = parsed;
  } catch {
    // as if nothing had been kept
  }
  const oneOf = <Value>(value: unknown, values: readonly Value[], otherwise: Value): Value =>
    values.includes(value as Value) ? (value as Value) : otherwise;
  return {
    theme: oneOf(kept.theme, ["system", "light", "dark"], usual.theme),
    density: oneOf(kept.density, ["comfortable", "compact"], usual.density),
    times: oneOf(kept.times, ["ago", "exact"], usual.times),
    keys: oneOf(kept.keys, [true, false], usual.keys),
    language: oneOf(kept.language, Object.keys(languages) as Language[], null as unknown as Language),
    tz: isZone(kept.tz) ? kept.tz : null,
  };
}

let current = usual;
const listeners = new Set<() => void>();

export function loadPreferences(): Preferences {
  try {
    current = readPreferences(localStorage.getItem(place));
  } catch {
    // a browser that keeps nothing
  }
  show(current);
  return current;
}

/** The language that the browser keeps; null as well where it keeps nothing. */
export function keptLanguage(): Language | null {
  try {
    return readPreferences(localStorage.getItem(place)).language;
  } catch {
    return null;
  }
}

/** Set by who knows that somebody is signed in: keeps them with the account. */
export const keeper: { keep: ((likes: Preferences) => void) | null } = { keep: null };

export function prefer(change: Partial<Preferences>): void {
  take({ ...current, ...change });
  keeper.keep?.(current);
}

/** What the account has: it is the same in every browser. What it does not say stays as it is here, but for the zone: without one it
 * is the browser's. */
export function adopt(kept: Partial<Preferences>): void {
  take(readPreferences(JSON.stringify({ ...current, tz: null, ...kept })));
}

function take(next: Preferences): void {
  current = next;
  try {
    localStorage.setItem(place, JSON.stringify(current));
  } catch {
    // it holds until the page is left
  }
  show(current);
  listeners.forEach((listener) => listener());
}

function show({ theme, density, tz }: Preferences): void {
  chooseZone(tz);
  const root = document.documentElement;
  if (theme === "system") delete root.dataset["theme"];
  else root.dataset["theme"] = theme;
  root.dataset["density"] = density;
}

export function usePreferences(): Preferences {
  return useSyncExternalStore(listen, () => current);
}
function listen(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

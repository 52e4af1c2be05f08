// Days of the calendar in a time zone, and the moments at which they begin.

const dayMs = 86_400_000;
const makers = new Map<string, Intl.DateTimeFormat>();

/** Whether there is such a zone here. */
export function isZone(name: unknown): name is string {
  if (typeof name !== "string" || name === "") return false;
  try {
    new Intl.DateTimeFormat("en", { timeZone: name });
    return true;
  } catch {
    return false;
  }
}

/** Every zone that can be chosen. */
export const zones = (): string[] => [...new Set(["UTC", ...Intl.supportedValuesOf("timeZone")])];

// The clock of the zone at a moment, as if it were one of UTC.
function clockAt(at: number, zone: string): number {
  let maker = makers.get(zone);
  if (!maker) {
    const two = "2-digit";
    maker = new Intl.DateTimeFormat("en", { timeZone: zone, hourCycle: "h23", year: "numeric", month: two, day: two, hour: two, minute: two, second: two });
    makers.set(zone, maker);
  }
  const part = Object.fromEntries(maker.formatToParts(at).map(({ type, value }) => [type, Number(value)]));
  return Date.UTC(part["year"] ?? 0, (part["month"] ?? 1) - 1, part["day"] ?? 1, part["hour"] ?? 0, part["minute"] ?? 0, part["second"] ?? 0);
}

const text = (at: number): string => new Date(at).toISOString().slice(0, 10);

/** The day that a moment is of: 2026-11-28. */
export const dayOf = (at: Date, zone: string): string => text(clockAt(at.getTime(), zone));

/** The day `n` days later. */
export const dayAfter = (day: string, n: number): string => text(Date.parse(day) + n * dayMs);

export const isDay = (value: string | null | undefined): value is string => Boolean(value) && /^\d{4}-\d\d-\d\d$/.test(value ?? "") && !Number.isNaN(Date.parse(value ?? ""));

/** The first moment of a day: where the clock is put forward at midnight it is no midnight, where it is put back the earlier one. */
export function startOf(day: string, zone: string): Date {
  const midnight = Date.parse(day);
  const offset = (at: number) => clockAt(at, zone) - at;
  const moments = [midnight - offset(midnight - dayMs), midnight - offset(midnight + dayMs)].sort((a, b) => a - b);
  return new Date(moments.find((at) => dayOf(new Date(at), zone) >= day) ?? midnight);
}

/** Filters of a list as the API takes them: what is a day, without a time, is the day of the zone. A last day is within. */
export function inZone(filters: Record<string, string>, zone: string): Record<string, string> {
  const next = { ...filters };
  for (const name of ["from", "updated_from"]) {
    const day = filters[name];
    if (isDay(day)) next[name] = startOf(day, zone).toISOString();
  }
  for (const name of ["to", "updated_to"]) {
    const day = filters[name];
    if (isDay(day)) next[name] = startOf(dayAfter(day, 1), zone).toISOString();
  }
  return next;
}

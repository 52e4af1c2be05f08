// Numbers, sums and times as people read them, in the language spoken.
import type { Exact } from "./api/exact_json";
import { dayOf } from "./days";
import { language, w } from "./words/words";

// A region's way to write the language, where the browser names one: 28 Nov in Britain, Nov 28 in the States.
const locale = (): string => navigator.languages.find((tag) => tag.toLowerCase().startsWith(language)) ?? language;

// Formatters are slow to make, and a list asks for the same one in every cell.
function kept<Options, Made>(make: (options: Options) => Made): (options: Options) => Made {
  const made = new Map<string, Made>();
  return (options) => {
    const key = `${language} ${JSON.stringify(options)}`;
    let one = made.get(key);
    if (one === undefined) made.set(key, (one = make(options)));
    return one;
  };
}
const numbers = kept((options: Intl.NumberFormatOptions) => new Intl.NumberFormat(locale(), options));
const datesOf = kept((options: Intl.DateTimeFormatOptions) => new Intl.DateTimeFormat(locale(), options));
const dates = (options: Intl.DateTimeFormatOptions) => datesOf({ ...options, timeZone: timeZone() });

export const count = (value: number): string => numbers({}).format(value);

export function percent(part: number, whole: number): string {
  const share = whole === 0 ? 0 : part / whole;
  return numbers({ style: "percent", maximumFractionDigits: 1 }).format(share);
}

/** The digits of a sum, none rounded away; at least as many decimals as the currency is paid in. */
export function sum(value: Exact, currency: string): string {
  const minimumFractionDigits = decimalsOf(currency);
  const format = numbers({ minimumFractionDigits, maximumFractionDigits: 6 });
  return format.format(value as number); // digits as text are exact too; lib.d.ts knows numbers alone
}

function decimalsOf(currency: string): number {
  try {
    return numbers({ style: "currency", currency }).resolvedOptions().maximumFractionDigits ?? 2;
  } catch {
    return 2; // no code of three letters
  }
}

/** The browser's. */
export const ownZone: string = Intl.DateTimeFormat().resolvedOptions().timeZone;
let chosenZone: string | null = null;

/** The zone in which every date is said and counted; null: the browser's. */
export function chooseZone(zone: string | null): void {
  chosenZone = zone;
}
export const timeZone = (): string => chosenZone ?? ownZone;

/** "28 Nov 2026, 14:05:26 CET" */
export function exactTime(at: Date): string {
  return dates({ dateStyle: "medium", timeStyle: "long" }).format(at);
}
/** "28 Nov 2026, 14:05:26" */
export function plainTime(at: Date): string {
  return dates({ dateStyle: "medium", timeStyle: "medium" }).format(at);
}
export const clock = (at: Date): string => dates({ timeStyle: "medium" }).format(at);
/** "28 Nov", of a day of the calendar, which is the same in every zone. */
export const shownDay = (day: string): string => datesOf({ day: "numeric", month: "short", timeZone: "UTC" }).format(new Date(`${day}T12:00Z`));

const minute = 60;
const hour = 60 * minute;
const dayLong = 24 * hour;

/** How long ago, as short as a cell wants it: "38 s", "3 min", "2 h", then the day. */
export function ago(at: Date, now: Date): string {
  const seconds = Math.round((now.getTime() - at.getTime()) / 1000);
  if (seconds < 0) return until(-seconds);
  if (seconds < 5) return w.time.now;
  return seconds < 2 * dayLong ? duration(seconds) : dateOf(at, now);
}
function until(seconds: number): string {
  return seconds < 5 ? w.time.now : w.time.in(duration(seconds));
}
function dateOf(at: Date, now: Date): string {
  const year = (moment: Date) => dayOf(moment, timeZone()).slice(0, 4);
  const sameYear = year(at) === year(now);
  return dates(sameYear ? { day: "numeric", month: "short" } : { dateStyle: "medium" }).format(at);
}

export function duration(seconds: number): string {
  if (seconds < minute) return `${seconds} s`;
  if (seconds < hour) return `${Math.floor(seconds / minute)} min`;
  if (seconds < dayLong) return `${Math.floor(seconds / hour)} h`;
  return w.time.days(Math.floor(seconds / dayLong));
}

/** Microseconds as milliseconds, whole ones. */
export const milliseconds = (us: number): string => `${count(Math.round(us / 1000))} ms`;

const idMax = 18;
/** An id cut in the middle where it is longer than a cell has room for. */
export function cutId(id: string): string {
  const letters = [...id];
  if (letters.length <= idMax) return id;
  return `${letters.slice(0, 8).join("")}…${letters.slice(-6).join("")}`;
}

const thousand = 1000;
/** Bytes in the largest unit that leaves a number of 1 or more. */
export function bytes(value: number): string {
  const units = ["byte", "kilobyte", "megabyte", "gigabyte", "terabyte"];
  let power = 0;
  while (power < units.length - 1 && value >= thousand ** (power + 1)) power += 1;
  const unit = units[power] as string;
  return numbers({ style: "unit", unit, maximumFractionDigits: 1 }).format(value / thousand ** power);
}

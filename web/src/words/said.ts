// What the API says is English, and stays so for whoever calls it. Pages say it in their language where they know the phrase; any other
// text is shown as it was said.
//
//     said("amount must be a number that is not negative")  // "amount muss eine Zahl sein, nicht unter 0"
import { w } from "./words";

/** The program's own text, {} for what it fills in, and the same in another language: {!} is said in it too. */
export type Phrase = readonly [english: string, other: string];

type Pattern = { other: string; parts: readonly string[] };

const literal = (text: string) => text.replaceAll("{}", "").length;

export function phrasebook(phrases: readonly Phrase[]) {
  const whole = new Map(phrases.filter(([english]) => !english.includes("{}")).map((phrase) => [phrase[0], phrase[1]]));
  // What says most of the text itself goes first.
  const patterns: Pattern[] = phrases
    .filter(([english]) => english.includes("{}"))
    .sort(([a], [b]) => literal(b) - literal(a))
    .map(([english, other]) => ({ other, parts: english.split("{}") }));

  function known(text: string, word: (text: string) => string): string | null {
    const exact = whole.get(text);
    if (exact !== undefined) return exact;
    for (const { other, parts } of patterns) {
      const filled = filledIn(parts, text);
      if (!filled) continue;
      let place = 0;
      return other.replace(/\{(!?)\}/g, (_, again: string) => {
        const part = filled[place++] ?? "";
        return again ? word(part) : part;
      });
    }
    return null;
  }
  known.whole = (text: string): string | null => whole.get(text) ?? null;
  return known;
}

// What stands between the parts, each as early as it can be, or null: it does not fit. One walk, whatever somebody wrote into it.
function filledIn(parts: readonly string[], text: string): string[] | null {
  const [first = "", ...rest] = parts;
  const last = rest.pop() ?? "";
  if (!text.startsWith(first) || !text.endsWith(last)) return null;
  const filled: string[] = [];
  let at = first.length;
  for (const part of rest) {
    const next = text.indexOf(part, at + 1);
    if (next < 0) return null;
    filled.push(text.slice(at, next));
    at = next + part.length;
  }
  const end = text.length - last.length;
  return end > at ? [...filled, text.slice(at, end)] : null;
}

let book: ReturnType<typeof phrasebook> | null = null;
const before = new Map<string, string>();
const keptMax = 1000;

/** Before anything is said in another language. */
export function learn(phrases: readonly Phrase[] | null): void {
  book = phrases && phrasebook(phrases);
  before.clear();
}

// A word of a closed list, as the API names it, within a sentence.
function word(text: string): string {
  const states: Record<string, string> = { ...w.goalType, ...w.state };
  const state = states[text];
  if (state !== undefined) return text in w.goalType ? state : state.toLowerCase();
  const names: Record<string, string> = { ...w.provenance, ...w.deliveryKind, ...w.role };
  return names[text] ?? said(text);
}

export function said(text: string): string {
  if (!book || text === "") return text;
  const known = before.get(text);
  if (known !== undefined) return known;
  const other = inOther(text, book);
  if (before.size >= keptMax) before.clear();
  before.set(text, other);
  return other;
}

// The name of a field stands before what is said of it, as in "status is required" and "postback.url: the host is missing".
function inOther(text: string, of: NonNullable<typeof book>): string {
  const [, field = "", rest = ""] = /^([a-z]\S{0,199}) (.*)$/isu.exec(text) ?? [];
  const exact = of.whole(text);
  if (exact !== null) return exact;
  const behind = rest === "" ? null : of(rest, word);
  return behind !== null ? `${field} ${behind}` : (of(text, word) ?? text);
}

// All words of the desk. A language is one file with the keys of en.ts, which the compiler holds it to.
import { en } from "./en";
import { learn } from "./said";

type Widened<Part> = Part extends (...given: infer Given) => string
  ? (...given: Given) => string
  : Part extends string
    ? string
    : { [Key in keyof Part]: Widened<Part[Key]> };

/** An item of a timeline: what it says, in English and in parts. */
export interface Said {
  kind: string;
  text: string;
  facts?: Record<string, string> | undefined;
}

export type Words = Widened<typeof en>;

export const languages = { en: "English", de: "Deutsch" } as const;
export type Language = keyof typeof languages;

/** The words of the language spoken: set once, before anything is drawn. */
export let w: Words = en;
export let language: Language = "en";

export async function speak(chosen: Language): Promise<void> {
  language = chosen;
  if (chosen === "de") {
    const [{ de }, { saidInGerman }] = await Promise.all([import("./de"), import("./said_de")]);
    w = de;
    learn(saidInGerman);
  }
  document.documentElement.lang = chosen;
}

/** The browser's first language that is spoken here. */
export function languageOf(wanted: readonly string[]): Language {
  const short = wanted.map((tag) => tag.slice(0, 2).toLowerCase());
  return (short.find((tag) => tag in languages) as Language | undefined) ?? "en";
}

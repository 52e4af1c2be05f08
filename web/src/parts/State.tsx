// States: tone, icon and word together, so that none depends on its colour.
import { w } from "../words/words";
import { Icon, type IconName } from "./Icon";

export type Tone = "good" | "wait" | "bad" | "off" | "news";
interface Look {
  tone: Tone;
  icon: IconName;
}

export const looks = {
  approved: { tone: "good", icon: "check" },
  pending: { tone: "wait", icon: "half" },
  rejected: { tone: "bad", icon: "x" },
  done: { tone: "good", icon: "check" },
  waiting: { tone: "wait", icon: "clock" },
  dead: { tone: "bad", icon: "oct" },
  cancelled: { tone: "off", icon: "ban" },
  recorded: { tone: "good", icon: "plus" },
  updated: { tone: "news", icon: "pen" },
  duplicate: { tone: "off", icon: "dup" },
  conflict: { tone: "wait", icon: "split" },
  refused: { tone: "bad", icon: "ban" },
  fine: { tone: "good", icon: "check" },
  slowed: { tone: "wait", icon: "clock" },
  down: { tone: "bad", icon: "oct" },
  stopped: { tone: "off", icon: "ban" },
  off: { tone: "off", icon: "ban" },
  running: { tone: "news", icon: "play" },
  accepted: { tone: "good", icon: "check" },
  retried: { tone: "wait", icon: "again" },
} satisfies Record<string, Look>;
export type StateName = keyof typeof looks;

export const isState = (name: string): name is StateName => name in looks;

/** A state as a badge; one that this version does not know stands as it came. */
export function State({ name, children }: { name: string; children?: string }) {
  const look: Look = isState(name) ? looks[name] : { tone: "off", icon: "help" };
  return (
    <span className={`s ${look.tone}`}>
      <Icon name={look.icon} />
      {children ?? (isState(name) ? w.state[name] : name)}
    </span>
  );
}

/** A state as a line of text in its tone. */
export function Bare({ tone, icon, children }: { tone: Tone; icon: IconName; children: string }) {
  return (
    <span className={`c ${tone}`}>
      <Icon name={icon} />
      {children}
    </span>
  );
}

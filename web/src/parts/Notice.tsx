// What is wrong, what it means, what to do.
import type { ReactNode } from "react";
import { Trouble } from "../api/trouble";
import { said } from "../words/said";
import { w } from "../words/words";
import { Icon, type IconName } from "./Icon";
import type { Tone } from "./State";

interface NoticeProps {
  tone: Tone;
  icon?: IconName;
  what: ReactNode;
  meaning?: ReactNode;
  todo?: ReactNode;
  urgent?: boolean;
}

const icons: Record<Tone, IconName> = { good: "check", wait: "warn", bad: "oct", off: "help", news: "help" };

export function Notice({ tone, icon, what, meaning, todo, urgent = false }: NoticeProps) {
  return (
    <div className={`notice ${tone}`} role={urgent ? "alert" : "status"}>
      <Icon name={icon ?? icons[tone]} />
      <div>
        <b>{what}</b> {meaning && <span className="soft">{meaning}</span>}
      </div>
      {todo && <div className="do">{todo}</div>}
    </div>
  );
}

/** A call that came to nothing: the API's own reason, and the way to try again. */
export function TroubleNotice({ error, again }: { error: unknown; again?: () => void }) {
  const trouble = error instanceof Trouble ? error : new Trouble(0, String(error));
  const [what, meaning] = wordsOf(trouble, again !== undefined);
  const asksAgain = again !== undefined && trouble.status !== 400; // which would be refused again
  return (
    <Notice
      tone={trouble.status === 0 || trouble.status >= 500 ? "wait" : "bad"}
      icon={trouble.status === 0 ? "again" : undefined}
      urgent
      what={what}
      meaning={
        <>
          “<bdi>{said(trouble.message)}</bdi>” {meaning}
        </>
      }
      todo={
        asksAgain && (
          <button type="button" className="b small" onClick={again}>
            {w.trouble.again}
          </button>
        )
      }
    />
  );
}

/** `asked`: it was a question, and changes nothing in any case. */
function wordsOf({ status }: Trouble, asked: boolean): [string, string] {
  const unchanged = asked ? "" : w.trouble.nothingChanged;
  if (status === 0) return [w.trouble.noAnswer, w.trouble.noAnswerMeans];
  if (status === 403) return [w.trouble.forbidden, unchanged];
  if (status === 404) return [w.trouble.notFound, ""];
  if (status === 409) return [w.trouble.conflict, unchanged];
  if (status === 429) return [w.trouble.limited, w.trouble.limitedMeans];
  if (status >= 500) return [w.trouble.unavailable, w.trouble.unavailableMeans];
  return [w.trouble.refused, unchanged];
}

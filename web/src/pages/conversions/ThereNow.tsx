import { FactList } from "../../parts/FactList";
import { Money } from "../../parts/Money";
import { Notice } from "../../parts/Notice";
import { State } from "../../parts/State";
import { When } from "../../parts/When";
import { w } from "../../words/words";
import type { Conversion } from "./list";

/** Somebody was faster: what is there now, and by whom. What was typed stays. */
export function ThereNow({ conversion }: { conversion: Conversion }) {
  const last = conversion.history.at(-1);
  return (
    <>
      <Notice tone="wait" icon="split" urgent what={w.correct.faster} meaning={w.correct.fasterMeans} />
      <FactList
        facts={[
          [w.conversions.status, <State name={conversion.status} />],
          [w.conversions.amount, <Money value={conversion.amount} currency={conversion.currency} />],
          [
            w.correct.by,
            last && (
              <>
                <bdi>{last.by}</bdi> <When at={last.at} />
                {last.reason && (
                  <>
                    : “<bdi>{last.reason}</bdi>”
                  </>
                )}
              </>
            ),
          ],
        ]}
      />
    </>
  );
}

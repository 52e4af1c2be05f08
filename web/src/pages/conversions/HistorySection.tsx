import { count } from "../../format";
import { Icon } from "../../parts/Icon";
import { When } from "../../parts/When";
import { w } from "../../words/words";
import type { Conversion } from "./list";

/** Who changed what, newest first, and how it began. */
export function HistorySection({ conversion }: { conversion: Conversion }) {
  return (
    <section id="history">
      <h2>
        <Icon name="clock" />
        {w.panel.history}
        <small>{w.panel.historySmall}</small>
      </h2>
      <ol className="steps">
        {[...conversion.history].reverse().map((change, index) => (
          <li key={index}>
            <Icon name={change.field === "status" ? "check" : "pen"} />
            <b>
              <bdi>{change.field}</bdi>
            </b>{" "}
            <bdi>{change.from || "–"}</bdi> → <bdi>{change.to || "–"}</bdi> <When at={change.at} />
            <p className="small">
              <bdi>{change.by}</bdi>
              {change.reason && (
                <>
                  : “<bdi>{change.reason}</bdi>”
                </>
              )}
            </p>
          </li>
        ))}
        {conversion.history_dropped ? (
          <li>
            <Icon name="more" />
            {w.panel.historyDropped(count(conversion.history_dropped))}
          </li>
        ) : null}
        <li>
          <Icon name="plus" />
          <b>{w.panel.recordedWith}</b> <When at={conversion.createdAt} />
          <p className="small">{conversion.route}</p>
        </li>
      </ol>
    </section>
  );
}

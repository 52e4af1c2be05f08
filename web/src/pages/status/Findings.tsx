// What the doctor finds: what is amiss first, each with what to do; the rest behind one line.
import type { Schemas } from "../../api/client";
import { Notice } from "../../parts/Notice";
import { FactList } from "../../parts/FactList";
import { w } from "../../words/words";

type Finding = Schemas["Finding"];

export function Findings({ findings }: { findings: readonly Finding[] }) {
  const of = (health: Finding["health"]) => findings.filter((one) => one.health === health);
  const amiss = [...of("fail"), ...of("warn")];
  const well = of("ok");
  return (
    <>
      {amiss.length === 0 && <Notice tone="good" what={w.status.allWell} meaning={w.status.allWellMeans} />}
      {amiss.map((one) => (
        <Notice key={`${one.about} ${one.text}`} tone={one.health === "fail" ? "bad" : "wait"} what={<bdi>{`${w.status.finds(one.about)}:`}</bdi>} meaning={<Meaning finding={one} />} />
      ))}
      <details className="card">
        <summary>
          <b>{w.status.well(well.length)}</b>
        </summary>
        <div className="in">
          <FactList facts={well.map(({ about, text }) => [w.status.finds(about), <bdi key={text}>{w.status.finds(text)}</bdi>] as const)} />
        </div>
      </details>
    </>
  );
}

function Meaning({ finding: { text, todo } }: { finding: Finding }) {
  return (
    <>
      <bdi>{w.status.finds(text)}</bdi>
      {todo && (
        <>
          ; {w.status.todo} <bdi>{w.status.finds(todo)}</bdi>
        </>
      )}
    </>
  );
}

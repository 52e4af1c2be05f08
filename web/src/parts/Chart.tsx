// Chart: lines over days, drawn by uPlot, which is fetched with the first one; and the same numbers as a table.
import { useEffect, useRef, useState, type ReactNode } from "react";
import { count } from "../format";
import { w } from "../words/words";

export interface Series {
  name: string;
  /** One hue in depths; the period before is dashed. */
  tone: 1 | 2 | 3 | "before";
  values: readonly number[];
}

interface ChartProps {
  title: string;
  labels: readonly string[];
  series: readonly Series[];
  footer?: ReactNode;
}

export function Chart({ title, labels, series, footer }: ChartProps) {
  const [asTable, setAsTable] = useState(false);
  return (
    <figure className="card">
      <header>
        <h2>{title}</h2>
        <div className="legend">
          {series.map(({ name, tone }) => (
            <span key={name}>
              <svg viewBox="0 0 10 10" aria-hidden="true">
                {tone === "before" ? <path className="before" d="M0 5h10" /> : <rect className={`f${tone}`} width="10" height="10" rx="2" />}
              </svg>
              {name}
            </span>
          ))}
        </div>
        <span className="push">
          <button type="button" className="b small quiet" aria-pressed={asTable} onClick={() => setAsTable(!asTable)}>
            {asTable ? w.chart.asChart : w.chart.asTable}
          </button>
        </span>
      </header>
      {asTable ? <Numbers title={title} labels={labels} series={series} /> : <Drawn title={title} labels={labels} series={series} />}
      {footer && <footer>{footer}</footer>}
    </figure>
  );
}

function Drawn({ title, labels, series }: Omit<ChartProps, "footer">) {
  const room = useRef<HTMLDivElement>(null);
  const [at, point] = useState<number | null>(null);
  const scheme = useScheme();
  useEffect(() => {
    let gone = false;
    let leave: (() => void) | undefined;
    void import("./plot").then(({ plot }) => {
      if (!gone && room.current) leave = plot(room.current, { labels, series, format: count, point });
    });
    return () => {
      gone = true;
      leave?.();
    };
  }, [labels, series, scheme]);
  return (
    <div className="in plot">
      <div ref={room} className="plot-room" role="img" aria-label={w.chart.spoken(title, labels[0] ?? "", labels.at(-1) ?? "")} />
      <p className="plot-at" aria-hidden="true">
        {at === null || labels[at] === undefined ? "\u00a0" : `${labels[at]}: ${series.map(({ name, values }) => `${name} ${count(values[at] ?? 0)}`).join(" · ")}`}
      </p>
    </div>
  );
}

// A canvas keeps the colours it was drawn in.
function useScheme(): string {
  const [scheme, setScheme] = useState(schemeNow);
  useEffect(() => {
    const look = () => setScheme(schemeNow());
    const dark = matchMedia("(prefers-color-scheme: dark)");
    const root = new MutationObserver(look);
    dark.addEventListener("change", look);
    root.observe(document.documentElement, { attributes: true, attributeFilter: ["data-theme"] });
    return () => {
      dark.removeEventListener("change", look);
      root.disconnect();
    };
  }, []);
  return scheme;
}
const schemeNow = () => `${document.documentElement.dataset["theme"] ?? ""} ${matchMedia("(prefers-color-scheme: dark)").matches}`;

function Numbers({ title, labels, series }: Omit<ChartProps, "footer">) {
  return (
    <div className="scroll plot-table" tabIndex={0} role="region" aria-label={title}>
      <table className="t">
        <caption className="sr">{title}</caption>
        <thead>
          <tr>
            <th scope="col">{w.reports.group.day}</th>
            {series.map(({ name }) => (
              <th key={name} scope="col" className="num">
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {labels.map((label, index) => (
            <tr key={label}>
              <th scope="row">{label}</th>
              {series.map(({ name, values }) => (
                <td key={name} className="num">
                  {count(values[index] ?? 0)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

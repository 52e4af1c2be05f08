// The drawing of a chart, in a file of its own with uPlot, fetched with the first chart.
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import type { Series } from "./Chart";

export interface Drawing {
  labels: readonly string[];
  series: readonly Series[];
  format(value: number): string;
  /** Of the label under the pointer, or null where there is none. */
  point(index: number | null): void;
}

const height = 190;
const lineWidth = 1.75;

/** Draws into `room` and follows its width; what it gives back takes it away. */
export function plot(room: HTMLElement, drawing: Drawing): () => void {
  const chart = new uPlot(optionsOf(room, drawing), [drawing.labels.map((_, index) => index), ...drawing.series.map(({ values }) => [...values])], room);
  const watch = new ResizeObserver(() => chart.setSize({ width: room.clientWidth, height }));
  watch.observe(room);
  return () => {
    watch.disconnect();
    chart.destroy();
  };
}

function optionsOf(room: HTMLElement, { labels, series, format, point }: Drawing): uPlot.Options {
  const css = getComputedStyle(room);
  const colour = (name: string) => resolved(room, css.getPropertyValue(name));
  const text = colour("--text-3");
  const grid = { stroke: colour("--gridline"), width: 1 };
  const font = `11px ${css.fontFamily}`;
  return {
    width: room.clientWidth,
    height,
    legend: { show: false },
    cursor: { y: false, drag: { x: false, y: false } },
    scales: { x: { time: false }, y: { range: (_, __, most) => [0, Math.max(1, most * 1.08)] } },
    axes: [
      { stroke: text, font, grid: { show: false }, ticks: { show: false }, size: 26, incrs: [1, 2, 5, 7, 14, 30, 60, 90, 180, 365], space: 90, values: (_, at) => at.map((index) => labels[index] ?? "") },
      { stroke: text, font, grid, ticks: { show: false }, size: 64, incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1e3, 2e3, 5e3, 1e4, 2e4, 5e4, 1e5, 2e5, 5e5, 1e6, 1e7, 1e8], values: (_, at) => at.map(format) },
    ],
    series: [{}, ...series.map((one) => seriesOf(one, colour))],
    hooks: { setCursor: [({ cursor }) => point(cursor.idx ?? null)] },
  };
}

function seriesOf({ name, tone }: Series, colour: (name: string) => string): uPlot.Series {
  const before = tone === "before";
  const stroke = colour(before ? "--series-before" : `--series-${tone}`);
  return { label: name, stroke, width: before ? 1.5 : lineWidth, ...(before ? { dash: [3, 3] } : {}), ...(tone === 1 ? { fill: `color-mix(in srgb, ${stroke} 9%, transparent)` } : {}), points: { show: false } };
}

// light-dark() as this page shows it: a canvas knows no such word.
function resolved(room: HTMLElement, value: string): string {
  const probe = document.createElement("span");
  probe.style.color = value;
  room.append(probe);
  const shown = getComputedStyle(probe).color;
  probe.remove();
  return shown;
}

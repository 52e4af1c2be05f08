// Numbers out of /metrics, Prometheus's text.

export type Metrics = ReadonlyMap<string, number>;

export function parseMetrics(text: string): Metrics {
  const lines = text.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
  return new Map(
    lines.flatMap((line) => {
      const at = line.lastIndexOf(" ");
      const value = Number(line.slice(at + 1));
      return at > 0 && !Number.isNaN(value) ? [[line.slice(0, at), value] as const] : [];
    }),
  );
}

import { expect, it } from "vitest";
import { parseMetrics } from "./metrics";

const text = '# HELP x\nbarracuda_build_info{version="0.2.0"} 1\nbarracuda_data_free_bytes 77286932480\nbroken\nnot_a_number NaN\n\n';

it("reads numbers, and passes over what is none", () => {
  const metrics = parseMetrics(text);
  expect(metrics.get("barracuda_data_free_bytes")).toBe(77286932480);
  expect(metrics.get('barracuda_build_info{version="0.2.0"}')).toBe(1);
  expect(metrics.size).toBe(2);
});

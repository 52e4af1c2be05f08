import { describe, expect, it } from "vitest";
import { addressOf, byKind, step, type Hit } from "./hits";

const hit = (kind: Hit["kind"], id: string): Hit => ({ kind, id, title: `the ${kind} ${id}` });

describe("what was found", () => {
  it("stands by kind, clicks first, in the order of the answer", () => {
    const found = byKind([hit("contact", "p"), hit("click", "b"), hit("delivery", "d"), hit("click", "a")]);
    expect(found.map(({ kind, hits }) => [kind, ...hits.map(({ id }) => id)])).toEqual([["click", "b", "a"], ["delivery", "d"], ["contact", "p"]]);
    expect(byKind([])).toEqual([]);
  });

  it("opens where it is, whatever letters its id has", () => {
    expect(addressOf(hit("click", "a&b=c #1"))).toBe("/conversions?search=a%26b%3Dc+%231");
    expect(addressOf(hit("conversion", "65a"))).toBe("/conversions?open=65a");
    expect(addressOf(hit("contact", "65b"))).toBe("/contacts?open=65b");
    expect(addressOf(hit("delivery", "c-ref"))).toBeNull();
  });
});

describe("the arrows", () => {
  it("go round the ends", () => {
    expect([step(-1, 1, 3), step(0, 1, 3), step(2, 1, 3)]).toEqual([0, 1, 0]);
    expect([step(-1, -1, 3), step(2, -1, 3), step(0, -1, 3)]).toEqual([2, 1, 2]);
  });
  it("have nowhere to go where nothing was found", () => {
    expect([step(-1, 1, 0), step(-1, -1, 0)]).toEqual([-1, -1]);
  });
});

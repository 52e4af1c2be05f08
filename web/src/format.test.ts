import { describe, expect, it } from "vitest";
import { ago, chooseZone, count, cutId, duration, ownZone, percent, plainTime, shownDay, sum, timeZone } from "./format";

const now = new Date("2026-11-28T14:32:08Z");
const before = (seconds: number) => new Date(now.getTime() - seconds * 1000);

describe("sums", () => {
  it("keep every digit", () => {
    expect(sum("1000000000000.123456", "USD")).toBe("1,000,000,000,000.123456");
    expect(sum(0.01, "USD")).toBe("0.01");
  });
  it("have the decimals their currency is paid in", () => {
    expect(sum(250, "USD")).toBe("250.00");
    expect(sum(250, "JPY")).toBe("250");
    expect(sum(1.5, "no currency")).toBe("1.50");
  });
});

describe("times", () => {
  it("say how long ago, in the largest unit that is whole", () => {
    expect(ago(before(2), now)).toBe("just now");
    expect(ago(before(38), now)).toBe("38 s");
    expect(ago(before(200), now)).toBe("3 min");
    expect(ago(before(7300), now)).toBe("2 h");
    expect(ago(before(3 * 86400), now)).toMatch(/25/);
  });
  it("say what is to come", () => {
    expect(ago(before(-30), now)).toBe("in 30 s");
  });
  it("are of the zone that was chosen, the day too", () => {
    const at = new Date("2026-11-24T23:30:00Z");
    chooseZone("Asia/Tokyo");
    expect(plainTime(at)).toMatch(/25.*8:30:00|8:30:00.*25/);
    expect(ago(at, now)).toMatch(/25/);
    chooseZone("America/Lima");
    expect(plainTime(at)).toMatch(/24.*6:30:00|24.*18:30:00/);
    expect(shownDay("2026-11-24")).toMatch(/24/);
    chooseZone(null);
    expect(timeZone()).toBe(ownZone);
  });
  it("last", () => {
    expect(duration(59)).toBe("59 s");
    expect(duration(86400)).toBe("1 day");
    expect(duration(2 * 86400)).toBe("2 days");
  });
});

describe("ids", () => {
  it("are whole where there is room", () => {
    expect(cutId("9f3c1b7e52a84d06")).toBe("9f3c1b7e52a84d06");
  });
  it("lose their middle, never half a letter", () => {
    expect(cutId("2b8e40d1-77c3-4f0a-9d15-3e6a0c5b91f2")).toBe("2b8e40d1…5b91f2");
    expect(cutId("😀".repeat(20))).toBe(`${"😀".repeat(8)}…${"😀".repeat(6)}`);
  });
});

it("counts and shares", () => {
  expect(count(48213)).toBe("48,213");
  expect(percent(1, 8)).toBe("12.5%");
  expect(percent(0, 0)).toBe("0%");
});

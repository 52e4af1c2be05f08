import { describe, expect, it } from "vitest";
import { dayAfter, dayOf, inZone, isDay, isZone, startOf, zones } from "./days";

const start = (day: string, zone: string) => startOf(day, zone).toISOString();

describe("a day", () => {
  it("is of a zone", () => {
    const at = new Date("2026-11-28T23:30:00Z");
    expect([dayOf(at, "UTC"), dayOf(at, "Europe/Berlin"), dayOf(at, "America/Lima")]).toEqual(["2026-11-28", "2026-11-29", "2026-11-28"]);
    expect(dayOf(new Date("2026-12-31T10:00:00Z"), "Pacific/Kiritimati")).toBe("2027-01-01");
  });
  it("begins there", () => {
    expect(start("2026-11-28", "UTC")).toBe("2026-11-28T00:00:00.000Z");
    expect(start("2026-11-28", "Europe/Berlin")).toBe("2026-11-27T23:00:00.000Z");
    expect(start("2026-11-28", "Asia/Kathmandu")).toBe("2026-11-27T18:15:00.000Z");
  });
  it("begins right where the clock is changed within it", () => {
    expect(start("2026-03-29", "Europe/Berlin")).toBe("2026-03-28T23:00:00.000Z");
    expect(start("2026-03-30", "Europe/Berlin")).toBe("2026-03-29T22:00:00.000Z");
    expect(start("2026-10-26", "Europe/Berlin")).toBe("2026-10-25T23:00:00.000Z");
  });
  it("begins at one where the clock is put forward at midnight, and is not the day before where it is put back", () => {
    expect(start("2018-11-04", "America/Sao_Paulo")).toBe("2018-11-04T03:00:00.000Z"); // 01:00 there
    expect(start("2018-02-18", "America/Sao_Paulo")).toBe("2018-02-18T03:00:00.000Z"); // 24:00 became 23:00
    expect(start("2026-10-25", "Atlantic/Azores")).toBe("2026-10-25T00:00:00.000Z"); // 01:00 becomes 00:00 at 01:00 UTC
  });
  it("of every zone follows the one before, without a gap", () => {
    for (const zone of zones()) {
      for (let day = "2026-03-01", n = 0; n < 260; n += 9, day = dayAfter(day, 9)) {
        const first = startOf(day, zone);
        expect(dayOf(first, zone), `${day} ${zone}`).toBe(day);
        expect(dayOf(new Date(first.getTime() - 1000), zone), `before ${day} ${zone}`).toBe(dayAfter(day, -1));
      }
    }
  });
  it("counts over months and years", () => {
    expect([dayAfter("2026-12-31", 1), dayAfter("2026-03-01", -1), dayAfter("2028-02-28", 1)]).toEqual(["2027-01-01", "2026-02-28", "2028-02-29"]);
  });
});

it("a list's days are those of the zone, the last one within; a time is the moment that it says", () => {
  const days = { from: "2026-11-27", to: "2026-11-28", status: "pending" };
  expect(inZone(days, "Europe/Berlin")).toEqual({ from: "2026-11-26T23:00:00.000Z", to: "2026-11-28T23:00:00.000Z", status: "pending" });
  expect(inZone({ from: "2026-11-27T10:00:00Z", to: "soon" }, "Europe/Berlin")).toEqual({ from: "2026-11-27T10:00:00Z", to: "soon" });
  expect(inZone({ updated_from: "2026-11-27", updated_to: "2026-11-27" }, "Europe/Berlin")).toEqual({ updated_from: "2026-11-26T23:00:00.000Z", updated_to: "2026-11-27T23:00:00.000Z" });
});

it("knows what is no zone and no day", () => {
  expect(["Europe/Berlin", "UTC", "Asia/Kolkata"].every(isZone)).toBe(true);
  expect(["", "Mars/Olympus", 7, null, "Europe/Berlin; x"].some(isZone)).toBe(false);
  expect(["2026-11-28", "2026-02-30x", "28.11.2026", "2026-13-01", "", null].map(isDay)).toEqual([true, false, false, false, false, false]);
});

import { describe, expect, it } from "vitest";
import { parseExact } from "./exact_json";
import { fieldNamedBy, troubleOf } from "./trouble";

describe("numbers", () => {
  it("are numbers where a double holds them", () => {
    expect(parseExact('{"amount": 250.50, "count": 12, "none": 0.0}')).toEqual({ amount: 250.5, count: 12, none: 0 });
  });
  it("stay text where it does not", () => {
    expect(parseExact('{"amount": 1000000000000.123456}')).toEqual({ amount: "1000000000000.123456" });
    expect(parseExact("[9007199254740993]")).toEqual(["9007199254740993"]);
  });
});

describe("trouble", () => {
  it("names the field that is to blame", () => {
    expect(troubleOf(400, { success: false, message: "status must be one of", field: "status", position: 3 })).toMatchObject({ field: "status", position: 3 });
    expect(fieldNamedBy("statuses: expected pending")).toBe("statuses");
  });
  it("has words where the answer has none", () => {
    expect(troubleOf(502, "<html>").message).toBe("HTTP 502");
  });
});

import { describe, expect, it } from "vitest";
import { Trouble } from "../../api/trouble";
import { changeOf, formOf, saysTheSame, thereIn } from "./correction";
import type { Conversion } from "./list";

const stored = { id: "1", status: "pending", amount: 100, currency: "USD", rev: 3 } as Conversion;

describe("a correction", () => {
  it("sends what was touched, and nothing else", () => {
    const form = formOf(stored);
    expect(changeOf(form, stored)).toEqual({});
    expect(changeOf({ ...form, amount: " 31.50 ", status: "approved" }, stored)).toEqual({ amount: "31.50", status: "approved" });
  });
  it("keeps a sum's digits", () => {
    expect(formOf({ ...stored, amount: "1000000000000.123456" as unknown as number }).amount).toBe("1000000000000.123456");
  });
  it("is still of what was seen where only a network answered", () => {
    expect(saysTheSame(stored, { ...stored, rev: 4 })).toBe(true);
    expect(saysTheSame(stored, { ...stored, rev: 4, status: "approved" })).toBe(false);
  });
  it("finds what is there in a refusal", () => {
    expect(thereIn(new Trouble(409, "rev: changed", "rev", null, stored))).toBe(stored);
    expect(thereIn(new Trouble(409, "its state", null))).toBeNull();
    expect(thereIn(new Trouble(400, "rev is required", "rev"))).toBeNull();
  });
});

import { describe, expect, it } from "vitest";
import { changesOf, draftOf, inputOf, isMacro, newDraft, pieces, type Network } from "./draft";

const stored = {
  name: "north",
  kind: "template",
  active: true,
  every_offer: true,
  updates: true,
  base_url: "",
  private_api_url: "",
  private_secret: "",
  delivery_parameter: "",
  secrets: ["env:BARRACUDA_SECRET_NEW", "env:BARRACUDA_SECRET_OLD"],
  statuses: ["approved"],
  goals: ["5"],
  limits: { rate_per_second: 50, retry_ms: [1000] },
  postback: { method: "POST", url: "https://t.example/in", headers: ["X-Goal: {goal_id}"], body_type: "json", body: '{"c":"{click_id}"}' },
  builtIn: false,
  rev: 12,
} as Network;

describe("a draft", () => {
  it("sends back what is stored, with the revision it was made of", () => {
    const input = inputOf(draftOf(stored), stored);
    expect(input).toMatchObject({ kind: "template", rev: 12, secrets: stored.secrets, goals: ["5"], postback: stored.postback });
    expect(input.limits).toEqual({ rate_per_second: 50, concurrency: 0, attempt_timeout_ms: 0, retry_ms: [1000] });
    expect(input.name).toBeUndefined();
  });
  it("of a new one names it, and has no revision", () => {
    const input = inputOf({ ...newDraft, name: " north " }, null);
    expect(input).toMatchObject({ name: "north" });
    expect("rev" in input).toBe(false);
  });
  it("counts what was changed", () => {
    const before = draftOf(stored);
    expect(changesOf(before, before)).toBe(0);
    expect(changesOf({ ...before, updates: false, goals: ["5", "6"] }, before)).toBe(2);
  });
  it("has no body where it sends none", () => {
    expect(inputOf({ ...draftOf(stored), body_type: "none" }, stored).postback?.body).toBe("");
  });
});

describe("macros", () => {
  it("are found in the text", () => {
    expect(pieces("a={click_id}&b={x}")).toEqual(["a=", "{click_id}", "&b=", "{x}", ""]);
  });
  it("are known by name, raw or as a map", () => {
    for (const known of ["{click_id}", "{_sub1}", "{status:approved=1,pending=0}"]) expect(isMacro(known)).toBe(true);
    for (const unknown of ["{clickid}", "{}", "{Click_id}"]) expect(isMacro(unknown)).toBe(false);
  });
});

import { describe, expect, it } from "vitest";
import { languageOf } from "../words/words";
import { changed } from "./address";
import { readPreferences } from "./preferences";

describe("the address", () => {
  const query = new URLSearchParams("status=pending&sortBy=amount");
  it("takes a change and keeps the rest", () => {
    expect(changed(query, { affiliate_id: "7" })).toBe("?status=pending&sortBy=amount&affiliate_id=7");
  });
  it("loses what is emptied", () => {
    expect(changed(query, { status: null, sortBy: "" })).toBe("");
  });
});

describe("preferences", () => {
  it("are the usual ones where what was kept is broken", () => {
    for (const kept of [null, "", "{", "[]", "7", '{"theme":"pink","keys":"no"}']) {
      expect(readPreferences(kept)).toMatchObject({ theme: "system", density: "comfortable", keys: true, language: null, tz: null });
    }
    expect(readPreferences('{"tz":"Mars/Olympus"}').tz).toBeNull();
  });
  it("are what was kept", () => {
    expect(readPreferences('{"theme":"dark","times":"exact","language":"de","tz":"Asia/Tokyo"}')).toMatchObject({ theme: "dark", times: "exact", language: "de", tz: "Asia/Tokyo" });
  });
});

it("speaks the first language that it knows", () => {
  expect(languageOf(["fr-FR", "de-CH", "en"])).toBe("de");
  expect(languageOf(["fr"])).toBe("en");
});

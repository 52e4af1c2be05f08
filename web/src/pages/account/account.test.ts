import { describe, expect, it } from "vitest";
import { browserOf } from "./agent";
import { pathOf } from "./qr";

describe("a browser's name", () => {
  it("is short where it is one", () => {
    const chrome = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36";
    expect(browserOf(chrome)).toBe("Chrome 156, Linux");
    expect(browserOf(`${chrome} Edg/156.0.1`)).toBe("Edge 156, Linux");
    expect(browserOf("Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) Version/19.1 Mobile/15E148 Safari/604.1")).toBe("Safari 19, iOS");
  });
  it("stands as it came where it is none", () => {
    expect(browserOf("curl/8.14")).toBe("curl/8.14");
    expect(browserOf(null)).toBeNull();
  });
});

describe("a QR code", () => {
  it("is one path of its dark squares, a run at a time", () => {
    expect(pathOf([[true, true, false], [false, false, false], [false, false, true]])).toBe("M0 0h2v1h-2zM2 2h1v1h-1z");
  });
});

import { describe, expect, it } from "vitest";
import { addressOf, faultOf, queryOf, viewsMax, withView, withoutView, type View } from "./views";

const view = (name: string, query = "", page = "/conversions"): View => ({ name, page, query });

describe("a view", () => {
  it("keeps filters and sorting, and not the row that is open", () => {
    expect(queryOf(new URLSearchParams("status=pending&open=65a&affiliate_id=7&cursor=x"))).toBe("affiliate_id=7&status=pending");
    expect(queryOf(new URLSearchParams("b=2&a=1"))).toBe(queryOf(new URLSearchParams("a=1&b=2")));
  });
  it("is an address", () => {
    expect(addressOf(view("mine", "status=pending"))).toBe("/conversions?status=pending");
    expect(addressOf(view("mine"))).toBe("/conversions");
  });
  it("is replaced by one of its name on its page, where it stands", () => {
    const kept = [view("a", "x=1"), view("b"), view("a", "y=1", "/received")];
    expect(withView(kept, view("a", "x=2"))).toEqual([view("a", "x=2"), view("b"), view("a", "y=1", "/received")]);
    expect(withView(kept, view("c"))).toHaveLength(4);
    expect(withoutView(kept, view("a"))).toEqual([view("b"), view("a", "y=1", "/received")]);
  });
  it("is refused where the API would refuse it", () => {
    const full = Array.from({ length: viewsMax }, (_, n) => view(String(n)));
    expect(faultOf(view(""), [])).toBe("name");
    expect(faultOf(view("ü".repeat(32)), [])).toBeNull();
    expect(faultOf(view("ü".repeat(33)), [])).toBe("long");
    expect(faultOf(view("a", "q".repeat(1025)), [])).toBe("query");
    expect(faultOf(view("new"), full)).toBe("many");
    expect(faultOf(view("3", "x=1"), full)).toBeNull();
  });
});

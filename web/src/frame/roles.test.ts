import { describe, expect, it } from "vitest";
import routes from "../../../src/api/router.cc?raw";
import { leastRole, may, type Matter, type Role } from "./roles";

// The part of a path that names its matter, where it is not the matter's own name.
const matters: Record<string, Matter> = { erasures: "contacts", jobs: "conversions", replays: "deliveries", offers: "goals", admins: "team" };
const roles: Record<string, Role> = { kAdmin: "operator", kOwner: "owner", kReader: "read_only" };
const matterOf = (path: string) => {
  const part = path.split("/")[3] ?? "";
  return matters[part] ?? (part in leastRole ? (part as Matter) : null);
};

const rows = [...routes.matchAll(/\{"(\/api\/admin\/[^"]+)",\s*"(POST|PUT|PATCH|DELETE)",\s*Access::(k\w+)/g)].map(([, path = "", method = "", access = ""]) => ({ path, method, access }));

describe("what the desk offers", () => {
  it("is what the server's table of routes lets each role do", () => {
    const changing = rows.filter(({ access }) => access === "kAdmin" || access === "kOwner");
    expect(changing.length).toBeGreaterThan(25);
    for (const { path, method, access } of changing) {
      const matter = matterOf(path);
      expect(matter, `${method} ${path} is of no matter`).not.toBeNull();
      expect(leastRole[matter as Matter], `${method} ${path}`).toBe(roles[access]);
    }
    expect(new Set(changing.map(({ path }) => matterOf(path)))).toEqual(new Set(Object.keys(leastRole)));
  });

  it("is nothing to whoever may only read, everything to an owner, and all but team and keys to an operator", () => {
    const all = Object.keys(leastRole) as Matter[];
    const of = (role: Role) => all.filter((matter) => may(role, matter));
    expect(of("read_only")).toEqual([]);
    expect(of("operator")).toEqual(all.filter((matter) => matter !== "keys" && matter !== "team"));
    expect(of("owner")).toEqual(all);
  });
});

// Who may do what: the one place of the desk that decides whether an action is offered. The server decides the same of each call
// (src/api/router.cc), and roles.test.ts holds one against the other.
import type { Schemas } from "../api/client";

export type Role = Schemas["Role"];

const rank: Record<Role, number> = { read_only: 0, operator: 1, owner: 2 };

/** The least role that may change something of each matter. Everybody sees all of them. */
export const leastRole = {
  conversions: "operator", // and what is done with many of them
  deliveries: "operator", // and jobs that replay or cancel
  contacts: "operator",
  networks: "operator",
  goals: "operator", // and offers
  keys: "owner",
  team: "owner",
} as const satisfies Record<string, Role>;
export type Matter = keyof typeof leastRole;

export const may = (role: Role, matter: Matter): boolean => rank[role] >= rank[leastRole[matter]];

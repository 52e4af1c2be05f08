// Every page of the desk: what is looked at by axe, and drawn by `./dev pictures`.
const openFirst = (page) => page.locator("a.row-link").first().click();

export const pages = [
  { name: "dashboard", path: "/admin" },
  { name: "conversions", path: "/admin/conversions" },
  { name: "conversion", path: "/admin/conversions?goal_type=deposit&status=approved", prepare: openFirst },
  { name: "nothing-fits", path: "/admin/conversions?search=no-such-click&status=rejected" },
  { name: "contacts", path: "/admin/contacts" },
  { name: "contact", path: "/admin/contacts", prepare: openFirst },
  { name: "reports", path: "/admin/reports?group=affiliate_id,status&compare=previous" },
  { name: "received", path: "/admin/received?conflict=true", prepare: openFirst },
  { name: "deliveries", path: "/admin/deliveries" },
  { name: "send-again", path: "/admin/deliveries?network=hub-east", prepare: (page) => page.getByRole("button", { name: "Send dead ones again…" }).click() },
  { name: "networks", path: "/admin/networks/tracker-north" },
  { name: "new-network", path: "/admin/networks/+new" },
  { name: "goals", path: "/admin/goals" },
  { name: "keys", path: "/admin/keys" },
  { name: "team", path: "/admin/team" },
  { name: "account", path: "/admin/account" },
  { name: "status", path: "/admin/status" },
  { name: "first-start", path: "/admin/first-start" },
  { name: "more", path: "/admin/more", only: "narrow" },
];

export const pagesOf = (width) => pages.filter(({ only }) => only === undefined || only === width);

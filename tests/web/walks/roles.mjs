// Each role on every page: what it may do is offered, what it may not is not there; and whoever may only read has no button but those
// that change nothing of the server's.
import assert from "node:assert/strict";
import { Desk } from "../desk.mjs";
import { pagesOf } from "../pages.mjs";

const people = JSON.parse(process.env.DESK_PEOPLE); // {role: {email, password}}
const { DESK_CONVERSION } = process.env; // pending, with a dead delivery
const openFirst = (page) => page.locator("a.row-link").first().click();

// Where an action stands, what it is called, and the least role that has it.
const actions = [
  { path: "/admin/conversions", least: "operator", names: ["Add a conversion"], boxes: true },
  { path: `/admin/conversions?open=${DESK_CONVERSION}`, least: "operator", names: [/^Approve…/, /^Reject…/, /^Correct…/, /^Resend/, "It knows already", "Cancel", "Send again"] },
  { path: "/admin/contacts?search=ana", prepare: openFirst, least: "operator", names: ["Approve…", "Erase…", "Save"] },
  { path: "/admin/deliveries", least: "operator", names: ["Send dead ones again…", "Cancel many…", /^Send again: /] },
  { path: "/admin/networks/tracker-north", least: "operator", names: ["Stop sending", "Delete…", /^Save/, "Send it once"] },
  { path: "/admin/networks/+new", least: "operator", names: [/^Save/] },
  { path: "/admin/goals", least: "operator", names: ["Add a goal", "Add an offer", /^Goal /] },
  { path: "/admin/keys", least: "owner", names: ["Make a key", /^Revoke /] },
  { path: "/admin/team", least: "owner", names: ["Invite somebody", /^Edit /] },
];
// What anybody may press: it looks, filters, copies, or is about oneself.
const harmless = [
  /^Find/, /^Filter$/, /^Change the filter/, /^Copy/, /^Close/, /^The one (above|below)/, /^(Pause|Go on)$/, /^View as (table|chart)$/, /^Saved views/, /^Export/,
  /^Sign out$/, /^Change the password/, /^Set up a second factor/, /^End( all others)?$/, /^(\d+|Something is) new$/, /^Change (it|the name)/,
];
const ranks = ["read_only", "operator", "owner"];

for (const role of ranks) {
  const desk = await Desk.open();
  const { page } = desk;
  await desk.signIn("/admin", people[role]);
  for (const { path, prepare, least, names, boxes } of actions) {
    await desk.visit(path);
    await prepare?.(page);
    await desk.settled();
    const offered = ranks.indexOf(role) >= ranks.indexOf(least);
    for (const name of names) {
      const n = await page.locator("main").getByRole("button", { name, exact: typeof name === "string" }).count();
      assert.equal(n > 0, offered, `${role} on ${path}: ${name} ${n} times`);
    }
    if (boxes) assert.equal((await page.locator("tbody .pick input").count()) > 0, offered, `${role} on ${path}: rows to choose`);
  }
  if (role === "read_only") {
    for (const { name, path, prepare } of pagesOf("wide").filter(({ name }) => name !== "send-again")) {
      await desk.visit(path);
      await prepare?.(page);
      await desk.settled();
      const buttons = await page.locator("main button:enabled").evaluateAll((all) => all.filter((one) => one.checkVisibility()).map((one) => one.getAttribute("aria-label") || one.title || one.textContent.trim()));
      assert.deepEqual(buttons.filter((text) => !harmless.some((known) => known.test(text))), [], `${name} offers whoever may only read`);
      const fields = await page.locator("main :is(input, textarea, select):enabled:not([readonly])").evaluateAll((all) => all.map((one) => one.labels?.[0]?.textContent?.trim() ?? one.type));
      const own = /Keep these filters|Click id|Name, e-mail|With the values of|Rows|then|Against|Theme|Times|Keys|Language|zone/i;
      assert.deepEqual(fields.filter((text) => !own.test(text)), [], `${name} can be written in`);
      assert.deepEqual(await desk.violations(), [], `${name}, read only`);
    }
    // the keys of actions do nothing either, and the list of keys does not name them
    await desk.visit(`/admin/conversions?open=${DESK_CONVERSION}`);
    for (const key of ["a", "r", "e", "s", "z", "x"]) await page.keyboard.press(key);
    assert.equal(await page.getByRole("dialog").count(), 0);
    await page.keyboard.press("?");
    await page.getByRole("dialog", { name: "Keys" }).waitFor();
    assert.equal(await page.getByText("approve, reject, correct, resend").count(), 0);
  }
  await desk.close();
}

// The find box: on every page by "/", what an id is as it is typed, the arrows, Enter before the answer, and each kind opens.
import assert from "node:assert/strict";
import { narrow, walk, wide } from "../desk.mjs";

const { DESK_CLICK, DESK_CONVERSION, DESK_DELIVERY } = process.env;

await walk({ size: wide }, async (desk) => {
  const { page } = desk;
  await desk.signIn("/admin/reports");
  await desk.settled();
  const box = page.getByRole("dialog", { name: "Find" });
  const field = box.getByRole("combobox");
  const options = box.getByRole("option");
  const marked = () => box.locator("[role=option][aria-selected=true]");

  // by its beginning: the clicks of it, walked through by the arrows, round the ends
  await page.keyboard.press("/");
  await field.waitFor();
  assert.equal(await options.count(), 0);
  await page.keyboard.type("find-me-");
  await box.getByRole("group", { name: "Clicks" }).waitFor();
  assert.deepEqual(await options.locator(".cut").allTextContents(), ["find-me-1", "find-me-2", "find-me-3"]);
  assert.deepEqual(await desk.violations(), []);
  await page.keyboard.press("ArrowUp");
  assert.equal(await marked().locator(".cut").textContent(), "find-me-3");
  assert.equal(await field.getAttribute("aria-activedescendant"), await marked().getAttribute("id"), "a screen reader hears the row");
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("ArrowDown");
  assert.equal(await marked().locator(".cut").textContent(), "find-me-2");
  await page.keyboard.press("Enter");
  await page.waitForURL(/conversions\?search=find-me-2$/);
  await desk.settled();
  await box.waitFor({ state: "detached" });
  assert.deepEqual([...new Set(await page.locator("a.row-link").allTextContents())], ["find-me-2"]);

  // pasted whole, Enter at once: it opens when the answer is there
  await page.keyboard.press("/");
  await page.keyboard.insertText(` ${DESK_CONVERSION} `);
  await page.keyboard.press("Enter");
  await page.waitForURL(new RegExp(`conversions\\?open=${DESK_CONVERSION}$`));
  await page.locator(".panel .head").waitFor();
  assert.equal(await page.locator(".panel .head .key").getAttribute("title"), DESK_CLICK);

  // a delivery opens with its conversion; a contact by e-mail opens by the mouse
  await page.goto("/admin");
  await desk.settled();
  await page.getByRole("button", { name: /Find a click/ }).click();
  await field.fill(DESK_DELIVERY);
  await box.getByRole("group", { name: "Deliveries" }).waitFor();
  await page.keyboard.press("Enter");
  await page.waitForURL(new RegExp(`conversions\\?open=${DESK_CONVERSION}$`));
  await page.keyboard.press("/");
  await field.fill("ANA@north.example");
  await box.getByRole("option", { name: "Ana Prata" }).click();
  await page.waitForURL(/contacts\?open=/);
  await page.locator(".panel .head", { hasText: "Ana Prata" }).waitFor();

  // nothing is said to be nothing, Escape leaves the page as it was, and what goes wrong is said
  await page.keyboard.press("/");
  await field.fill("no-such-thing");
  await box.getByText("Nothing is called so.").waitFor();
  const before = page.url();
  await page.keyboard.press("Escape");
  await box.waitFor({ state: "detached" });
  assert.equal(page.url(), before);
  desk.expect(/503/);
  await page.route("**/api/admin/search?*", (route) => route.fulfill({ status: 503, json: { success: false, message: "too many questions" } }));
  await page.keyboard.press("/");
  await field.fill("find-me");
  await box.getByText("too many questions").waitFor();
  await page.unroute("**/api/admin/search?*");
  await box.getByRole("button", { name: "Try again" }).click();
  await box.getByRole("group", { name: "Clicks" }).waitFor();

  // a link is a link: with a modifier it opens beside this page
  const [beside] = await Promise.all([page.context().waitForEvent("page"), options.first().click({ modifiers: ["ControlOrMeta"] })]);
  assert.match(beside.url(), /conversions\?search=find-me-1|about:blank/);
  await beside.close();
});

await walk({ size: narrow }, async (desk) => {
  const { page } = desk;
  await desk.signIn("/admin/deliveries");
  await desk.settled();
  await page.getByRole("button", { name: "Find", exact: true }).click();
  await page.getByRole("combobox").fill("find-me");
  await page.getByRole("option").first().waitFor();
  assert.deepEqual(await desk.violations(), []);
  const over = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  assert.ok(over <= 0, `${over} px beyond the page`);
  await page.getByRole("button", { name: /List all/ }).click();
  await page.waitForURL(/conversions\?search=find-me$/);
});

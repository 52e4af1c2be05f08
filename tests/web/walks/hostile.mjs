// What callers send to harm the page: markup, formulas, marks that turn the line, ids without a break, 10,000 characters.
import assert from "node:assert/strict";
import { narrow, walk, wide } from "../desk.mjs";
import { pagesOf } from "../pages.mjs";

const { DESK_HOSTILE } = process.env; // what the test reported: {click: how its deposit's amount is to be read}
const reported = JSON.parse(DESK_HOSTILE);

const openFirst = (page) => page.locator("a.row-link").first().click();
// Where the longest values stand that each field takes.
const long = [
  { path: `/admin/conversions?affiliate_id=${"af".repeat(60)}&country=${"co".repeat(60)}&status=rejected` },
  { path: "/admin/conversions?search=xxxx&status=approved", prepare: openFirst },
  { path: "/admin/contacts?search=NNNN", prepare: openFirst },
  { path: `/admin/received?click_id=${"x".repeat(500)}`, prepare: openFirst },
  { path: `/admin/deliveries?click_id=${"x".repeat(500)}` },
  { path: `/admin/networks/${"n".repeat(64)}` },
  { path: "/admin/reports?group=affiliate_id,country,offer_id" },
  { path: "/admin/networks/no-such-network" },
  { path: "/admin", prepare: (page) => page.locator(".find, .narrow-only >> visible=true").first().click().then(() => page.getByRole("combobox").fill("xxx")).then(() => page.getByRole("option").first().waitFor()) },
];

/** What is drawn beyond the window, or out of the box that it stands in, and no box around it scrolls. */
const beyond = (page) =>
  page.evaluate(() => {
    const edge = document.documentElement.clientWidth;
    const wrong = document.documentElement.scrollWidth > edge ? [`the page, by ${document.documentElement.scrollWidth - edge} px`] : [];
    for (const element of document.querySelectorAll("main *, dialog *, nav *")) {
      const box = element.getBoundingClientRect();
      if (box.width === 0 || !element.checkVisibility() || element.closest(".sr")) continue;
      let around = element.parentElement;
      while (around && getComputedStyle(around).overflowX === "visible") around = around.parentElement;
      const free = around === null || around === document.documentElement || around === document.body;
      if (free && (box.right > edge + 1 || box.left < -1)) wrong.push(`${element.tagName}.${element.className} ${Math.round(box.left)} to ${Math.round(box.right)}`);
    }
    for (const figure of document.querySelectorAll(".figures > a")) {
      const inside = Math.max(...[...figure.querySelectorAll("*")].map((one) => one.getBoundingClientRect().right));
      if (inside > figure.getBoundingClientRect().right + 1) wrong.push(`${figure.textContent} over its neighbour`);
    }
    return wrong.slice(0, 5);
  });

for (const size of [wide, narrow]) {
  await walk({ size }, async (desk) => {
    const { page } = desk;
    await page.addInitScript(() => Object.defineProperty(globalThis, "harmed", { set: () => console.error("a caller's script ran") }));
    page.on("dialog", () => assert.fail("a caller opened a dialog"));
    await desk.signIn();
    for (const [click, amount] of Object.entries(reported)) {
      await desk.visit(`/admin/conversions?search=${encodeURIComponent(click)}`);
      const link = page.locator("a.row-link").first();
      assert.equal(await link.getAttribute("title"), click, "whole on hover");
      assert.ok((await link.textContent()).length <= 20, "cut in the list");
      await page.getByText(amount).first().waitFor();
      await link.click();
      await page.locator(".panel .head").waitFor();
      await desk.settled();
      assert.deepEqual(await desk.violations(), [], click);
      const over = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
      assert.ok(over <= 0, `${click.slice(0, 20)}: ${over} px beyond the page`);
      assert.equal(await page.locator(".panel script, .panel img, .panel iframe").count(), 0);
    }
    for (const path of ["/admin/contacts", "/admin/received", "/admin/deliveries", "/admin"]) {
      await desk.visit(path);
      assert.equal(await page.locator("main script, main img, main iframe").count(), 0, path);
      const over = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
      assert.ok(over <= 0, `${path}: ${over} px beyond the page`);
    }
    for (const { path, prepare } of [...pagesOf(size === wide ? "wide" : "narrow").filter(({ name }) => name !== "send-again"), ...long]) {
      await desk.visit(path);
      await prepare?.(page);
      await desk.settled();
      assert.deepEqual(await beyond(page), [], `${path.slice(0, 60)} at ${size.width} px`);
      await page.keyboard.press("Escape");
    }
    await desk.visit("/admin/contacts?search=hostile%40desk.example");
    await page.locator("a.row-link").first().click();
    await page.locator(".panel .text").waitFor();
    assert.ok((await page.locator(".panel .text").textContent()).length > 3000, "the message is there, whole");
    assert.deepEqual(await desk.violations(), []);
  });
}

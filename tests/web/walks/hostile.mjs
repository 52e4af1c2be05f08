// What callers send to harm the page: markup, formulas, marks that turn the line, ids without a break, 10,000 characters.
import assert from "node:assert/strict";
import { narrow, walk, wide } from "../desk.mjs";

const { DESK_HOSTILE } = process.env; // what the test reported: {click: how its deposit's amount is to be read}
const reported = JSON.parse(DESK_HOSTILE);

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
    await desk.visit("/admin/contacts?search=hostile%40desk.example");
    await page.locator("a.row-link").first().click();
    await page.locator(".panel .text").waitFor();
    assert.ok((await page.locator(".panel .text").textContent()).length > 3000, "the message is there, whole");
    assert.deepEqual(await desk.violations(), []);
  });
}

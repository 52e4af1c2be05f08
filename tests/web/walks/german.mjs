// German by the browser's language, dates and numbers with it; English by choice, kept over a reload.
import assert from "node:assert/strict";
import { walk } from "../desk.mjs";
import { pagesOf } from "../pages.mjs";

await walk({ language: "de-DE" }, async (desk) => {
  const { page } = desk;
  desk.expect(/401 .*auth\/profile/);
  await page.goto("/admin/conversions");
  await page.getByLabel("E-Mail").fill(process.env.DESK_EMAIL);
  await page.getByLabel("Passwort", { exact: true }).fill(process.env.DESK_PASSWORD);
  await page.getByRole("button", { name: "Weiter" }).click();
  await page.locator(".app").waitFor();
  await desk.settled();
  assert.equal(await page.evaluate(() => document.documentElement.lang), "de");
  await page.getByText(/\d,\d\d/).first().waitFor();
  for (const { path } of pagesOf("wide")) {
    await desk.visit(path);
    const over = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    assert.ok(over <= 0, `${path}: ${over} px beyond the page`);
  }
  await desk.visit("/admin/account");
  await page.locator("main").getByLabel("Sprache").selectOption("en");
  await page.locator("main").getByLabel("Language").waitFor();
  await page.reload();
  await page.locator("main").getByLabel("Language").waitFor();
});

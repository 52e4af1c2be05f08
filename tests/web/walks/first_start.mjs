// The one-time link, an admin, then the first conversion: a refused request is shown with its reason, a good one turns the page green.
import assert from "node:assert/strict";
import { email, password, walk } from "../desk.mjs";

const { DESK_LINK, DESK_URL } = process.env;

await walk({}, async (desk) => {
  const { page } = desk;
  desk.expect(/401 .*setup/);
  await page.goto(DESK_LINK.replace(/token=.*/, "token=bkt_wrong"));
  await page.getByText("This link is not valid any more.").first().waitFor();
  assert.deepEqual(await desk.violations(), []);

  await page.goto(DESK_LINK);
  await page.getByLabel("Name").fill("First");
  await page.getByLabel("E-mail").fill(email);
  await page.getByLabel("Password").fill(password);
  assert.deepEqual(await desk.violations(), []);
  await page.getByRole("button", { name: "Begin" }).click();
  await page.waitForURL(/admin\/first-start/);
  await page.getByText("Waiting for your first conversion…").waitFor();

  await page.getByRole("button", { name: "Make the key" }).click();
  await page.getByText("The key stands in it, now only").waitFor();
  const key = await page.locator("[data-secret] .v").textContent();
  assert.match(key, /^bki_/);
  const report = (click) => fetch(`${DESK_URL}/api/postback?click_id=${encodeURIComponent(click)}&affiliate_id=7&goal=registration&key=${key}`);

  assert.equal((await report("{click_id}")).status, 400);
  await page.getByText("Something came, and was refused.").waitFor();
  await page.getByText("macro that was not replaced").waitFor();
  assert.deepEqual(await desk.violations(), []);

  assert.equal((await report("first-try")).status, 200);
  await page.getByRole("link", { name: "Open it" }).click();
  await page.locator(".panel .head", { hasText: "first-try" }).waitFor();
  await page.locator("#why details").first().waitFor();
});

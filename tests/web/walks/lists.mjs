// Lists: a filter stands in the address, Back takes it away, and the keys walk through the rows.
import assert from "node:assert/strict";
import { walk } from "../desk.mjs";

await walk({}, async (desk) => {
  const { page } = desk;
  await desk.signIn("/admin/conversions");
  await desk.settled();
  const total = async () => Number((await page.locator(".count b").first().textContent()).replace(/\D/g, ""));
  const all = await total();

  await page.keyboard.press("f");
  await page.getByRole("button", { name: "Status", exact: true }).click();
  await page.getByRole("button", { name: "Rejected" }).click();
  await page.waitForURL(/status=rejected/);
  await desk.settled();
  const rejected = await total();
  assert.ok(rejected > 0 && rejected < all, `${rejected} of ${all}`);
  const states = await page.locator("tbody .s").allTextContents();
  assert.equal(states.length, rejected, "a row for each that is counted");
  assert.deepEqual([...new Set(states)], ["Rejected"]);
  const tab = page.getByRole("navigation", { name: "Views" }).getByRole("link", { name: /^Rejected/ });
  assert.match(await tab.textContent(), new RegExp(`${rejected}$`), "the tab's count is its list's");

  await page.goBack();
  await desk.settled();
  assert.doesNotMatch(page.url(), /status/);
  assert.equal(await total(), all, "Back took the filter away");
  await page.goForward();
  await desk.settled();
  assert.equal(await total(), rejected);
  await page.getByRole("link", { name: "Remove the filter on Status" }).click();
  await desk.settled();
  assert.equal(await total(), all);

  await page.keyboard.press("j");
  await page.keyboard.press("j");
  const second = await page.locator("a.row-link").nth(1).textContent();
  assert.equal(await page.evaluate(() => document.activeElement.textContent), second);
  await page.keyboard.press("Enter");
  await page.locator(".panel").waitFor();
  assert.match(page.url(), /open=/);
  await page.locator("#why details, #why .notice").first().waitFor();
  await page.keyboard.press("j");
  await page.waitForFunction((before) => document.querySelector(".panel .head .key")?.title !== undefined && location.search !== before, "");
  await page.keyboard.press("Escape");
  await page.locator(".panel").waitFor({ state: "detached" });
  assert.doesNotMatch(page.url(), /open=/);

  await page.getByLabel("Click id begins with…").fill("zzz-no-such-click");
  await page.getByText("Nothing fits").waitFor();
  await page.getByRole("link", { name: "Clear all filters" }).click();
  await desk.settled();
  assert.equal(await total(), all);

  await page.keyboard.press("t");
  await page.locator("tbody time", { hasText: /\d{4}/ }).first().waitFor();
  await page.keyboard.press("t");
  await page.keyboard.press("?");
  await page.getByRole("dialog", { name: "Keys" }).waitFor();
  assert.deepEqual(await desk.violations(), []);
  await page.keyboard.press("Escape");
});

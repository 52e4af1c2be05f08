// Many conversions: rows chosen by box and by key, all that fit, counted first, with progress, and taken back.
import assert from "node:assert/strict";
import { walk } from "../desk.mjs";

const affiliate = process.env.DESK_AFFILIATE;
const all = Number(process.env.DESK_PENDING);

await walk({}, async (desk) => {
  const { page } = desk;
  await desk.signIn(`/admin/conversions?affiliate_id=${affiliate}&status=pending`);
  await desk.settled();
  const bar = page.getByRole("region", { name: "What is chosen" });
  const jobs = page.getByRole("region", { name: /conversions$|what a job did$/ });
  const boxes = page.locator("tbody .pick input");
  assert.equal(await boxes.count(), all);

  // by key: down, choose, down, choose
  await page.keyboard.press("j");
  await page.keyboard.press("x");
  await page.keyboard.press("j");
  await page.keyboard.press("x");
  await bar.getByText("2 chosen").waitFor();
  assert.equal(await page.locator("tbody tr[aria-selected=true]").count(), 2);
  assert.deepEqual(await desk.violations(), []);
  await page.keyboard.press("a");
  const dialog = page.getByRole("dialog");
  await dialog.getByRole("heading", { name: "Approve 2 conversions?" }).waitFor();
  await dialog.getByLabel(/^Reason/).fill("both seen");
  await dialog.getByRole("button", { name: "Approve 2" }).click();
  await page.getByText("2 of 2").waitFor();
  await page.waitForFunction((left) => document.querySelectorAll("tbody .pick input").length === left, all - 2);
  assert.equal(await bar.count(), 0, "nothing is chosen any more");

  // all that fit, and a no wants a reason
  await boxes.first().check();
  await bar.getByRole("button", { name: `Choose all ${all - 2} that fit` }).click();
  await bar.getByText(`${all - 2} chosen`).waitFor();
  await bar.getByRole("button", { name: /^Reject/ }).click();
  const go = dialog.getByRole("button", { name: `Reject ${all - 2}` });
  await go.click();
  await dialog.getByText("This needs a reason").waitFor();
  assert.deepEqual(await desk.violations(), []);
  await dialog.getByLabel(/^Reason/).fill("same device");
  await go.click();
  await page.getByText(`${all - 2} of ${all - 2}`).waitFor();
  await page.getByRole("heading", { name: "Nothing fits" }).waitFor();

  // Z takes back the last one
  await page.keyboard.press("z");
  await jobs.filter({ hasText: "Taking back" }).waitFor();
  await page.waitForFunction((left) => document.querySelectorAll("tbody .pick input").length === left, all - 2);
  assert.deepEqual(await desk.violations(), []);
});

// One conversion decided and corrected, with a reason; two people at once: the second is shown what is there, and nothing is lost.
import assert from "node:assert/strict";
import { Desk, walk } from "../desk.mjs";

const { DESK_CONVERSION } = process.env;
const path = `/admin/conversions?open=${DESK_CONVERSION}`;
const panel = (page) => page.locator("aside.panel");
const history = (page) => page.locator("#history li").allInnerTexts();

await walk({}, async (desk) => {
  const { page } = desk;
  desk.expect(/409 .*conversions/);
  await desk.signIn(path);
  await desk.settled();

  // by key alone: E opens, Escape leaves it
  await page.keyboard.press("e");
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Amount", { exact: true }).fill("31.50");
  assert.deepEqual(await desk.violations(), []);
  await dialog.getByRole("button", { name: "Save" }).click();
  await dialog.getByText("This needs a reason").waitFor();

  // somebody else is faster
  const other = await Desk.open();
  await other.signIn(path);
  await other.settled();
  await other.page.keyboard.press("r");
  await other.page.getByRole("dialog").getByLabel(/^Reason/).fill("paid twice");
  await other.page.getByRole("dialog").getByRole("button", { name: "Reject" }).click();
  await panel(other.page).locator(".head").getByText("Rejected").waitFor();
  await other.close();

  await dialog.getByLabel(/^Reason/).fill("as the invoice says");
  await dialog.getByRole("button", { name: "Save" }).click();
  await dialog.getByText("Somebody was faster.").waitFor();
  await dialog.getByText("paid twice").waitFor();
  assert.equal(await dialog.getByLabel("Amount", { exact: true }).inputValue(), "31.50", "what was typed is still there");
  assert.deepEqual(await desk.violations(), []);
  await dialog.getByRole("button", { name: "Apply it to that" }).click();
  await dialog.waitFor({ state: "detached" });
  await panel(page).locator(".head").getByText("31.50").waitFor();
  await desk.settled();

  const lines = (await history(page)).join("\n");
  assert.match(lines, /status[\s\S]*rejected[\s\S]*paid twice/, "the other's change is there");
  assert.match(lines, /amount[\s\S]*31\.5[\s\S]*as the invoice says/);

  // a yes needs no reason
  await page.keyboard.press("a");
  await dialog.getByRole("button", { name: "Approve" }).click();
  await panel(page).locator(".head").getByText("Approved").waitFor();
});

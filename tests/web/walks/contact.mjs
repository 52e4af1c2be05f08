// A contact: a no wants a reason, notes are kept, and erasing asks for the e-mail.
import assert from "node:assert/strict";
import { walk } from "../desk.mjs";

await walk({}, async (desk) => {
  const { page } = desk;
  await desk.signIn("/admin/contacts?search=ana");
  await desk.settled();
  await page.getByRole("link", { name: "Ana Prata" }).click();
  const panel = page.locator(".panel");
  await panel.getByRole("button", { name: "Reject…" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByRole("button", { name: "Reject", exact: true }).click();
  await dialog.getByText("A no needs a reason").waitFor();
  await dialog.getByLabel("Reason").fill("same device as others");
  await dialog.getByRole("button", { name: "Reject", exact: true }).click();
  await panel.locator(".head").getByText("Rejected").waitFor();
  await panel.locator(".facts").getByText("same device as others").waitFor();
  await panel.getByRole("region", { name: "Timeline" }).getByText("affiliate rejected (same device as others)").waitFor();

  await panel.getByLabel("Notes").fill("asked for papers");
  await panel.getByRole("button", { name: "Save" }).click();
  await page.locator(".toast", { hasText: "Saved" }).first().waitFor();
  await page.reload();
  await page.locator(".panel").getByLabel("Notes").waitFor();
  assert.equal(await page.locator(".panel").getByLabel("Notes").inputValue(), "asked for papers");

  await desk.visit("/admin/contacts?search=erase-me");
  await page.locator("a.row-link").first().click();
  await panel.getByRole("button", { name: "Erase…" }).click();
  const sure = dialog.getByRole("button", { name: "Erase for good" });
  assert.ok(await sure.isDisabled());
  await dialog.getByLabel("Type the e-mail to go on").fill("erase-me@desk.example");
  await sure.click();
  await panel.waitFor({ state: "detached" });
  await page.getByText("Nothing fits").waitFor();
});

// Dead deliveries sent again as a job: counted first, then its progress until the end. What the network says is its own (400 again).
import assert from "node:assert/strict";
import { walk } from "../desk.mjs";

await walk({}, async (desk) => {
  const { page } = desk;
  await desk.signIn("/admin/deliveries?network=hub-east");
  await desk.settled();
  await page.getByRole("button", { name: "Send dead ones again…" }).click();
  const dialog = page.getByRole("dialog");
  const go = dialog.getByRole("button", { name: /^Send [1-9]\d* again$/ });
  await go.waitFor();
  const fit = Number(/\d+/.exec(await go.textContent())[0]);
  assert.equal(await dialog.locator("dd b").textContent(), String(fit));
  assert.equal(await dialog.getByLabel("Network").inputValue(), "hub-east", "the list's own filter");
  await dialog.getByLabel("Status").fill("418");
  await dialog.getByRole("button", { name: "Send 0 again" }).waitFor();
  assert.ok(await dialog.getByRole("button", { name: "Send 0 again" }).isDisabled(), "nothing fits, nothing is begun");
  await dialog.getByLabel("Status").fill("");
  await dialog.getByLabel("A second").fill("20");
  await go.waitFor();
  await go.click();

  const job = page.getByRole("region", { name: /^A job/ }).first();
  await job.getByText("Sending dead deliveries of hub-east again").waitFor();
  await job.getByText("Running").waitFor();
  const progress = job.locator("progress");
  await page.waitForFunction(() => document.querySelector("progress").value > 0);
  assert.equal(Number(await progress.getAttribute("max")), fit);
  await job.getByText("Done", { exact: true }).waitFor({ timeout: 30_000 });
  assert.equal(await progress.getAttribute("aria-label"), `${fit} of ${fit}`);
  // What became of them: every one is refused again, and the card says so once the ledger has it all.
  const outcomes = job.getByRole("group", { name: "What became of them" });
  await outcomes.getByText(`${fit} dead again`).waitFor();
  await outcomes.getByText("0 accepted").waitFor();
  await outcomes.getByText("0 waiting").waitFor();
  assert.deepEqual(await desk.violations(), []);
});

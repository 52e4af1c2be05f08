// The team: somebody is invited by a link, sets a password, may look and not change; another role counts at once; keys; sessions.
import assert from "node:assert/strict";
import { Desk, email, walk } from "../desk.mjs";

const invited = "ray@desk.example";
const password = "a lantern over the harbour";

await walk({}, async (desk) => {
  const { page } = desk;
  const dialog = page.getByRole("dialog");
  await desk.signIn("/admin/team");
  await page.getByRole("button", { name: "Invite somebody" }).click();
  await dialog.getByLabel("E-mail").fill(invited);
  await dialog.getByLabel("Name").fill("Ray Lund");
  await dialog.getByLabel("Read only").check();
  assert.deepEqual(await desk.violations(), []);
  await dialog.getByRole("button", { name: "Invite", exact: true }).click();
  const link = (await dialog.locator("[data-secret] span").textContent()).trim();
  assert.match(link, /\/admin\/join#bkj_/);
  await dialog.getByRole("button", { name: "I have it" }).click();
  const row = page.getByRole("row").filter({ hasText: invited });
  await row.getByText("Invited").waitFor();

  const other = await Desk.open();
  try {
    await joins(other, link);
    await row.getByRole("button").click();
    await dialog.getByLabel("Operator").check();
    await dialog.getByRole("button", { name: "Save" }).click();
    await row.getByText("Operator").waitFor();
    await other.page.reload();
    await other.page.getByText("Your role is Operator; an owner can change that.").waitFor();

    await row.getByRole("button").click();
    await dialog.getByRole("button", { name: "Remove…" }).click();
    await dialog.getByRole("button", { name: "Remove", exact: true }).click();
    await row.waitFor({ state: "detached" });
    await other.page.reload();
    await other.page.getByRole("heading", { name: "Sign in" }).waitFor();
  } finally {
    await other.close();
  }

  const own = page.getByRole("row").filter({ hasText: email });
  desk.expect(/409 .*admins/);
  await own.getByRole("button").click();
  await dialog.getByLabel("Operator").check();
  await dialog.getByRole("button", { name: "Save" }).click();
  await dialog.getByText("this is the last owner").waitFor();
  await page.keyboard.press("Escape");
  await keys(desk, dialog);
});

async function joins(other, link) {
  const { page } = other;
  other.expect(/401 .*auth\/(profile|invitation)/);
  await page.goto(link);
  await page.getByRole("heading", { name: "Welcome" }).waitFor();
  assert.deepEqual(await other.violations(), []);
  await page.getByLabel("New password").fill(password);
  await page.getByRole("button", { name: "Begin" }).click();
  await page.locator(".app").waitFor();
  for (const place of ["/admin/team", "/admin/keys"]) {
    await other.visit(place);
    await page.getByText("You may look, not change.").waitFor();
    assert.equal(await page.locator(".tools button:visible, td.more button").count(), 0, "nothing to press");
  }
  await page.goto("about:blank"); // else the same address with another #
  await page.goto(link);
  await page.getByLabel("New password").fill(password);
  await page.getByRole("button", { name: "Begin" }).click();
  await page.getByText("This invitation is not valid any more.").waitFor();
  await page.goto("/admin/keys");
}

async function keys(desk, dialog) {
  const { page } = desk;
  await desk.visit("/admin/keys");
  desk.expect(/400 .*api\/admin\/keys/);
  await page.getByRole("button", { name: "Make a key" }).click();
  await dialog.getByLabel("Name").fill("tracker-west");
  await dialog.getByLabel("Affiliate").fill("{affiliate}");
  await dialog.getByRole("button", { name: "Make a key" }).click();
  await dialog.getByText("affiliate is").waitFor();
  await dialog.getByLabel("Affiliate").fill("204");
  await dialog.getByRole("button", { name: "Make a key" }).click();
  const key = (await dialog.locator("[data-secret] span").textContent()).trim();
  assert.match(key, /^bki_/);
  await dialog.getByRole("button", { name: "I have it" }).click();
  const row = page.getByRole("row").filter({ hasText: "tracker-west" });
  await row.getByText("never").waitFor();
  assert.equal((await page.content()).includes(key), false, "gone with the dialog");
  const status = await page.evaluate(async (secret) => {
    const body = JSON.stringify({ click_id: "of-a-key", affiliate_id: "204", amount: 5 });
    return (await fetch("/api/ftd", { method: "POST", body, headers: { "X-Api-Key": secret, "Content-Type": "application/json" } })).status;
  }, key);
  assert.equal(status, 200);
  await page.reload();
  await row.getByText(/just now|ago|in /).first().waitFor();
  await row.getByRole("button").click();
  await dialog.getByRole("button", { name: "Revoke it" }).click();
  await row.getByText("Revoked").waitFor();
}

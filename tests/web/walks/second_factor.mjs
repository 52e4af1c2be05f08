// The second factor: taken by a code, asked for at the door, a wrong code refused, a recovery code taken once, and given up again.
import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { email, password, walk } from "../desk.mjs";

const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
const stepMs = 30_000;

/** What an authenticator shows (RFC 6238). */
function codeOf(secret, step) {
  const bits = [...secret].map((letter) => letters.indexOf(letter).toString(2).padStart(5, "0")).join("");
  const key = Buffer.from(bits.match(/.{8}/g).map((byte) => parseInt(byte, 2)));
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(step));
  const mac = createHmac("sha1", key).update(counter).digest();
  const at = mac[mac.length - 1] & 15;
  return String((mac.readUInt32BE(at) & 0x7fffffff) % 1_000_000).padStart(6, "0");
}

await walk({}, async (desk) => {
  const { page } = desk;
  desk.expect(/401 .*auth\/(profile|totp)/);
  desk.expect(/400 .*auth\/totp/);
  const signOut = async () => {
    await page.locator(".me").first().click();
    await page.getByRole("navigation", { name: "Pages" }).getByRole("button", { name: "Sign out" }).click();
  };
  const showPassword = async () => {
    await page.getByLabel("E-mail").fill(email);
    await page.getByLabel("Password").fill(password);
    await page.getByRole("button", { name: "Go on" }).click();
    await page.getByRole("heading", { name: "Enter the code" }).waitFor();
  };
  const showRecovery = async (code) => {
    await page.getByText("Use a recovery code").click();
    await page.getByLabel("Recovery code").fill(code);
    await page.getByRole("button", { name: "Sign in", exact: true }).click();
  };

  await desk.signIn("/admin/account");
  await page.getByRole("button", { name: "Set up a second factor…" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByRole("img", { name: "QR code for your authenticator" }).waitFor();
  assert.deepEqual(await desk.violations(), []);
  const secret = (await dialog.locator("[data-secret] span").textContent()).replaceAll(" ", "");
  assert.match(secret, /^[A-Z2-7]{32}$/);
  await dialog.getByLabel("Its code").fill("12345");
  await dialog.getByRole("button", { name: "Turn it on" }).click();
  await dialog.getByText("code is not the one of now").waitFor();
  let step = Math.floor(Date.now() / stepMs);
  await dialog.getByLabel("Its code").fill(codeOf(secret, step));
  await dialog.getByRole("button", { name: "Turn it on" }).click();
  await dialog.getByRole("heading", { name: "Your recovery codes" }).waitFor();
  assert.deepEqual(await desk.violations(), []);
  const recovery = await dialog.locator(".recovery li").allTextContents();
  assert.equal(new Set(recovery).size, 10);
  await dialog.getByRole("button", { name: "I have kept them" }).click();
  await page.getByText("10 recovery codes are left.").waitFor();

  await signOut();
  await showPassword();
  assert.deepEqual(await desk.violations(), []);
  await page.getByLabel("Six digits").pressSequentially(codeOf(secret, step));
  await page.getByRole("alert").getByText("The code is wrong, or was used already.").waitFor();
  assert.equal(await page.locator(".app").count(), 0, "the desk is not shown");
  step += 1; // half a minute ahead counts too
  await page.getByLabel("Six digits").pressSequentially(codeOf(secret, step));
  await page.locator(".app").waitFor();

  await signOut();
  await showPassword();
  await showRecovery(recovery[0]);
  await page.getByText("9 recovery codes are left.").waitFor();
  await signOut();
  await showPassword();
  await showRecovery(recovery[0]);
  await page.getByRole("alert").getByText("The code is wrong, or was used already.").waitFor();
  await page.getByLabel("Recovery code").fill(recovery[1]);
  await page.keyboard.press("Enter");
  await page.getByText("8 recovery codes are left.").waitFor();

  await page.getByRole("button", { name: "Turn the second factor off…" }).click();
  await dialog.getByLabel("Code, or a recovery code").fill("no code");
  await dialog.getByRole("button", { name: "Turn it off" }).click();
  await dialog.getByRole("alert").waitFor();
  await dialog.getByLabel("Code, or a recovery code").fill(recovery[2]);
  await dialog.getByRole("button", { name: "Turn it off" }).click();
  await page.getByRole("button", { name: "Set up a second factor…" }).waitFor();
});

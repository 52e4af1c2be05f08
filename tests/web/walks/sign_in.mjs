// The door: a wrong password is said and nothing is let through; the right one goes on where somebody was.
import assert from "node:assert/strict";
import { email, password, walk } from "../desk.mjs";

await walk({}, async (desk) => {
  const { page } = desk;
  desk.expect(/401 .*auth\/(profile|login)/);
  await page.goto("/admin/conversions?status=pending");
  await page.getByRole("heading", { name: "Sign in" }).waitFor();
  assert.deepEqual(await desk.violations(), []);

  await page.getByLabel("E-mail").fill(email);
  await page.getByLabel("Password").fill("not the password");
  await page.getByRole("button", { name: "Go on" }).click();
  await page.getByRole("alert").getByText("E-mail or password is wrong.").waitFor();
  assert.equal(await page.locator(".app").count(), 0, "the desk is not shown");
  assert.deepEqual(await desk.violations(), []);

  await page.getByLabel("Password").fill(password);
  await page.getByRole("button", { name: "Go on" }).click();
  await page.getByRole("heading", { name: "Conversions" }).waitFor();
  assert.match(page.url(), /status=pending/, "the address is kept");
  await page.reload();
  await page.getByRole("heading", { name: "Conversions" }).waitFor();

  await page.locator(".me").first().click();
  await page.getByRole("button", { name: "Sign out" }).click();
  await page.getByRole("heading", { name: "Sign in" }).waitFor();
  await page.reload();
  await page.getByRole("heading", { name: "Sign in" }).waitFor();
});

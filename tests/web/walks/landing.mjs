// A stranger comes by a tracker's link, errs, sends the form, and reads the thanks: with scripts and without.
import { strict as assert } from "node:assert";
import { Desk, narrow, wide } from "../desk.mjs";

const { DESK_LANDING, DESK_EMAIL_NEW, DESK_SCRIPTS } = process.env;

async function fill(page, email) {
  await page.getByLabel("a media buyer").check();
  await page.getByRole("textbox", { name: "Name" }).fill("Visitor 12");
  await page.getByLabel(/^Company/).fill("Company 12");
  await page.getByLabel("E-mail").fill(email);
  await page.getByLabel(/^Where do you send/).fill("<b>three</b> countries\n& more");
}

const scripts = DESK_SCRIPTS === "on";
const desk = await Desk.open({ scripts });
desk.expect(/400 /); // the form comes back as an answer of 400
try {
  const { page } = desk;
  await page.goto(DESK_LANDING);
  if (scripts) {
    for (const size of [wide, narrow]) {
      for (const theme of ["light", "dark"]) {
        await page.setViewportSize(size);
        await desk.paint(theme);
        assert.deepEqual(await desk.violations(), [], `${theme} at ${size.width}`);
        assert.equal(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), true, `too wide at ${size.width}`);
      }
    }
  }
  await fill(page, "visitor@nowhere@else");
  await page.getByRole("button", { name: "Send" }).click();
  const email = page.getByLabel("E-mail");
  await email.and(page.locator("[aria-invalid=true]")).waitFor();
  assert.match(await page.locator("#w-email").innerText(), /no e-mail address/);
  assert.equal(await email.inputValue(), "visitor@nowhere@else");
  assert.equal(await page.getByLabel(/^Where do you send/).inputValue(), "<b>three</b> countries\n& more");
  assert.equal(await page.getByLabel("a media buyer").isChecked(), true);
  if (scripts) assert.deepEqual(await desk.violations(), [], "with a complaint");
  await email.fill(DESK_EMAIL_NEW);
  await page.getByRole("button", { name: "Send" }).click();
  await page.getByRole("heading", { name: "Thank you" }).waitFor();
  assert.match(page.url(), /\/thanks\?/);
  if (scripts) assert.deepEqual(await desk.violations(), [], "thanks");
  await page.getByRole("link", { name: "Deutsch" }).click();
  await page.getByRole("heading", { name: "Danke" }).waitFor();
} catch (error) {
  await desk.page.screenshot({ path: process.env.DESK_SHOT ?? "/tmp/desk-failed.png" }).catch(() => {});
  await desk.browser.close();
  throw error;
}
await desk.close();

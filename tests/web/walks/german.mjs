// German by the browser's language, dates and numbers with it; what the API says too, with none of its English left on any page; English
// by choice, kept over a reload.
import assert from "node:assert/strict";
import { walk } from "../desk.mjs";
import { pagesOf } from "../pages.mjs";

const english = JSON.parse(process.env.DESK_ENGLISH); // pieces of what the API says
const openFirst = (page) => page.locator("a.row-link").first().click();

// Where the API's words stand: refused requests and their steps, why a conversion is so, a person's timeline, dead deliveries.
const spoken = [
  { path: "/admin/received?refused=true", prepare: openFirst, says: /ist ein Makro, das nicht ersetzt wurde|muss eine Zahl sein/ },
  { path: "/admin/received?refused=false", prepare: openFirst, says: /verbucht|schon gespeichert/ },
  { path: `/admin/conversions?open=${process.env.DESK_CONVERSION}`, says: /unter diesem Schlüssel ist nichts gespeichert/ },
  { path: "/admin/contacts?search=ana", prepare: openFirst, says: /das Formular wurde ausgefüllt/ },
  { path: "/admin/conversions?status=lost", says: /status muss pending, approved oder rejected sein/ },
  { path: "/admin/reports?group=moon", says: /./ },
  { path: "/admin/deliveries", says: /./ },
];

async function englishOn(page) {
  const text = await page.evaluate(() => {
    const titles = [...document.querySelectorAll("main [title]")].map((one) => one.title);
    return [document.querySelector("main").innerText, ...titles].join("\n");
  });
  return { text, found: english.filter((piece) => text.includes(piece)) };
}

await walk({ language: "de-DE" }, async (desk) => {
  const { page } = desk;
  desk.expect(/401 .*auth\/profile/);
  await page.goto("/admin/conversions");
  await page.getByLabel("E-Mail").fill(process.env.DESK_EMAIL);
  await page.getByLabel("Passwort", { exact: true }).fill(process.env.DESK_PASSWORD);
  await page.getByRole("button", { name: "Weiter" }).click();
  await page.locator(".app").waitFor();
  await desk.settled();
  assert.equal(await page.evaluate(() => document.documentElement.lang), "de");
  await page.getByText(/\d,\d\d/).first().waitFor();
  for (const { path } of pagesOf("wide")) {
    await desk.visit(path);
    const over = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    assert.ok(over <= 0, `${path}: ${over} px beyond the page`);
    assert.deepEqual((await englishOn(page)).found, [], path);
  }
  desk.expect(/400 .*api\/admin\/(conversions|reports|networks)/);
  for (const { path, prepare, says } of spoken) {
    await desk.visit(path);
    if (prepare) await prepare(page);
    await desk.settled();
    const { text, found } = await englishOn(page);
    assert.deepEqual(found, [], path);
    assert.match(text, says, path);
  }

  // A form's fields: what is refused is said beside them.
  await desk.visit("/admin/networks/+new");
  await page.getByLabel("Name", { exact: true }).fill("deutsch");
  await page.locator("main").getByLabel(/^Adresse/).fill("ftp://x.example/in");
  await page.getByRole("button", { name: /Speichern/ }).first().click();
  await page.locator(".wrong").getByText(/erwartet: http:\/\/ oder https:\/\/ am Anfang/).waitFor();
  assert.deepEqual((await englishOn(page)).found, []);
  await desk.visit("/admin/account");
  await page.locator("main").getByLabel("Sprache").selectOption("en");
  await page.locator("main").getByLabel("Language").waitFor();
  await page.reload();
  await page.locator("main").getByLabel("Language").waitFor();

  // The negative control: in English the same page says it.
  await desk.visit(spoken[0].path);
  assert.ok((await englishOn(page)).found.length > 0);
});

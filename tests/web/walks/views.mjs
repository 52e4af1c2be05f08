// Saved views and the zone: a filter under a name, kept with the account, opened in another browser, given up; and every date, every
// day of a filter and of a report is of the zone that was chosen.
import assert from "node:assert/strict";
import { Desk, walk } from "../desk.mjs";

const { DESK_NIGHT, DESK_NIGHT_DAY } = process.env; // a conversion, and its day in Kiritimati
const zone = "Pacific/Kiritimati"; // 14 hours before UTC all year: always another day somewhere

// With the account, and not in this browser alone.
async function kept(page, act) {
  const answered = page.waitForResponse((answer) => answer.url().endsWith("/auth/profile") && answer.request().method() === "PUT");
  await act();
  await answered;
}

await walk({}, async (desk) => {
  const { page } = desk;
  await desk.signIn("/admin/conversions?status=rejected&affiliate_id=7");
  await desk.settled();
  const views = page.getByRole("button", { name: /^Saved views/ });
  const name = page.getByLabel("Keep these filters as");
  const keep = page.getByRole("button", { name: "Keep", exact: true });
  const saved = (text) => page.getByRole("link", { name: text, exact: true });

  await views.click();
  await page.getByText("None of this page yet.").waitFor();
  await keep.click();
  await page.getByText("A view needs a name.").waitFor();
  assert.deepEqual(await desk.violations(), []);
  await name.fill("x".repeat(65));
  await page.getByText("A name may have 64 bytes at most.").waitFor();
  await name.fill("Seven's no <b>");
  await keep.click();
  await saved("Seven's no <b>").waitFor();
  await page.keyboard.press("Escape");
  assert.match(await views.textContent(), /Seven's no <b>/, "the list says which view it is");

  // it is of this page alone, and opens from elsewhere in the list
  await desk.visit("/admin/received");
  await views.click();
  await page.getByText("None of this page yet.").waitFor();
  await page.keyboard.press("Escape");
  await desk.visit("/admin/conversions");
  assert.equal(await views.textContent(), "Views", "none of them is shown");
  await views.click();
  await saved("Seven's no <b>").click();
  await page.waitForURL(/conversions\?affiliate_id=7&status=rejected$/);
  await desk.settled();
  assert.deepEqual([...new Set(await page.locator("tbody .s").allTextContents())].filter((text) => text !== "Rejected"), []);

  // another tab keeps one meanwhile: neither is lost; and what the server refuses is said
  const tab = await page.context().newPage();
  await tab.goto("/admin/conversions?status=pending");
  await tab.getByRole("button", { name: /^Saved views/ }).click();
  await tab.getByLabel("Keep these filters as").fill("Open ones");
  await tab.getByRole("button", { name: "Keep", exact: true }).click();
  await tab.getByRole("link", { name: "Open ones", exact: true }).waitFor();
  await tab.close();
  for (let n = 0; n < 2; n += 1) await kept(page, () => page.keyboard.press("d")); // saved beside the views
  desk.expect(/503/);
  await page.route("**/api/admin/auth/profile", (route) => (route.request().method() === "PUT" ? route.fulfill({ status: 503, json: { success: false, message: "no writes now" } }) : route.continue()));
  await views.click();
  await name.fill("third");
  await keep.click();
  await page.getByText("no writes now").waitFor();
  await page.unroute("**/api/admin/auth/profile");
  await page.keyboard.press("Escape");

  // the zone: chosen once, every page at once
  await desk.visit("/admin/account");
  await kept(page, () => page.locator("main").getByLabel("Time zone").selectOption(zone));

  const other = await Desk.open();
  try {
    const there = other.page;
    await other.signIn("/admin/conversions");
    await other.settled();
    await there.getByRole("button", { name: /^Saved views/ }).click();
    for (const text of ["Seven's no <b>", "Open ones"]) await there.getByRole("link", { name: text, exact: true }).waitFor();
    await there.getByRole("button", { name: "Forget the view Seven's no <b>" }).click();
    await there.getByRole("link", { name: "Seven's no <b>", exact: true }).waitFor({ state: "detached" });
    await there.keyboard.press("Escape");
    await zoned(other);
  } finally {
    await other.close();
  }

  await page.reload();
  await page.locator("main").getByLabel("Time zone").waitFor();
  assert.equal(await page.locator("main").getByLabel("Time zone").inputValue(), zone);
  await kept(page, () => page.locator("main").getByLabel("Time zone").selectOption({ index: 0 }));
  await page.reload();
  await page.locator("main").getByLabel("Time zone").waitFor();
  await desk.settled();
  assert.equal(await page.locator("main").getByLabel("Time zone").inputValue(), "");
  await desk.visit("/admin/reports");
  await page.getByText("days of Europe/Berlin").waitFor();
});

async function zoned(desk) {
  const { page } = desk;
  const [, month, date] = DESK_NIGHT_DAY.split("-").map(Number);
  // the day of a filter is the zone's: the conversion is in its own day there, and not in the ones beside it
  const listed = async (day) => {
    await desk.visit(`/admin/conversions?search=${DESK_NIGHT}&from=${day}&to=${day}`);
    return page.locator("a.row-link").count();
  };
  const beside = (n) => new Date(Date.UTC(Number(DESK_NIGHT_DAY.slice(0, 4)), month - 1, date + n)).toISOString().slice(0, 10);
  assert.deepEqual([await listed(beside(-1)), await listed(DESK_NIGHT_DAY), await listed(beside(1))], [0, 1, 0]);
  await page.keyboard.press("t");
  // the last day may be today: then the row says so in the zone's date
  await desk.visit(`/admin/conversions?search=${DESK_NIGHT}`);
  const shown = await page.locator("tbody time").first().textContent();
  assert.match(shown, new RegExp(`\\b${date}\\b`), `${shown} is of ${DESK_NIGHT_DAY}`);
  await page.keyboard.press("t");
  await desk.visit("/admin/reports?group=day");
  await page.getByText(`days of ${zone}`).waitFor();
  // the row of a day opens the list of that day
  const row = page.locator("section.card tbody tr").first();
  const counted = Number((await row.locator("td").first().textContent()).replace(/\D/g, ""));
  await row.locator("a").first().click();
  await page.waitForURL(/\/conversions\?/);
  await desk.settled();
  assert.equal(Number((await page.locator(".count b").first().textContent()).replace(/\D/g, "")), counted, "the list behind a day's row");
}

// Contacts by filter and by cursor, each in the address, and what became of one person.
import assert from "node:assert/strict";
import { walk } from "../desk.mjs";

const cursors = [];

await walk({}, async (desk) => {
  const { page } = desk;
  page.on("request", (request) => {
    const url = new URL(request.url());
    if (url.pathname === "/api/admin/contacts" && url.searchParams.has("cursor")) cursors.push(url.searchParams.get("cursor"));
  });
  await desk.signIn("/admin/contacts");
  await desk.settled();
  const filter = async (label, value) => {
    await page.getByRole("button", { name: "Filter", exact: true }).click();
    await page.getByRole("button", { name: label, exact: true }).click();
    const choice = page.getByRole("group", { name: label }).getByRole("button", { name: value, exact: true });
    const field = page.locator(".filter-form").getByLabel(label);
    await choice.or(field).waitFor();
    if (await field.isVisible()) {
      await field.fill(value);
      await page.locator(".filter-form").getByRole("button", { name: "Apply" }).click();
    } else {
      await choice.click();
    }
    await desk.settled();
  };
  const counted = () => page.locator("p.count b").first().textContent();

  await filter("Came from affiliate", "777");
  assert.equal(new URL(page.url()).searchParams.get("affiliate_id"), "777");
  assert.equal(await counted(), "210");

  // To the end of the list, page by page by the cursor of the page before.
  const shown = page.getByText("210, that is all").or(page.locator("p.foot", { hasText: /^210/ }));
  for (let i = 0; i < 60 && !(await shown.first().isVisible()); i += 1) {
    await page.mouse.move(700, 600);
    await page.mouse.wheel(0, 3000);
    await page.waitForTimeout(100);
  }
  await page.locator("p.foot", { hasText: "210" }).waitFor();
  assert.equal(new Set(cursors).size, 2, "two more pages of a hundred, and no page number");

  await filter("First deposit", "not made"); // the chain rule gave each of them one
  await page.getByText("Nothing fits").waitFor();
  await page.goBack();
  await desk.settled();
  assert.equal(await counted(), "210", "Back takes the last filter away");

  await desk.visit("/admin/contacts?ftd=true&affiliate_id=778");
  assert.equal(await counted(), "1");
  await page.getByText("First deposits:").waitFor();
  await desk.visit("/admin/contacts?click_id=timeline-click");
  await page.getByRole("link", { name: "Tim Line" }).click();
  const timeline = page.getByRole("region", { name: "Timeline" });
  const steps = timeline.locator("li");
  await timeline.getByText(/deposit, goal 6, 40 USD, approved/).first().waitFor();
  assert.match(await steps.last().textContent(), /^Came/, "it begins with the form");
  await timeline.getByText("Delivery", { exact: true }).first().waitFor();
  assert.deepEqual(await desk.violations(), []);
  await page.setViewportSize({ width: 390, height: 844 });
  assert.deepEqual(await desk.violations(), []);
  await page.setViewportSize({ width: 1440, height: 900 });

  await timeline.getByRole("link", { name: "Conversion", exact: true }).first().click();
  await page.locator(".panel", { hasText: "timeline-click" }).waitFor();

  // A wrong value is refused by name, and said.
  desk.expect(/400 .*api\/admin\/contacts/);
  await desk.visit("/admin/contacts?ftd=maybe");
  await page.getByText(/ftd .*must be/).first().waitFor();
});

// Reports: groupings and comparison stand in the address, the chart is a table too, a row opens the list that it counts, and the
// export is what the screen shows.
import assert from "node:assert/strict";
import { walk } from "../desk.mjs";

const number = (text) => Number(text.replace(/\D/g, ""));

await walk({}, async (desk) => {
  const { page } = desk;
  await desk.signIn("/admin/reports");
  await desk.settled();
  const table = page.locator("section.card table");
  const column = async (selector, name) => {
    const heads = await table.locator("thead th").allTextContents();
    const place = heads.indexOf(name);
    assert.ok(place > 0, `${name} of ${heads}`);
    const cells = await table.locator(selector).evaluateAll((rows, at) => rows.map((row) => {
      let passed = 0;
      for (const cell of row.cells) {
        if (passed === at) return cell.textContent;
        passed += cell.colSpan;
      }
      return "";
    }), place);
    return cells.map(number);
  };
  await table.waitFor();
  const conversions = await column("tbody tr", "Conversions");
  const [all] = await column("tfoot tr", "Conversions");
  assert.equal(conversions.reduce((sum, one) => sum + one, 0), all, "the rows are all there is");
  assert.ok(all > 0);
  assert.deepEqual(conversions, [...conversions].sort((a, b) => b - a), "most first");

  await page.locator(".plot-room canvas").waitFor();
  await page.getByRole("button", { name: "View as table" }).click();
  const days = await page.locator(".plot-table tbody tr").evaluateAll((rows) => rows.map((row) => Number(row.cells[1].textContent.replace(/\D/g, ""))));
  assert.equal(days.length, 30);
  assert.equal(days.reduce((sum, one) => sum + one, 0), all, "the chart counts the same");
  await page.getByRole("button", { name: "View as chart" }).click();

  await page.getByLabel("then", { exact: true }).selectOption("status");
  await page.waitForURL(/group=affiliate_id%2Cstatus/);
  await page.getByLabel("Against").selectOption("previous");
  await page.waitForURL(/compare=previous/);
  await page.getByRole("columnheader", { name: "Before" }).waitFor();
  await desk.settled();
  assert.equal((await column("tfoot tr", "Conversions"))[0], all);
  assert.deepEqual(await desk.violations(), []);
  const file = await page.evaluate(async (link) => (await fetch(link)).text(), await page.getByRole("link", { name: "Export" }).getAttribute("href"));
  const lines = file.trim().split("\r\n");
  assert.ok(lines[0].replace("\ufeff", "").startsWith("affiliate_id,status,conversions,"), lines[0]);
  assert.equal(lines.length - 1, await table.locator("tbody tr").count(), "a line for each row");

  await page.goBack();
  await page.waitForURL((url) => !url.search.includes("compare"));
  await page.goBack();
  await page.waitForURL((url) => !url.search.includes("group"));
  await desk.settled();
  const first = table.locator("tbody tr").first();
  const counted = number(await first.locator("td").first().textContent());
  await first.locator("a").first().click();
  await page.waitForURL(/\/conversions\?/);
  await desk.settled();
  assert.equal(number(await page.locator(".count b").first().textContent()), counted, "the list behind the row");

  // The same by last change: in the address, undone by Back, as a file, and its list is another one.
  await page.goBack();
  await desk.settled();
  await page.getByRole("link", { name: "By last change" }).click();
  await page.waitForURL(/by=changed/);
  await desk.settled();
  assert.equal((await column("tfoot tr", "Conversions"))[0], all, "all were changed since: when they were recorded");
  assert.ok(await page.getByLabel("Against").isDisabled());
  assert.deepEqual(await desk.violations(), []);
  const changes = await page.evaluate(async (link) => (await fetch(link)).text(), await page.getByRole("link", { name: "Export" }).getAttribute("href"));
  assert.equal(changes.trim().split("\r\n").length - 1, await table.locator("tbody tr").count(), "a line for each row");
  await page.goBack();
  await page.waitForURL((url) => !url.search.includes("by="));
  await page.goForward();
  await page.waitForURL(/by=changed/);
  await desk.settled();
  const moved = number(await first.locator("td").first().textContent());
  await first.locator("a").first().click();
  await page.waitForURL(/updated_from=/);
  await desk.settled();
  assert.equal(number(await page.locator(".count b").first().textContent()), moved, "the list behind it");

  // and that list's export is that list, in its order, to the last row
  await page.getByRole("link", { name: "Click", exact: true }).click();
  await page.waitForURL(/sortBy=click_id/);
  await desk.settled();
  const rows = await page.evaluate(async (href) => (await fetch(href)).text(), await page.getByRole("link", { name: "Export" }).getAttribute("href"));
  const [head, ...exported] = rows.replace("\ufeff", "").trim().split("\r\n").map((line) => line.split(","));
  const clicks = await page.locator("a.row-link").evaluateAll((links) => links.map((link) => link.title));
  assert.ok(clicks.length > 1);
  assert.deepEqual(exported.map((line) => line[head.indexOf("click_id")]), clicks, "the export is the screen");
});

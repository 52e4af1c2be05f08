// Over a demo: every page says that its data is made up, and the status page says how the server is.
import { strict as assert } from "node:assert";
import { narrow, walk, wide } from "../desk.mjs";

for (const [size, theme] of [[wide, "light"], [narrow, "dark"]]) {
  await walk({ size, theme }, async (desk) => {
    const { page } = desk;
    await desk.signIn();
    await desk.settled();
    const note = page.getByText("All data is made up");
    assert.equal(await note.isVisible(), true);
    assert.deepEqual(await desk.violations(), [], `the note, ${theme}`);
    await desk.visit("/admin/status");
    await page.getByRole("heading", { name: "What the doctor finds" }).waitFor();
    await page.getByText("barracuda deliveries list").waitFor();
    assert.equal(await note.isVisible(), true);
    await page.getByText(/things are well/).click();
    await page.getByText("can log in").waitFor();
    await page.getByText(/RocksDB, takes writes/).waitFor();
    assert.deepEqual(await desk.violations(), [], `the status, ${theme}`);
    assert.equal(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), true, "no page is wider than its window");
  });
}

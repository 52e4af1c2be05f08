// Every page, wide or narrow, light and dark: axe finds nothing, the browser reports nothing, nothing runs out of the page.
import assert from "node:assert/strict";
import { narrow, walk, wide } from "../desk.mjs";
import { pagesOf } from "../pages.mjs";

const [width] = process.argv.slice(2);
// All that depends on colours; everything else is the same in the dark.
const ofColours = ["color-contrast", "link-in-text-block"];

await walk({ size: width === "wide" ? wide : narrow }, async (desk) => {
  await desk.signIn();
  for (const { name, path, prepare } of pagesOf(width)) {
    await desk.visit(path);
    await prepare?.(desk.page);
    await desk.settled();
    assert.deepEqual(await desk.violations(), [], name);
    await desk.paint("dark");
    assert.deepEqual(await desk.violations(ofColours), [], `${name}, dark`);
    await desk.paint("light");
    const over = await desk.page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    assert.ok(over <= 0, `${name}: ${over} px beyond the page`);
  }
});

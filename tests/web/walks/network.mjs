// A network made by hand: the preview follows the typing, what is wrong stands beside its field, and it is told once for real.
import assert from "node:assert/strict";
import { walk } from "../desk.mjs";

const { DESK_TRACKER } = process.env;

await walk({}, async (desk) => {
  const { page } = desk;
  desk.expect(/400 .*\/networks/); // a draft that is not done, and a save that is refused
  await desk.signIn("/admin/networks/+new");
  await desk.settled();
  const preview = page.getByRole("complementary", { name: "Preview" });
  await page.getByLabel("Name", { exact: true }).fill("by-hand");
  const address = page.getByLabel(/^Address/);
  await address.fill(`${DESK_TRACKER}/in?c={clickid}`);
  await preview.getByText("no macro {clickid}").waitFor();
  assert.equal(await page.locator(".marked .m.bad").textContent(), "{clickid}");

  await page.getByRole("button", { name: /Save/ }).click();
  await page.locator(".wrong", { hasText: "{clickid}" }).waitFor();
  assert.equal(await address.getAttribute("aria-invalid"), "true");
  assert.match(page.url(), /\+new$/, "nothing was stored");

  await address.fill(`${DESK_TRACKER}/in?c=`);
  await address.press("End");
  await page.getByRole("button", { name: "{click_id}" }).click();
  assert.equal(await address.inputValue(), `${DESK_TRACKER}/in?c={click_id}`);
  await preview.getByText("c=sample-click").waitFor();
  assert.equal(await page.locator(".wrong").count(), 0, "what was wrong is not what stands there now");

  await page.keyboard.press("Control+s");
  await page.waitForURL(/networks\/by-hand$/);
  await page.getByText("It takes what it is sent.").or(page.getByText("This node has sent it nothing")).first().waitFor();
  await preview.getByRole("button", { name: "Send it once" }).click();
  await preview.getByText("Accepted").waitFor();
  assert.deepEqual(await desk.violations(), []);
  await page.getByLabel("At most a second").fill("25");
  await page.getByText("1 change not saved").waitFor();
  await page.getByRole("button", { name: /Save/ }).click();
  await page.getByText("revision 2").waitFor();

  await page.getByRole("button", { name: "Stop sending" }).click();
  await page.getByText("Nothing is sent to it.").waitFor();
  await page.getByRole("button", { name: "Send again" }).click();
  await page.getByRole("button", { name: "Stop sending" }).waitFor();
  await page.getByRole("button", { name: "Delete…" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Delete…" }).click();
  await page.getByRole("navigation", { name: "Networks" }).getByText("by-hand").waitFor({ state: "detached" });
});

// How smooth the desk is over very many conversions: bench/desk.py starts what is looked at. Prints one line of JSON.
import { Desk, wide } from "../tests/web/desk.mjs";

const { DESK_DEMO_URL, DESK_DEMO_EMAIL, DESK_DEMO_PASSWORD } = process.env;
const figures = {};

const desk = await Desk.open({ size: wide, url: DESK_DEMO_URL });
const { page } = desk;
await desk.signIn("/admin", { email: DESK_DEMO_EMAIL, password: DESK_DEMO_PASSWORD });

/** The frames of one stretch: from one frame's begin to the next one's, and how long the page's own work held one up. */
async function measure(name, steps) {
  await page.evaluate(() => {
    const seen = { gaps: [], tasks: [], on: true };
    globalThis.frames_ = seen;
    seen.observer = new PerformanceObserver((list) => seen.tasks.push(...list.getEntries().map(({ duration }) => duration)));
    seen.observer.observe({ type: "long-animation-frame" });
    let before = performance.now();
    const look = (now) => {
      seen.gaps.push(now - before);
      before = now;
      if (seen.on) requestAnimationFrame(look);
    };
    requestAnimationFrame(look);
  });
  const more = await steps();
  figures[name] = await page.evaluate((extra) => {
    const { gaps, tasks, observer } = globalThis.frames_;
    globalThis.frames_.on = false;
    observer.disconnect();
    gaps.sort((a, b) => a - b);
    return { frames: gaps.length, p50: gaps[gaps.length >> 1], longest: Math.max(0, ...gaps), work: Math.max(0, ...tasks), ...extra };
  }, more ?? {});
}

await measure("dashboard opens", () => desk.visit("/admin"));
await measure("list opens", () => desk.visit("/admin/conversions"));
await measure("list is scrolled", async () => {
  for (let step = 0; step < 150; step += 1) {
    await page.mouse.wheel(0, 900);
    await page.waitForTimeout(16);
    const more = page.getByRole("button", { name: /^(Show|Load) more/ });
    if (await more.isVisible().catch(() => false)) await more.click();
  }
  await desk.settled();
  return page.evaluate(() => ({ rows: Math.max(0, ...[...document.querySelectorAll("tr[data-index]")].map(({ dataset }) => Number(dataset.index) + 1)) }));
});
await measure("list is scrolled back", async () => {
  for (let step = 0; step < 60; step += 1) {
    await page.mouse.wheel(0, -2500);
    await page.waitForTimeout(16);
  }
});
await measure("row opens", async () => {
  await page.locator("a.row-link").first().click();
  await desk.settled();
});
await measure("report opens, chart is drawn", () => desk.visit("/admin/reports?group=affiliate_id&compare=previous"));
await measure("chart is pointed at", async () => {
  const box = await page.locator(".plot-room").first().boundingBox();
  for (let x = 0; box && x < box.width; x += 8) {
    await page.mouse.move(box.x + x, box.y + box.height / 2);
    await page.waitForTimeout(8);
  }
});
await measure("report in three groupings", () => desk.visit("/admin/reports?group=affiliate_id,offer_id,country"));
await desk.close();
console.log(JSON.stringify(figures));

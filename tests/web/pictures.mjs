// Draws every page: tests/web/pictures.py starts what is drawn.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Desk, narrow, wide } from "./desk.mjs";
import { pagesOf } from "./pages.mjs";

const { DESK_URL, DESK_FRESH_URL, DESK_DEMO_URL, DESK_DEMO_EMAIL, DESK_DEMO_PASSWORD, DESK_PICTURES } = process.env;
const quality = 60; // of WebP: text stays sharp, and all pictures together small
mkdirSync(DESK_PICTURES, { recursive: true });

async function draw(desk, name) {
  // Nothing blinks, and no toast of a moment ago stands in the way.
  await desk.page.mouse.move(0, 0);
  const client = await desk.page.context().newCDPSession(desk.page);
  const { data } = await client.send("Page.captureScreenshot", { format: "webp", quality });
  writeFileSync(join(DESK_PICTURES, `${name}.webp`), Buffer.from(data, "base64"));
}

for (const theme of ["light", "dark"]) {
  for (const [width, size] of [["wide", wide], ["narrow", narrow]]) {
    const named = (name) => `${name}-${theme}-${width}`;
    const desk = await Desk.open({ theme, size });
    await desk.page.goto("/admin");
    await desk.settled();
    await draw(desk, named("sign-in"));
    await desk.signIn();
    for (const { name, path, prepare } of pagesOf(width).filter(({ name }) => name !== "first-start")) {
      await desk.visit(path);
      await prepare?.(desk.page);
      await desk.settled();
      await draw(desk, named(name));
      await desk.page.keyboard.press("Escape");
    }
    await desk.close();

    const fresh = await Desk.open({ theme, size, url: DESK_FRESH_URL });
    await fresh.signIn("/admin/first-start");
    await fresh.settled();
    await draw(fresh, named("first-start"));
    await fresh.close();

    const demo = await Desk.open({ theme, size, url: DESK_DEMO_URL });
    await demo.page.goto("/");
    await draw(demo, named("landing"));
    await demo.signIn("/admin", { email: DESK_DEMO_EMAIL, password: DESK_DEMO_PASSWORD });
    await demo.settled();
    await draw(demo, named("demo"));
    await demo.close();
  }
}
console.log(`pictures of ${DESK_URL} are in ${DESK_PICTURES}`);

// What every walk through the desk begins with: Debian's browser, and an ear for what goes wrong in it.
import { createRequire } from "node:module";

const require = createRequire(new URL("../../web/package.json", import.meta.url));
const { chromium } = require("playwright-core");
const axe = require("axe-core");

const { DESK_URL, DESK_EMAIL, DESK_PASSWORD } = process.env;
export const email = DESK_EMAIL;
export const password = DESK_PASSWORD;
const waitMs = 30_000; // beside other tests everything takes longer
const lookMs = 40;
const quietLooks = 3; // a page that has its list asks for the next thing within one

export const wide = { width: 1440, height: 900 };
export const narrow = { width: 390, height: 844 };

export class Desk {
  static async open({ theme = "light", size = wide, language = "en-GB", url = DESK_URL, scripts = true } = {}) {
    // The name of a socket that Chromium makes in TMPDIR has 107 bytes at most: a test's own directory may be too long for it.
    const env = { ...process.env, TMPDIR: "/tmp" };
    const browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args: ["--no-sandbox", "--disable-gpu"], env });
    const context = await browser.newContext({
      baseURL: url,
      colorScheme: theme,
      viewport: size,
      locale: language,
      timezoneId: "Europe/Berlin",
      reducedMotion: "reduce",
      javaScriptEnabled: scripts,
      hasTouch: size === narrow,
    });
    const page = await context.newPage();
    page.setDefaultTimeout(waitMs);
    return new Desk(browser, page);
  }

  constructor(browser, page) {
    this.browser = browser;
    this.page = page;
    this.wrong = [];
    this.expected = [];
    this.asked = new Set(); // requests under way
    page.on("request", (request) => request.resourceType() !== "eventsource" && this.asked.add(request)); // a stream has no end
    for (const end of ["requestfinished", "requestfailed"]) page.on(end, (request) => this.asked.delete(request));
    page.on("console", (message) => {
      if (message.type() === "error" || message.type() === "warning") this.wrong.push(`console: ${message.text()} ${message.location().url}`);
    });
    page.on("pageerror", (error) => this.wrong.push(`page: ${error.stack ?? error}`));
  }

  /** Answers that a walk brings about: the browser reports each to its console. */
  expect(pattern) {
    this.expected.push(pattern);
  }

  async signIn(path = "/admin", person = { email, password }) {
    this.expect(/401 .*auth\/profile/);
    await this.page.goto(path);
    await this.page.getByLabel("E-mail").fill(person.email);
    await this.page.getByLabel("Password").fill(person.password);
    await this.page.getByRole("button", { name: /^(Go on|Weiter)$/ }).click();
    await this.page.locator(".app").waitFor();
  }

  /** Until nothing is fetched, and nothing stands for what comes. */
  async settled() {
    await this.page.locator(".top h1, .door h1").first().waitFor();
    for (let quiet = 0; quiet < quietLooks; ) {
      quiet = this.asked.size === 0 && (await this.page.locator(".bones").count()) === 0 ? quiet + 1 : 0;
      await this.page.waitForTimeout(lookMs);
    }
  }

  /** Another page of the desk, without loading it anew. */
  async visit(path) {
    await this.page.evaluate((to) => {
      history.pushState(null, "", to);
      dispatchEvent(new PopStateEvent("popstate"));
    }, path);
    await this.page.waitForTimeout(lookMs);
    await this.settled();
  }

  /** The system's colours become these, and every ground that changes over has done so. */
  async paint(theme) {
    await this.page.emulateMedia({ colorScheme: theme });
    await this.page.evaluate(async () => {
      for (let frame = 0; frame < 2; frame += 1) await new Promise(requestAnimationFrame);
      document.getAnimations().filter((one) => one instanceof CSSTransition).forEach((one) => one.finish());
      await new Promise(requestAnimationFrame);
    });
  }

  /** What axe finds on the page as it is, a line each: by all rules, or by these. */
  async violations(rules = null) {
    if (!(await this.page.evaluate(() => "axe" in globalThis))) await this.page.evaluate(axe.source);
    const all = { type: "tag", values: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"] };
    const runOnly = rules ? { type: "rule", values: rules } : all;
    const { violations } = await this.page.evaluate((only) => globalThis.axe.run(document, { runOnly: only, resultTypes: ["violations"] }), runOnly);
    return violations.flatMap(({ id, nodes }) => nodes.map(({ target, failureSummary }) => `${id}: ${target.join(" ")}: ${failureSummary}`));
  }

  async close() {
    await this.browser.close();
    const wrong = this.wrong.filter((line) => !this.expected.some((pattern) => pattern.test(line)));
    if (wrong.length > 0) throw new Error(`the browser complained:\n${wrong.join("\n")}`);
  }
}

/** Runs a walk; whatever goes wrong in it is the process's end. */
export async function walk(options, steps) {
  const desk = await Desk.open(options);
  try {
    await steps(desk);
  } catch (error) {
    await desk.page.screenshot({ path: process.env.DESK_SHOT ?? "/tmp/desk-failed.png" }).catch(() => {});
    await desk.browser.close();
    throw error;
  }
  await desk.close();
}

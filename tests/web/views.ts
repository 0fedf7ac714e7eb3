/**
 * The views in a real Chromium, on a core that writes down what is asked of it: told on standard input where the browser is and what the notices say, tells on
 * standard output what was seen. Driven by `test_views.py`. With `pictures`, a folder, it leaves a picture of each scene there.
 */

import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { type Browser, chromium, type Page } from "playwright-core";

import type { Scene } from "./views_core.ts";

interface Told {
  readonly program: string;
  readonly env: Readonly<Record<string, string>>;
  readonly notices: Scene["notices"];
  readonly export: Readonly<Record<string, unknown>>;
  readonly receipts: readonly { readonly receipt: string }[];
  readonly pictures?: string;
}
interface Axe {
  readonly run: (where: Document, options: unknown) => Promise<{ readonly violations: readonly Violation[] }>;
}
interface Violation {
  readonly id: string;
  readonly nodes: readonly { readonly html: string; readonly failureSummary?: string }[];
}

const HERE = fileURLToPath(new URL(".", import.meta.url));
const ORIGIN = "http://mien.localhost:9";
/** As the server sends it with a frame, and stricter by one: no text may become markup (Trusted Types). */
const POLICY = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'none'; require-trusted-types-for 'script'; trusted-types 'none'";
const PAGE = '<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>mien</title></head><body><script type="module" src="/views.js"></script></body></html>';
const TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];

const told = JSON.parse(readFileSync(0, "utf8")) as Told;
const found: Record<string, unknown> = {};
const troubles: string[] = [];

// ---- the page ----
/** The views and their core as one file. */
async function bundle(): Promise<string> {
  const vite = (await import(new URL("../../sdk/web/node_modules/vite/dist/node/index.js", import.meta.url).href)) as {
    readonly build: (config: unknown) => Promise<unknown>;
  };
  const folder = mkdtempSync(join(tmpdir(), "mien-views-"));
  try {
    await vite.build({
      root: HERE, configFile: false, logLevel: "error", publicDir: false,
      build: {
        outDir: folder, emptyOutDir: true, target: "es2022", minify: false, reportCompressedSize: false,
        lib: { entry: join(HERE, "views_core.ts"), formats: ["es"], fileName: () => "views.js" }, rolldownOptions: { output: { codeSplitting: false } },
      },
    });
    return readFileSync(join(folder, "views.js"), "utf8");
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function opened(browser: Browser, script: string, size: { readonly width: number; readonly height: number }): Promise<Page> {
  const page = await (await browser.newContext({ viewport: size, reducedMotion: "reduce" })).newPage();
  page.on("pageerror", (error) => troubles.push(String(error)));
  page.on("console", (said) => { if (said.type() === "error") troubles.push(said.text()); });
  await page.route("**/*", (route) => {
    const path = new URL(route.request().url()).pathname;
    if (path === "/views.js") return route.fulfill({ contentType: "text/javascript", body: script });
    return path === "/" ? route.fulfill({ contentType: "text/html", body: PAGE, headers: { "content-security-policy": POLICY } }) : route.abort();
  });
  page.setDefaultTimeout(15_000);
  await page.goto(ORIGIN);
  await page.waitForFunction(() => "viewed" in globalThis);
  return page;
}

async function show(page: Page, scene: Omit<Scene, "notices" | "lang"> & { readonly lang?: Scene["lang"] }): Promise<void> {
  await page.evaluate((given) => viewed.begin(given), { lang: "en" as const, notices: told.notices, ...scene });
}

const calls = (page: Page): Promise<unknown[]> => page.evaluate(() => viewed.calls);
const answer = (page: Page, name: string) => page.locator(`[data-answer="${name}"]`);

// ---- every view in every state ----
const RANKING = {
  event: `evt_${"a".repeat(26)}`, used_emotion: true, why: "You said you feel happy.", laws: ["GDPR 6(1)(a)", "policy:one-price"], behaviour: "browsing", agreed: null,
  places: ["Dragon kite", "Ukulele", "Frisbee"].map((title, at) => ({
    place: at + 1, why: at === 1 ? "New here: shown to learn whether people like it." : "Shown because you said you feel happy.",
    offer: { id: `o${at}`, title, price: 100, currency: "EUR", tags: [], stock: 1 },
  })),
} as const;
const OFFERS = ["personalize_offers", "declare_mood"] as const;
const ME = { view: "me", purposes: OFFERS, export: told.export, receipts: told.receipts } as const;

type Step = (page: Page) => Promise<unknown>;
const press = (name: string): Step => (page) => answer(page, name).click();
const adult: Step = (page) => page.getByLabel("18 or older").check();
const both = (...steps: readonly Step[]): Step => async (page) => { for (const step of steps) await step(page); };
const button = (name: string): Step => (page) => page.getByRole("button", { name, exact: true }).click();

const SCENES: Readonly<Record<string, readonly [Parameters<typeof show>[1], Step?]>> = {
  "consent": [{ view: "consent" }],
  "consent gpc": [{ view: "consent", gpc: true, lang: "de" }],
  "consent russian": [{ view: "consent", lang: "ru" }],
  "consent roles": [{ view: "consent", roles: ["customer", "employee"], lang: "es" }],
  "consent release": [{ view: "consent", asked: { jurisdictions: ["US-IL"], ageBand: "adult" } }],
  "consent no": [{ view: "consent" }, press("no")],
  "consent yes": [{ view: "consent" }, both(adult, press("yes"))],
  "consent age missing": [{ view: "consent" }, press("yes")],
  "consent refused": [{ view: "consent", server: "refused", asked: { jurisdictions: ["EU-DE"], ageBand: "13_to_15" } }, press("yes")],
  "consent child": [{ view: "consent", server: "refused", asked: { jurisdictions: ["EU-DE"], ageBand: "13_to_15" } }, both(press("yes"), button("Ask a parent or guardian"), button("Make the request"))],
  "consent guardian": [{ view: "consent" }, both(button("I am a parent or guardian"), button("I have no code yet"), (page) => page.getByLabel("The request from the child").fill("{}"), button("Read the request"))],
  "consent standing": [{ view: "consent", purposes: OFFERS }],
  "indicator off": [{ view: "indicator", purposes: OFFERS }],
  "indicator none": [{ view: "indicator" }],
  "indicator on": [{ view: "indicator", purposes: OFFERS, camera: { state: "on" } }, button("Show what it says")],
  "indicator two faces": [{ view: "indicator", purposes: OFFERS, camera: { state: "on", why: "two faces" } }],
  "indicator affirm": [{ view: "indicator", purposes: OFFERS, camera: { state: "on", why: "affirm again" } }],
  "indicator denied": [{ view: "indicator", purposes: OFFERS, camera: { state: "denied" } }],
  "me": [ME, (page) => page.getByRole("heading", { name: "Download everything" }).waitFor()],
  "me correcting": [ME, (page) => page.getByText("Correct", { exact: true }).first().click()],
  "me nobody": [{ view: "me" }],
  "me away": [{ ...ME, server: "away" }, (page) => page.getByText("There is no connection").waitFor()],
  "me erasing": [ME, press("erase")],
  "me erased": [ME, both(press("erase"), press("erase-all"), (page) => page.getByText("Second certificate").waitFor())],
  "mood": [{ view: "mood", purposes: OFFERS }, (page) => page.locator("[data-mood=joy]").first().click()],
  "mood without a yes": [{ view: "mood" }],
  "why": [{ view: "why", purposes: OFFERS, ranking: RANKING, lang: "fr" }],
  "why nobody": [{ view: "why" }],
};

async function checked(page: Page, rules: unknown): Promise<readonly string[]> {
  const { violations } = await page.evaluate((options) => (globalThis as unknown as { readonly axe: Axe }).axe.run(document, options), rules);
  return violations.flatMap(({ id, nodes }) => nodes.map((node) => `${id}: ${node.html.slice(0, 160)} ${node.failureSummary ?? ""}`));
}

async function everyScene(page: Page): Promise<void> {
  const violations: Record<string, readonly string[]> = {};
  const wide: Record<string, number> = {};
  for (const [name, [scene, step]] of Object.entries(SCENES)) {
    await page.emulateMedia({ colorScheme: "light" });
    await show(page, scene);
    await step?.(page);
    violations[name] = await checked(page, { runOnly: { type: "tag", values: TAGS }, resultTypes: ["violations"], preload: false });
    if (told.pictures !== undefined) await page.screenshot({ path: join(told.pictures, `${name.replaceAll(" ", "-")}.png`), fullPage: true });
    await page.emulateMedia({ colorScheme: "dark" });
    violations[`${name}, dark`] = await checked(page, { runOnly: { type: "rule", values: ["color-contrast"] }, resultTypes: ["violations"], preload: false });
    if (told.pictures !== undefined) await page.screenshot({ path: join(told.pictures, `${name.replaceAll(" ", "-")}-dark.png`), fullPage: true });
    // 1280 pixels at 400 % (WCAG 2.2, 1.4.10)
    await page.setViewportSize({ width: 320, height: 256 });
    wide[name] = await page.evaluate(() => document.documentElement.scrollWidth);
    if (told.pictures !== undefined) await page.screenshot({ path: join(told.pictures, `${name.replaceAll(" ", "-")}-narrow.png`), fullPage: true });
    await page.evaluate(() => { document.documentElement.dir = "rtl"; document.getElementById("mien")?.setAttribute("dir", "rtl"); }); // no language of ours, yet
    wide[`${name}, right to left`] = await page.evaluate(() => document.documentElement.scrollWidth);
    await page.evaluate(() => { document.documentElement.removeAttribute("dir"); });
    await page.setViewportSize({ width: 900, height: 900 });
  }
  Object.assign(found, { violations, wide, scenes: Object.keys(SCENES) });
}

// ---- yes and no weigh the same ----
/** What an eye weighs of a button: its box, its letters, its colours. */
const weight = (page: Page, selector: string): Promise<unknown[]> => page.locator(selector).evaluateAll((elements) => elements.map((element) => {
  const style = getComputedStyle(element);
  const { width, height } = element.getBoundingClientRect();
  return {
    text: element.textContent, width: Math.round(width * 10) / 10, height: Math.round(height * 10) / 10, weight: style.fontWeight, size: style.fontSize, colour: style.color,
    ground: style.backgroundColor, border: style.borderTopColor, line: style.borderTopWidth,
  };
}));

async function equal(page: Page): Promise<void> {
  const weights: Record<string, unknown> = {};
  for (const width of [900, 320]) {
    await page.setViewportSize({ width, height: 900 });
    for (const lang of ["en", "de", "es", "fr", "ru", "zh"] as const) {
      await show(page, { view: "consent", lang });
      weights[`all ${lang} ${width}`] = await weight(page, "[data-answer=no], [data-answer=yes]");
      weights[`each ${lang} ${width}`] = await weight(page, ".purpose:first-of-type .segment span");
    }
  }
  await page.setViewportSize({ width: 900, height: 900 });
  await show(page, { ...ME });
  await answer(page, "erase").click();
  weights["erase"] = await weight(page, "[data-answer=keep], [data-answer=erase-all]");
  found["weights"] = weights;
  await page.emulateMedia({ forcedColors: "active" });
  await show(page, { view: "consent" });
  await page.locator("input[data-purpose=declare_mood][value=yes]").check();
  const grounds = await weight(page, ".purpose:has([data-purpose=declare_mood]) .segment span");
  found["forced"] = [grounds.map((each) => (each as { readonly ground: string }).ground), await page.locator(".segment .drawing:visible").count()];
  await page.emulateMedia({ forcedColors: "none" });
  await show(page, { view: "consent" });
  found["preselected"] = await page.locator("input:checked").count();
  found["inputs"] = await page.locator("input[type=radio]").count();
}

// ---- with the keyboard alone ----
/** Tab until the focus is on it; how many presses that took. Throws where it cannot be reached. */
async function tabTo(page: Page, selector: string): Promise<number> {
  for (let presses = 0; presses < 80; presses += 1) {
    if (await page.evaluate((wanted) => document.activeElement?.matches(wanted) === true, selector)) return presses;
    await page.keyboard.press("Tab");
  }
  throw new Error(`\`${selector}\` is not reached with Tab`);
}

/** Whether the focus can be seen: it has an outline, and lies in the window. */
const focused = (page: Page): Promise<boolean> => page.evaluate(() => {
  const element = document.activeElement;
  if (element === null) return false;
  const marked = element.matches("input[type=radio]") ? element.nextElementSibling : element;
  const box = element.getBoundingClientRect();
  const seen = box.bottom > 0 && box.top < innerHeight;
  return seen && marked !== null && getComputedStyle(marked).outlineStyle !== "none" && Number.parseFloat(getComputedStyle(marked).outlineWidth) >= 2;
});

async function keyboard(page: Page): Promise<void> {
  const paths: Record<string, unknown> = {};
  await show(page, { view: "consent" });
  await page.keyboard.press("Tab"); // the first stop of the page, then on
  await tabTo(page, "input[data-purpose=personalize_offers]");
  await page.keyboard.press("ArrowRight");
  const yes = await page.evaluate(() => (document.activeElement as HTMLInputElement).value);
  const seen = [await focused(page)];
  await tabTo(page, ".ages input");
  await page.keyboard.press("ArrowLeft"); // round to the last: an adult
  await tabTo(page, "[data-answer=some]");
  seen.push(await focused(page));
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { level: 1, name: "Your choices are in force." }).waitFor();
  paths["some"] = { yes, seen, calls: await calls(page), focus: await page.evaluate(() => document.activeElement?.tagName) };

  for (const [name, then] of [["no", "Your choices"], ["later", "Your choices"]] as const) {
    await show(page, { view: "consent" });
    await tabTo(page, `[data-answer=${name}]`);
    await page.keyboard.press("Space");
    await page.getByRole("heading", { level: 1, name: then }).waitFor();
    paths[name] = await calls(page);
  }
  await show(page, { ...ME });
  await page.getByRole("heading", { name: "Download everything" }).waitFor();
  await tabTo(page, "[data-answer=declare_mood]");
  await page.keyboard.press("Enter");
  await page.getByText("Taken back.").waitFor();
  await tabTo(page, "[data-answer=all]");
  await page.keyboard.press("Enter");
  await page.getByText("You have not said yes").waitFor();
  paths["withdraw"] = await calls(page);
  await show(page, { ...ME });
  await page.getByRole("heading", { name: "Download everything" }).waitFor();
  await tabTo(page, "[data-answer=erase]");
  await page.keyboard.press("Enter");
  await tabTo(page, "[data-answer=erase-all]");
  await page.keyboard.press("Enter");
  await page.getByText("Second certificate").waitFor();
  paths["erase"] = await calls(page);
  await show(page, { view: "why", purposes: OFFERS, ranking: RANKING });
  await tabTo(page, "[data-answer=stop]");
  await page.keyboard.press("Enter");
  await page.getByText("This order knows nothing").waitFor();
  paths["stop"] = await calls(page);
  found["keyboard"] = paths;
}

// ---- what becomes of a press ----
async function presses(page: Page): Promise<void> {
  const said: Record<string, unknown> = {};
  await show(page, { view: "consent" });
  await answer(page, "some").click(); // nothing was chosen
  await answer(page, "yes").click(); // no age was said
  said["without"] = [await calls(page), await page.getByRole("status").innerText()];
  await adult(page);
  await answer(page, "yes").click();
  said["all"] = await calls(page);
  said["code"] = await page.locator("code").innerText();
  await button("I have kept it")(page);
  said["kept"] = await page.locator("code").count();

  await show(page, { view: "consent", server: "stale", asked: { jurisdictions: ["EU-DE"], ageBand: "adult" } });
  await answer(page, "yes").click();
  await page.getByText("The notice has changed").waitFor();
  said["stale"] = await page.locator("input:checked").count();

  await show(page, { view: "consent", asked: { jurisdictions: ["US-IL"], ageBand: "adult" } });
  await answer(page, "yes").click();
  said["unsigned"] = await calls(page);
  await page.getByLabel("Sign by typing your full name").fill("Ada Lovelace");
  await answer(page, "yes").click();
  const [signed] = (await calls(page)) as [string, boolean, { readonly release: { readonly name: string } }][];
  said["signed"] = signed?.[2].release.name;

  await show(page, { view: "consent", server: "refused", asked: { jurisdictions: ["EU-DE"], ageBand: "13_to_15" } });
  await answer(page, "yes").click();
  said["law"] = await page.getByText("GDPR 8(1)").count();
  await button("Ask a parent or guardian")(page);
  await button("Make the request")(page);
  await page.getByLabel("Their answer").fill("{}");
  await button("Finish with their answer")(page);
  await page.getByRole("heading", { level: 1, name: "Your choices are in force." }).waitFor();
  said["guardian"] = ((await calls(page)).at(-1) as [string, boolean, object])[2];

  // Choices survive another language; the words do not stay behind.
  await show(page, { view: "consent" });
  await page.locator("input[data-purpose=declare_mood][value=yes]").check();
  await page.getByLabel("Language").focus();
  await page.getByLabel("Language").selectOption("de");
  await page.getByRole("button", { name: "Ja zu allem" }).waitFor();
  said["language"] = await page.evaluate(() => [
    document.getElementById("mien")?.lang, document.title, document.activeElement?.tagName,
    [...document.querySelectorAll<HTMLInputElement>("input:checked")].map(({ dataset, value }) => `${dataset["purpose"]} ${value}`),
  ]);

  await show(page, { view: "consent", purposes: OFFERS });
  await answer(page, "change").click();
  await page.locator("input[data-purpose=adapt_service]").first().waitFor();
  said["change"] = await page.locator("input:checked").evaluateAll((inputs) => inputs.map((each) => `${(each as HTMLInputElement).dataset["purpose"]} ${(each as HTMLInputElement).value}`));

  await show(page, { view: "consent", purposes: OFFERS, server: "away" });
  await answer(page, "all").click();
  await page.getByText("The server cannot be reached; it hears of it first.").waitFor();
  said["away"] = await calls(page);

  await show(page, { view: "mood", purposes: OFFERS });
  await page.locator("[data-mood=sadness]").first().click();
  await page.locator(".less [data-mood=anger]").click();
  said["mood"] = [await calls(page), await page.locator("[aria-pressed=true]").count(), await page.getByRole("status").innerText()];

  await show(page, { ...ME });
  await page.getByText("Correct", { exact: true }).first().click();
  await page.getByLabel("It should say").first().selectOption("joy");
  await page.getByRole("button", { name: "Correct", exact: true }).first().click();
  await page.getByText("Corrected.").waitFor();
  said["corrected"] = await calls(page);
  const [download] = await Promise.all([page.waitForEvent("download"), answer(page, "export").click()]);
  said["export"] = [download.suggestedFilename(), JSON.parse(readFileSync((await download.path()) ?? "", "utf8"))];

  await show(page, { view: "indicator", purposes: OFFERS });
  await button("Start the camera")(page);
  await page.evaluate(() => viewed.core?.look("on"));
  said["sign"] = await page.getByRole("region", { name: "Camera" }).innerText();
  said["unasked"] = await page.locator(".live").isVisible();
  await page.evaluate(() => viewed.core?.look("on", "affirm again"));
  await button("Yes, go on")(page);
  await button("Stop")(page);
  said["camera"] = await calls(page);

  // A press that a script made is told apart by the core; that a view hands on the event itself is what it needs.
  await show(page, { view: "indicator", purposes: OFFERS });
  await page.evaluate(() => document.querySelector<HTMLElement>("[data-offer=start]")?.click());
  said["forged"] = await calls(page);
  found["presses"] = said;
}

// ---- what a hostile text can do ----
async function hostile(page: Page): Promise<void> {
  const markup = '<img src=x onerror="document.title=1"><script>document.title=2</script>';
  const english = told.notices["en"];
  if (english === undefined) throw new Error("no notice in English came");
  const notice = { ...english, title: markup, text: `# ${markup}\n\n**${markup}** and *${markup}* and [x](javascript:alert(1))\n\n- ${markup}`, controller: markup };
  await page.evaluate((given) => viewed.begin(given), { view: "consent" as const, lang: "en" as const, notices: { en: notice }, theme: {
    ground: "url(https://evil.example/)", ink: "#fff", accent: "red; } * { display: none", font: "Evil", radius: "99999", scheme: "x",
  } });
  found["hostile"] = await page.evaluate(() => [
    document.querySelectorAll("#mien img, #mien script, #mien a[href^=javascript]").length, document.querySelector("h1")?.textContent?.includes("<img"),
    getComputedStyle(document.querySelector("h1") ?? document.body).display,
  ]);
  await page.evaluate(() => viewed.core?.dress({ ground: "#fdf6e3", ink: "#2b2b2b", accent: "#8a3b12", radius: "4px", font: "serif" }));
  found["themed"] = await page.evaluate(() => {
    const root = getComputedStyle(document.getElementById("mien") ?? document.body);
    return [root.backgroundColor, root.color, root.getPropertyValue("--corner"), root.fontFamily.includes("Palatino")];
  });
}

const browser = await chromium.launch({ executablePath: told.program, env: { ...process.env, ...told.env }, args: ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"] });
try {
  const page = await opened(browser, await bundle(), { width: 900, height: 900 });
  await presses(page);
  await keyboard(page);
  await equal(page);
  await hostile(page);
  found["troubles"] = [...troubles]; // what axe does to the page is not the views'
  // axe reads the page by evaluating in it, which Trusted Types are there to stop: it has a page of its own.
  await page.evaluate(readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8"));
  await everyScene(page);
  process.stdout.write(JSON.stringify(found));
} finally {
  await browser.close();
}

import { readFileSync } from "node:fs";
import { launched, Visitor, frameOf, press, saidIn } from "./driver.ts";
const told = JSON.parse(readFileSync(0, "utf8"));
const browser = await launched(told);
try {
  const v = await Visitor.of(browser, { viewport: { width: 1000, height: 900 } });
  const page = await v.open(`${told.shop}/`);
  page.on("console", (m) => console.error("console", m.text()));
  await page.waitForFunction(() => (globalThis as any).mien?.rank !== undefined);
  console.log(await page.evaluate(async () => (await (globalThis as any).mien.rank()).places.length));
  console.log(v.paths(told.server));
  await page.evaluate(() => { (globalThis as any).mien.show("consent"); });
  const f = await frameOf(page, "consent");
  await f.waitForSelector("button", { timeout: 5000 }).catch(async (e) => { console.log(String(e).slice(0,300), await f.content()); });
  await page.screenshot({ path: "/tmp/smoke.png" });
  console.log(v.paths(told.server));
  await press(page, f, '[data-answer=yes]');
  await page.waitForTimeout(1500);
  console.log(await f.locator('.said,.trouble,h1').allTextContents());
  console.log(v.paths(told.server));
  console.log(JSON.stringify(await page.evaluate(async () => { const m = (globalThis as any).mien; const r = await m.rank(); return [m.state, r]; })).slice(0, 300));
  console.log(JSON.stringify(await saidIn(page)).slice(0, 3000));
  console.log(v.troubles);
} finally { await browser.close(); }

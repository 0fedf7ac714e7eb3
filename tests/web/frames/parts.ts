/** What the journeys of a page with frames have in common. */

import type { Browser, Frame, Page } from "playwright-core";

import type { Mien } from "../../../sdk/web/src/loader/index.ts";
import { frameOf, press, type Program, Visitor } from "./driver.ts";

export interface Told extends Program {
  readonly server: string;
  readonly site: string;
  readonly key: string;
  /** A page that the site lists. */
  readonly shop: string;
  /** The same page, of an origin that it does not list. */
  readonly stranger: string;
  /** The English notice of the server's policies, which may be changed. */
  readonly notice: string;
}
declare global {
  /** What the loader's tag leaves in a page. */
  var mien: Mien;
}

export type Journey = (browser: Browser, told: Told) => Promise<unknown>;

/** A page of the shop with the loader in it. */
export async function visit(visitor: Visitor, address: string): Promise<Page> {
  const page = await visitor.open(address);
  await connected(page);
  return page;
}

export async function connected(page: Page): Promise<void> {
  await page.waitForFunction(() => (globalThis.mien as Mien | undefined)?.rank !== undefined);
}

export async function shown(page: Page, view: "consent" | "me" | "mood" | "why", selector: string): Promise<Frame> {
  await page.evaluate((name) => { mien.show(name); }, view);
  const frame = await frameOf(page, view);
  await frame.locator(selector).first().waitFor();
  return frame;
}

/** The yes to everything, as a person gives it. */
export async function yes(page: Page): Promise<Frame> {
  const frame = await shown(page, "consent", "[data-answer=yes]");
  await press(page, frame, "[data-answer=yes]");
  await stands(page, "on");
  return frame;
}

export async function stands(page: Page, consent: string): Promise<void> {
  await page.waitForFunction((wanted) => mien.state.consent === wanted, consent);
}

/**
 * Whether a press is the person's. Nothing that the page does counts: its scripts cannot make trusted events in here, and what it draws over the frame,
 * fades, shrinks or moves under the pointer is noticed.
 *
 * Where the browser tells what is to be seen (Intersection Observer v2: Chromium), a control counts that has been visible, unobscured and in its place for
 * half a second. A yes counts beside its no alone, in a frame of which enough is to be seen, after its heading and each purpose were: a page that cuts all but
 * a button away gets none. Where the browser does not tell (Firefox, Safari), the person is asked once more in a small window of the mien origin, which no page
 * can cover.
 */

import { PressRefused } from "../errors.ts";

/** Milliseconds that a control must have been in sight, and the frame in its place, before a press on it counts. */
export const SIGHT = 500;
/** Pixels: controls smaller than this (WCAG 2.5.8) do not count. */
const LEAST = 24;
/** Pixels by which a frame may move and still be in its place: rounding. */
const STILL = 2;
/** Pixels of the frame that must be in sight for a yes: less than a small screen has at 400 %. */
const ROOM = { width: 240, height: 160 };
/** Shares of the frame at which its room is measured anew. */
const SHARES = Array.from({ length: 101 }, (_each, at) => at / 100);
const CONTROLS = "button, input, select, textarea, a[href], [role=button]";
/** Characters of a heading in what is said to the person. */
const MOST = 60;
/** What must have been on the screen before a yes, and what must be there with it. */
const READ = "[data-read]";
const BESIDE = "[data-answer=no]";

type Seen = IntersectionObserverEntry & { readonly isVisible?: boolean };
type Watching = IntersectionObserverInit & { readonly trackVisibility: boolean; readonly delay: number };

/** Whether this browser tells what can be seen of a control. */
export function tells(): boolean {
  return "isVisible" in IntersectionObserverEntry.prototype;
}

/** Watches the controls below a root. */
export class Witness {
  readonly #since = new Map<Element, number>();
  readonly #read = new WeakSet<Element>();
  /** Since when enough of the frame is to be seen. */
  #roomy = Number.POSITIVE_INFINITY;
  readonly #sight: IntersectionObserver | null;
  readonly #root: HTMLElement;
  /** Where on the screen the frame's corner is, as pointer events tell, and since when. */
  #corner: { readonly x: number; readonly y: number; readonly since: number } | null = null;
  #focused = 0;

  constructor(root: HTMLElement) {
    this.#root = root;
    this.#sight = tells() ? new IntersectionObserver((entries) => this.#looked(entries), { threshold: [0.9], trackVisibility: true, delay: 100 } as Watching) : null;
    if (this.#sight !== null) new IntersectionObserver((entries) => this.#measured(entries.at(-1)), { threshold: SHARES }).observe(root);
    this.#track();
    new MutationObserver(() => this.#track()).observe(root, { childList: true, subtree: true });
    for (const kind of ["pointermove", "pointerdown", "pointerover"] as const) addEventListener(kind, (event) => this.#pointed(event), { capture: true, passive: true });
    addEventListener("focus", () => { this.#focused = performance.now(); }, { capture: true });
  }

  #track(): void {
    const there = new Set(this.#root.querySelectorAll(`${CONTROLS}, ${READ}`));
    for (const gone of this.#since.keys()) if (!there.has(gone)) this.#forget(gone);
    for (const control of there) {
      if (this.#since.has(control)) continue;
      this.#since.set(control, Number.POSITIVE_INFINITY);
      this.#sight?.observe(control);
    }
  }

  #forget(control: Element): void {
    this.#since.delete(control);
    this.#sight?.unobserve(control);
  }

  #looked(entries: readonly Seen[]): void {
    for (const entry of entries) {
      const inSight = entry.isIntersecting && entry.isVisible === true;
      const before = this.#since.get(entry.target) ?? Number.POSITIVE_INFINITY;
      if (performance.now() - before >= SIGHT) this.#read.add(entry.target);
      this.#since.set(entry.target, inSight ? Math.min(before, performance.now()) : Number.POSITIVE_INFINITY);
    }
  }

  #measured(entry: IntersectionObserverEntry | undefined): void {
    const { width = 0, height = 0 } = entry?.intersectionRect ?? {};
    this.#roomy = width >= ROOM.width && height >= ROOM.height ? Math.min(this.#roomy, performance.now()) : Number.POSITIVE_INFINITY;
  }

  #pointed(event: PointerEvent): void {
    if (!event.isTrusted) return;
    const [x, y] = [event.screenX - event.clientX, event.screenY - event.clientY];
    const moved = this.#corner === null || Math.abs(x - this.#corner.x) > STILL || Math.abs(y - this.#corner.y) > STILL;
    if (moved) this.#corner = { x, y, since: performance.now() };
  }

  /** Throws `PressRefused` unless this press is the person's, on a control that they could see where they pressed. */
  check(press: Event): void {
    const control = press.target instanceof Element ? press.target.closest(CONTROLS) : null;
    if (!press.isTrusted || control === null) throw new PressRefused("only a press of the person counts; press the button itself");
    const { width, height } = control.getBoundingClientRect();
    if (width < LEAST || height < LEAST) throw new PressRefused("the button was too small to be seen; make the frame larger and press again");
    if (!this.#still(press)) throw new PressRefused("the frame moved a moment ago; look again, and press once more");
    if (this.#sight !== null && !this.#seen(control)) {
      throw new PressRefused("the button could not be seen for long enough before it was pressed; look again, and press once more");
    }
  }

  /** For a yes, after `check`. Throws `PressRefused` unless what is agreed to has been on the screen, and a no is there now. */
  checkRead(): void {
    if (this.#sight === null) return;
    const beside = [...this.#root.querySelectorAll(BESIDE)];
    if (performance.now() - this.#roomy < SIGHT || !beside.every((each) => this.#seen(each))) {
      throw new PressRefused("too little of the question could be seen around the button; make the frame larger, and press once more");
    }
    const unread = [...this.#root.querySelectorAll(READ)].find((each) => !this.#read.has(each) && !this.#seen(each));
    if (unread === undefined) return;
    const what = unread.textContent.trim().slice(0, MOST);
    throw new PressRefused(`not all of the question was on the screen, such as "${what}"; look at each part of it, then press once more`);
  }

  #seen(element: Element): boolean {
    return performance.now() - (this.#since.get(element) ?? Number.POSITIVE_INFINITY) >= SIGHT;
  }

  /** By mouse: the pointer has been over the frame, and the frame in its place. A finger has no way before it presses, a key has no place at all. */
  #still(press: Event): boolean {
    const now = performance.now();
    const by = press instanceof PointerEvent ? press.pointerType : "";
    if (by === "mouse") return this.#corner !== null && now - this.#corner.since >= SIGHT;
    return by !== "" || now - this.#focused >= SIGHT;
  }
}

/** Whether the indicator can be seen while the camera is on. A page that hides it, and a tab that is left, end the camera. */

/** Milliseconds between two looks; in a hidden tab browsers let nothing look more often. */
const LOOK = 1000;
/** So many looks may find it out of sight: a page lays itself out anew, a menu opens over it. */
const PATIENCE = 5;

type Seen = IntersectionObserverEntry & { readonly isVisible?: boolean };

/**
 * Looks at one element while asked to. That it is in sight is said by a frame that is drawn while the observer says so, and by nothing else: where a browser
 * draws no more (a hidden tab, `display: none`, a window that was put away), no observer says that it is gone.
 */
export class InSight {
  readonly #element: Element;
  readonly #lost: () => void;
  #observer: IntersectionObserver | null = null;
  #timer: ReturnType<typeof setInterval> | undefined;
  #seen = false;
  #missed = 0;

  constructor(element: Element, lost: () => void) {
    this.#element = element;
    this.#lost = lost;
  }

  /** From now on; `lost` is called once, when it was out of sight for too long, or never came in sight. */
  watch(): void {
    this.rest();
    const options = { threshold: [0.5], trackVisibility: true, delay: 100 } as IntersectionObserverInit;
    this.#observer = new IntersectionObserver((entries) => this.#looked(entries.at(-1)), options);
    this.#observer.observe(this.#element);
    this.#timer = setInterval(() => this.#look(), LOOK);
    this.#ask();
  }

  rest(): void {
    clearInterval(this.#timer);
    this.#observer?.disconnect();
    this.#observer = null;
    this.#seen = false;
    this.#missed = 0;
  }

  #looked(entry: Seen | undefined): void {
    // Where a browser does not tell what lies above an element (no Intersection Observer v2), that it is in the window must do.
    this.#seen = entry !== undefined && entry.isIntersecting && entry.isVisible !== false;
  }

  #look(): void {
    this.#missed += 1;
    if (this.#missed > PATIENCE) {
      this.rest();
      this.#lost();
    } else this.#ask();
  }

  #ask(): void {
    requestAnimationFrame(() => { if (this.#seen && !document.hidden) this.#missed = 0; });
  }
}

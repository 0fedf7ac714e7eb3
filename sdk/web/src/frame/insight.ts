/** Whether the indicator can be seen while the camera is on. A page that hides it ends the camera. */

/** Milliseconds that it may be out of sight: a page lays itself out anew, a menu opens over it. */
export const PATIENCE = 5000;

type Seen = IntersectionObserverEntry & { readonly isVisible?: boolean };

/** Looks at one element while asked to. */
export class InSight {
  readonly #element: Element;
  readonly #lost: () => void;
  #observer: IntersectionObserver | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(element: Element, lost: () => void) {
    this.#element = element;
    this.#lost = lost;
  }

  /** From now on; `lost` is called once, when it was out of sight for too long. */
  watch(): void {
    this.rest();
    const options = { threshold: [0.5], trackVisibility: true, delay: 100 } as IntersectionObserverInit;
    this.#observer = new IntersectionObserver((entries) => this.#looked(entries.at(-1)), options);
    this.#observer.observe(this.#element);
  }

  rest(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#observer?.disconnect();
    this.#observer = null;
  }

  #looked(entry: Seen | undefined): void {
    // Where a browser does not tell what lies above an element (no Intersection Observer v2), that it is in the window must do.
    const seen = entry !== undefined && entry.isIntersecting && entry.isVisible !== false;
    if (seen) {
      clearTimeout(this.#timer);
      this.#timer = undefined;
    } else this.#timer ??= setTimeout(this.#lost, PATIENCE);
  }
}

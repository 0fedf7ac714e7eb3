/** The elements: each a closed shadow root with one frame of the mien origin in it. */

import type { Theme, ToPage, ViewName } from "../channel/index.ts";
import { VIEWS } from "../channel/index.ts";
import { Link } from "./link.ts";
import type { Mien } from "./mien.ts";

/** Room that is not told by the frame, as a length; `--mien-height` says otherwise. */
const ROOM: Readonly<Record<ViewName, string>> = { consent: "32rem", indicator: "3.5rem", me: "36rem", mood: "16rem", why: "20rem", help: "17rem" };
const STYLE = `:host{display:none}:host([open]){display:block}
iframe{display:block;inline-size:100%;block-size:var(--mien-height,var(--mien-told));border:0;color-scheme:normal;background:transparent}`;
const TITLES: Readonly<Record<ViewName, string>> = {
  consent: "mien: your consent", indicator: "mien: the camera", me: "mien: your data", mood: "mien: how you feel", why: "mien: why this order", help: "mien: help by a person",
};

/** Where the frames of one page belong. */
let current: Mien | null = null;

/** Define the elements, and let them belong to this connection. */
export function belong(mien: Mien): void {
  current = mien;
  for (const view of VIEWS) if (customElements.get(`mien-${view}`) === undefined) customElements.define(`mien-${view}`, kind(view));
}

/** One `<mien-...>`: shown, and loaded, while it has the attribute `open`. */
export interface FrameElement extends HTMLElement {
  open: boolean;
  readonly link: Link | null;
  dress(theme: Theme): void;
}

function kind(view: ViewName): CustomElementConstructor {
  return class extends HTMLElement implements FrameElement {
    static readonly observedAttributes = ["open"];
    readonly #root = this.attachShadow({ mode: "closed" });
    #frame: HTMLIFrameElement | null = null;
    #link: Link | null = null;

    get open(): boolean {
      return this.hasAttribute("open");
    }

    set open(open: boolean) {
      this.toggleAttribute("open", open);
    }

    get link(): Link | null {
      return this.#link;
    }

    connectedCallback(): void {
      current?.joined(view, this);
      this.#look();
    }

    disconnectedCallback(): void {
      this.#link?.close();
      this.#link = null;
      this.#frame = null;
      this.#root.replaceChildren();
      current?.left(view, this);
    }

    attributeChangedCallback(): void {
      this.#look();
    }

    dress(theme: Theme): void {
      if (current !== null) this.#link?.say({ kind: "theme", lang: current.lang, theme });
    }

    /** Loaded when it is opened for the first time; closed, it is out of sight and stays. */
    #look(): void {
      const mien = current;
      if (!this.isConnected || !this.open || this.#frame !== null || mien === null) return;
      // A sheet that is made, not written: a page's Content-Security-Policy may forbid inline styles.
      const style = new CSSStyleSheet();
      style.replaceSync(STYLE);
      this.#root.adoptedStyleSheets = [style];
      const frame = document.createElement("iframe");
      frame.title = TITLES[view];
      frame.referrerPolicy = "no-referrer";
      if (view === "indicator") frame.allow = "camera";
      frame.style.setProperty("--mien-told", ROOM[view]);
      const link = new Link(mien.origin, (message) => this.#heard(message));
      frame.addEventListener("load", () => {
        if (frame.contentWindow !== null) link.greet(frame.contentWindow, mien.hello(view));
      });
      frame.src = `${mien.address}#${view}`; // which it is: for people who look at the page
      this.#frame = frame;
      this.#link = link;
      this.#root.replaceChildren(frame);
    }

    #heard(message: ToPage): void {
      if (message.kind === "size") this.#frame?.style.setProperty("--mien-told", `${message.height}px`);
      else if (message.kind === "close") this.#shut();
      else if (message.kind === "handed") this.dispatchEvent(new CustomEvent("mien-handed", { bubbles: true, detail: { ticket: message.ticket } }));
      else current?.heard(view, message);
    }

    #shut(): void {
      this.open = false;
      this.dispatchEvent(new Event("mien-close", { bubbles: true }));
    }
  };
}

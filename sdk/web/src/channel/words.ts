/** What page and frame may say to each other, as closed unions. Types alone: `read.ts` is what lets them in. */

import type { AgeBand, Behaviour, DeedKind, Offer } from "../values.ts";

export const VERSION = 1;
/** What one frame shows. `indicator` is also the page's core: it holds camera and rankings. */
export const VIEWS = ["consent", "indicator", "me", "mood", "why", "help"] as const;
export type ViewName = (typeof VIEWS)[number];
/** What the page may know of the consent: whether there is one. Not which purposes, not of whom. */
export const CONSENTS = ["none", "on", "off"] as const;
export type ConsentWord = (typeof CONSENTS)[number];
/** What the page may know of the camera. */
export const CAMERAS = ["off", "asking", "loading", "on", "denied", "unplugged", "stopped"] as const;
export type CameraState = (typeof CAMERAS)[number];
export const LANGUAGES = ["en", "de", "es", "fr", "ru", "zh"] as const;
export type Language = (typeof LANGUAGES)[number];

/** What the page says of the visitor's situation. Claims: the strictest wins at the server. */
export interface Situation {
  readonly ageBand?: AgeBand;
  readonly jurisdictions: readonly string[];
}
/** Names and values of a theme, as the page gives them: the views take what they know and what can be read (contrast), and nothing else. */
export type Theme = Readonly<Record<string, string>>;

/** The first message, with a port: by `window.postMessage`, to the mien origin alone. `page` is one page view; its frames know each other by it. */
export interface Hello {
  readonly mien: typeof VERSION;
  readonly view: ViewName;
  readonly site: string;
  readonly key: string;
  readonly page: string;
  readonly lang: Language;
  readonly theme: Theme;
  readonly asked: Situation;
}

/** A question of the page as it came, bounded; the client reads it strictly. */
export type Given = Readonly<Record<string, unknown>>;

/** From page to frame. Never a yes, never a start of the camera, never a label; nothing here reads one. */
export type ToFrame =
  | { readonly kind: "rank"; readonly id: number; readonly asked: Given }
  | { readonly kind: "reward"; readonly id: number; readonly event: string; readonly place: number; readonly reward: number | DeedKind }
  | { readonly kind: "help"; readonly id: number; readonly asked: Given }
  | { readonly kind: "lesson"; readonly id: number; readonly asked: Given }
  | { readonly kind: "answer"; readonly id: number; readonly asked: Given }
  /** Nobody waits for the answer to question `id` any more: the page took another. */
  | { readonly kind: "drop"; readonly id: number }
  | { readonly kind: "stop" }
  | { readonly kind: "theme"; readonly lang: Language; readonly theme: Theme };

/** One place of an order, without its why: that is rendered in the frame. */
export interface Place {
  readonly place: number;
  readonly offer: Offer;
}

/** From frame to page. `ranked` is the same whether or not emotion was used. `failed` has a stable code and one line without personal data. */
export type ToPage =
  | { readonly kind: "ready"; readonly version: typeof VERSION }
  /** `waits`: something taken back, or to be erased, is not at the server yet; the frame is to be opened again until it is. */
  | { readonly kind: "state"; readonly consent: ConsentWord; readonly camera: CameraState; readonly waits: boolean }
  | { readonly kind: "size"; readonly height: number }
  | { readonly kind: "show"; readonly view: ViewName }
  | { readonly kind: "close" }
  /** The person pressed for a human. `ticket` is for the service desk alone: sealed to its key, null where nothing may be passed on. */
  | { readonly kind: "handed"; readonly ticket: string | null }
  | {
    readonly kind: "ranked"; readonly id: number; readonly event: string; readonly places: readonly Place[];
    readonly behaviour: Behaviour; readonly agreed: number | null;
  }
  | { readonly kind: "done"; readonly id: number; readonly said: Given }
  | { readonly kind: "failed"; readonly id: number; readonly code: string; readonly message: string; readonly laws: readonly string[] };

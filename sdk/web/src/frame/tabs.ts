/**
 * What the frames of one shop say to each other, in this tab and in others: a channel of the mien origin inside this shop, which no page can hear or use
 * (BroadcastChannel is partitioned by origin and by the site on top, as storage is).
 */

import type { CameraState, Language } from "../channel/index.ts";
import type { Ranking } from "../values.ts";

/** How the camera of the page `page` stands; `why` in words. */
export interface CameraWord {
  readonly state: CameraState;
  readonly why: string | null;
  readonly since: number | null;
}
export type Word =
  | { readonly kind: "changed" }
  | { readonly kind: "speak"; readonly page: string; readonly lang: Language }
  | { readonly kind: "camera"; readonly page: string; readonly act: "stop" | "tell" }
  | { readonly kind: "camera-is"; readonly page: string; readonly word: CameraWord }
  /** Of the core that starts its camera: all others end theirs. It names no page, for a page chooses what it is called. */
  | { readonly kind: "camera-taken" }
  | { readonly kind: "ranking?"; readonly page: string }
  | { readonly kind: "ranking"; readonly page: string; readonly ranking: Ranking | null };

/** One frame's end of it. */
export class Tabs {
  readonly #channel: BroadcastChannel;
  readonly #listeners = new Set<(word: Word) => void>();

  constructor(site: string) {
    this.#channel = new BroadcastChannel(`mien ${site}`);
    this.#channel.onmessage = ({ data }: MessageEvent<Word>) => {
      for (const listener of [...this.#listeners]) listener(data);
    };
  }

  /** To all others; not to this frame. */
  say(word: Word): void {
    this.#channel.postMessage(word);
  }

  /** Gives what ends it. */
  hear(listener: (word: Word) => void): () => void {
    this.#listeners.add(listener);
    return () => { this.#listeners.delete(listener); };
  }
}

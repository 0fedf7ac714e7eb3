/** What a page asks and is told. Nothing here says what anybody feels, or whether that was used. */

import type { CameraState, ConsentWord, Language, Place, Theme } from "../channel/index.ts";
import type { AgeBand, Behaviour, Deed, Offer, Rules } from "../values.ts";

/**
 * Where the mien server is and who the site is there. `server` is https, or http on this machine; `key` is the site's publishable key. `ageBand` and
 * `jurisdictions` are what the shop knows of the visitor: claims, of which the strictest wins. `patience` is how long an order may take, in milliseconds: after
 * that the promise is rejected and the shop shows its own.
 */
export interface Settings {
  readonly server: string;
  readonly site: string;
  readonly key: string;
  readonly lang?: Language;
  readonly theme?: Theme;
  readonly ageBand?: AgeBand;
  readonly jurisdictions?: readonly string[];
  readonly patience?: number;
}

/** What is to be put in order: as `Asked` of the client. */
export interface Question {
  readonly page?: string;
  readonly places?: number;
  readonly candidates?: readonly Offer[];
  readonly history?: readonly Deed[];
  readonly rules?: Rules;
  readonly own?: readonly string[];
  readonly ageBand?: AgeBand;
  readonly otherwise?: number;
}

/** An order: the same shape, offers and prices with and without consent. */
export interface Ranked {
  readonly event: string;
  readonly places: readonly Place[];
  readonly behaviour: Behaviour;
  readonly agreed: number | null;
}

/** What the page may know: whether there is a consent, and how the camera stands. */
export interface State {
  readonly consent: ConsentWord;
  readonly camera: CameraState;
}

/** What could not be done: `code` is stable (`docs/reference/errors`), `laws` are the articles that a refusal rests on. */
export class LoaderError extends Error {
  override readonly name = "LoaderError";
  readonly code: string;
  readonly laws: readonly string[];

  constructor(code: string, message: string, options: { cause?: unknown; laws?: readonly string[] } = {}) {
    super(message, "cause" in options ? { cause: options.cause } : undefined);
    this.code = code;
    this.laws = options.laws ?? [];
  }
}

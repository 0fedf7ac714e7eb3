/** What page side and worker say to each other: two closed unions. From the worker come words and small numbers, never a picture or a part of one. */

import type { Feed } from "../capture/index.ts";
import type { Reading } from "../label/index.ts";
import type { Purpose } from "../values.ts";

/**
 * `load`: fetch, check and start the models. `feed`: where pictures come from. `next`: wait for a picture. `look`: look at it, at `at` seconds of the session
 * and `unix` seconds, for these purposes; `picture` is there where the page hands pictures over itself. `affirm`: somebody said yes again.
 */
export type ToWorker =
  | { readonly kind: "load"; readonly models: string; readonly wasm: string; readonly integrity: string }
  | { readonly kind: "feed"; readonly feed: Feed }
  | { readonly kind: "next" }
  | { readonly kind: "look"; readonly at: number; readonly unix: number; readonly purposes: readonly Purpose[]; readonly picture: ImageBitmap | null }
  | { readonly kind: "affirm" };

/**
 * `here`: the worker runs; `takesTracks`: it can read a track. `loaded`: the models of that id may look. `picture`: one is there, unread, or there
 * will be none. `reading`: what came of a look. `failed`: an error of that code; nothing follows.
 */
export type FromWorker =
  | { readonly kind: "here"; readonly takesTracks: boolean }
  | { readonly kind: "loaded"; readonly model: number }
  | { readonly kind: "picture"; readonly there: boolean }
  | { readonly kind: "reading"; readonly reading: Reading }
  | { readonly kind: "failed"; readonly code: string; readonly message: string };

export type Kind = FromWorker["kind"];
export type Answer<K extends Kind> = Extract<FromWorker, { readonly kind: K }>;

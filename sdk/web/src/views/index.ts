/**
 * Views: what the person sees in a frame of the mien origin, one view a frame.
 *
 * Takes a `Core`, which does what is asked. Gives elements. Invariant: every text becomes a text node, so that no notice, no offer and no server can put
 * markup here; yes and no have one size, colour and number of presses, and nothing is chosen beforehand; a word is there in all six languages. Deliberately
 * absent: a framework, the network, storage, anything from another host.
 */

import type { ViewName } from "../channel/index.ts";
import type { View } from "../frame/index.ts";

/** Each is loaded when its frame is shown. */
export const views: Readonly<Record<ViewName, () => Promise<View>>> = {
  consent: async () => (await import("./consent.ts")).consent,
  indicator: async () => (await import("./indicator.ts")).indicator,
  me: async () => (await import("./me.ts")).me,
  mood: async () => (await import("./mood.ts")).mood,
  why: async () => (await import("./why.ts")).why,
  help: async () => (await import("./help.ts")).help,
};

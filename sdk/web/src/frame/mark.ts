/**
 * What this browser remembers of this shop before anybody is known: one word, in the mien origin's storage inside this shop. Nothing before an answer, and
 * nothing after an erasure.
 */

import type { Said } from "./core.ts";

/** `known`: there are keys and a consent in storage, or were; the client knows the rest. */
export type Mark = Said | "known";

function place(site: string): string {
  return `mien ${site}`;
}

export function readMark(site: string): Mark {
  const found = localStorage.getItem(place(site));
  return found === "known" || found === "refused" || found === "deferred" ? found : "nothing";
}

export function writeMark(site: string, mark: Mark): void {
  if (mark === "nothing") localStorage.removeItem(place(site));
  else localStorage.setItem(place(site), mark);
}

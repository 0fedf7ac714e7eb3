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
  const found = stored((storage) => storage.getItem(place(site)));
  return found === "known" || found === "refused" || found === "deferred" ? found : "nothing";
}

export function writeMark(site: string, mark: Mark): void {
  stored((storage) => {
    if (mark === "nothing") storage.removeItem(place(site));
    else storage.setItem(place(site), mark);
  });
}

/** A browser that keeps nothing for frames of another site asks anew on every page: a no must work there too. */
function stored<T>(use: (storage: Storage) => T): T | null {
  try {
    return use(localStorage);
  } catch (error) {
    if (!(error instanceof DOMException)) throw error;
    return null;
  }
}

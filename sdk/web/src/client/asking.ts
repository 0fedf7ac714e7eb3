/** Who asks: the person where a consent stands, else nobody. The same endpoints, and the same shape of request, either way. */

import type { Person } from "../consent/index.ts";
import { RequestRefused } from "../errors.ts";
import type { JsonObject } from "../wire/canonical.ts";
import { type Asker, authenticate } from "../wire/messages.ts";
import type { Use } from "../wire/seal.ts";
import { type Desk, GONE } from "./desk.ts";

export const NONCE_BYTES = 16;

/** Somebody in whose name may be asked, or null. */
export async function asking(desk: Desk): Promise<Person | null> {
  const person = await desk.refresh();
  return person !== null && person.purposes.length > 0 ? person : null;
}

/** What `errand` gives for who asks; where the server says that their consent ended elsewhere, for nobody. */
export async function asked<T>(desk: Desk, errand: (person: Person | null) => Promise<T>): Promise<T> {
  const person = await asking(desk);
  try {
    return await errand(person);
  } catch (error) {
    if (person === null || !(error instanceof RequestRefused) || !GONE.includes(error.problem)) throw error;
    await desk.end(true); // erased or taken back on another device: ask as nobody
  }
  return errand(null);
}

/** The request as asked by `person`, authenticated by their stream key; as it is for nobody. */
export async function authenticated<R extends JsonObject>(desk: Desk, request: R, person: Person | null, use: Use): Promise<R> {
  if (person === null) return request;
  const asker: Asker = { subject: person.subject, device: person.sign.verifyKey.id, at: desk.seconds() };
  return authenticate(request, asker, person.streamKey, use);
}

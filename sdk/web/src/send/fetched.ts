/** Files of the page's own server: runtime and models, after a yes. Nothing is sent with the question, and no other host can be asked. */

import { ServerAnswerInvalid, ServerUnreachable } from "../errors.ts";
import type { Bytes } from "../wire/bytes.ts";
import { bodyOf, type Transport } from "./sender.ts";

const browser: Transport = (url, init) => globalThis.fetch(url, init);
const FAULT = 500;

/**
 * The file at `address`, of at most `most` bytes; null when it is not there. What it holds is for the caller to check.
 *
 * `address` must be of the origin that this code runs in: the browser refuses any other (`same-origin`), and any redirect. Throws `ServerUnreachable`, and
 * `ServerAnswerInvalid` for a larger file.
 */
export async function fetched(address: string, most: number, transport: Transport = browser): Promise<Bytes | null> {
  try {
    const response = await transport(address, { mode: "same-origin", redirect: "error", credentials: "omit", referrerPolicy: "no-referrer" });
    if (response.status >= FAULT) throw new ServerUnreachable("the server fails at the moment; try again later");
    return response.ok ? await bodyOf(response, most) : null;
  } catch (cause) {
    if (cause instanceof ServerUnreachable || cause instanceof ServerAnswerInvalid) throw cause;
    throw new ServerUnreachable("what reads the camera cannot be fetched; check the connection and try again", { cause });
  }
}

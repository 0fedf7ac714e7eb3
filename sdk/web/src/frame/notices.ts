/** The notice, asked for without the client: who only reads it has loaded no cryptography and is remembered nowhere. */

import { RequestInvalid, ServerAnswerInvalid, ServerUnreachable } from "../errors.ts";
import { decode } from "../wire/canonical.ts";
import { type Notice, notice } from "../wire/notice.ts";
import { parse } from "../wire/shapes.ts";

const SECONDS = 15;
const MOST = 256 * 1024;

/** The notice of a site in a language. Throws a `SendError`. */
export async function fetchNotice(server: string, site: string, locale: string): Promise<Notice> {
  const response = await answered(`${server}/v1/sites/${site}/notices/${locale}`);
  try {
    const found = response.ok ? parse(notice, decode(new Uint8Array(await response.arrayBuffer()), MOST)) : null;
    if (found !== null && found.site === site) return found;
  } catch (cause) {
    if (!(cause instanceof RequestInvalid)) throw cause;
    throw new ServerAnswerInvalid("the notice is not what the protocol says; try again later", { cause });
  }
  throw new ServerAnswerInvalid("the server has no notice for this site; try again later");
}

async function answered(url: string): Promise<Response> {
  try {
    return await fetch(url, { credentials: "omit", cache: "no-store", redirect: "error", signal: AbortSignal.timeout(SECONDS * 1000) });
  } catch (cause) {
    throw new ServerUnreachable("the notice cannot be reached; check the connection and try again", { cause });
  }
}

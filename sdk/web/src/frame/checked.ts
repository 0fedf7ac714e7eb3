/** The camera's worker, checked before it runs: a worker takes no `integrity` of its own. */

import { ModelTampered, ServerUnreachable } from "../errors.ts";

/**
 * Fetch the file at `address` (of this origin) and have the browser check it (Subresource Integrity). It lies under a name with its hash and is kept for ever, so
 * that what is loaded from there next is the same. Throws `ModelTampered` for other bytes, `ServerUnreachable`.
 */
export async function checked(address: string, integrity: string): Promise<void> {
  const how: RequestInit = { mode: "same-origin", credentials: "omit", redirect: "error", referrerPolicy: "no-referrer" };
  const response = await fetch(address, how).catch(unreachable);
  if (!response.ok) unreachable();
  await fetch(address, { ...how, integrity }).then((same) => same.arrayBuffer()).catch((cause: unknown) => {
    throw new ModelTampered("what reads the camera is not what this server built; load the page anew", { cause });
  });
}

function unreachable(cause?: unknown): never {
  throw new ServerUnreachable("what reads the camera cannot be fetched; check the connection and try again", { cause });
}

/**
 * Loader: the part of mien that runs in the shop's own page. It puts frames of the mien origin in place and asks for orders.
 *
 * Takes where the server is and the site's publishable key. Gives a connection and six elements. Invariant: nothing here holds a key of the person, a label or
 * a notice, nothing here can say yes, and a page whose visitor opens nothing loads nothing more. Deliberately absent: anything that waits for us.
 *
 *     import { connect } from "mien-web/loader";
 *     const mien = connect({ server: "https://mien.shop.example", site: "shop", key: "pk_..." });
 *     const order = await mien.rank().catch(() => null); // null: show your own
 *     button.onclick = () => mien.show("consent");
 */

import { Mien } from "./mien.ts";
import { LoaderError, type Settings } from "./said.ts";

export type { CameraState, ConsentWord, Language, Place, Theme, ViewName } from "../channel/index.ts";
export type { Mien } from "./mien.ts";
export { LoaderError, type Question, type Ranked, type Settings, type State } from "./said.ts";

/** Connect this page: defines the elements, and opens the core frame where a consent stands. Throws `LoaderError` for settings that cannot be. */
export function connect(settings: Settings): Mien {
  const server = addressOf(settings.server);
  const here = server !== null && ["localhost", "127.0.0.1", "[::1]"].includes(server.hostname);
  if (server === null || (server.protocol !== "https:" && !(server.protocol === "http:" && here))) {
    throw new LoaderError("settings-invalid", "`server` must be an https address, or http on this machine");
  }
  if (server.origin === location.origin) {
    throw new LoaderError("settings-invalid", "`server` must be of another origin than the page: nothing parts a page from a frame of its own");
  }
  if (settings.patience !== undefined && !(settings.patience > 0)) {
    throw new LoaderError("settings-invalid", "`patience` must be a number of milliseconds");
  }
  return new Mien(settings);
}

/** Written so that browsers of some years ago, which the client does not know, still get orders for nobody. */
function addressOf(server: string): URL | null {
  try {
    return new URL(server);
  } catch {
    return null;
  }
}

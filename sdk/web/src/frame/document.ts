/** What the server wrote into the frame's document: the site, who may embed it, and the files that are loaded later. */

import { SettingsError } from "../errors.ts";
import { list, object, type Of, maybe, parse, text, whole, word } from "../wire/shapes.ts";
import { ROLES, SECTORS } from "../values.ts";
import { SITE_ID } from "../wire/notice.ts";
import type { Json } from "../wire/canonical.ts";

const name = text(/^[A-Za-z0-9_./-]{1,120}$/);
const hash = text(/^sha384-[A-Za-z0-9+/]{64}$/);
const file = object("File", { name, integrity: hash });
const site = object("SiteInfo", {
  id: text(SITE_ID), name: text(null, 200), controller: text(null, 200), contact: text(null, 200), jurisdictions: list(text(/^[A-Z]{2}(-[A-Z]{2})?$/), 64),
  sector: word(...SECTORS), roles: list(word(...ROLES), ROLES.length, 1),
});
/** The camera's files, all relative to the folder of the frame's script; `model` is the id of the models. Absent where the server has none. */
const vision = object("VisionFiles", { worker: file, wasm: file, models: name, model: whole(1, 255) });
const shape = object("FrameDocument", { site, origins: list(text(/^https?:\/\/[^\s/"'<>]{1,255}$/), 64), trust: text(/^[A-Za-z0-9_-]{43}$/), vision: maybe(vision) });
export type FrameDocument = Of<typeof shape>;
export type VisionFiles = Of<typeof vision>;

/** Throws `SettingsError` for what this script does not understand: it and the document are of one build. */
export function readDocument(page: Document): FrameDocument {
  const data = page.querySelector('script[type="application/json"]')?.textContent ?? "";
  try {
    return parse(shape, JSON.parse(data) as Json);
  } catch (cause) {
    throw new SettingsError("the frame's document and its script do not fit together; build the web SDK anew and restart the server", { cause });
  }
}

/** The mien server's address, without a final slash: the document lies at `{server}/web/frame/{site}`. */
export function serverOf(page: Document): string {
  return new URL("../..", page.baseURI).href.replace(/\/+$/, "");
}

/** The notice, in a file of its own: a frame shows it before anything else of the wire is loaded. */

import { PURPOSES } from "../values.ts";
import { list, object, type Of, or, text, whole, word } from "./shapes.ts";

export const SITE_ID = /^[a-z][a-z0-9-]{1,40}$/;
export const LOCALE = /^[a-z]{2}$/;
const words = text(null, 4000);
const purposeDoc = object("PurposeDoc", { id: word(...PURPOSES), title: text(null, 120), text: words });
/** Everything shown before the answer. Its identity is the SHA-256 of its canonical bytes. */
export const notice = object("Notice", {
  v: or(word(1), 1), site: text(SITE_ID), locale: text(LOCALE), version: text(null, 40), title: text(null, 200), text: text(null, 20_000),
  purposes: list(purposeDoc, PURPOSES.length, 1), controller: text(null, 200), contact: text(null, 200),
  retention_days: whole(0, 36_500), release: words,
});
export type Notice = Of<typeof notice>;

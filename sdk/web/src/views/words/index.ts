/** The words of one language, loaded when it is spoken. */

import type { Language } from "../../channel/index.ts";
import type { Words } from "./shape.ts";

export { fill, type Words } from "./shape.ts";

const FILES: Readonly<Record<Language, () => Promise<{ readonly words: Words }>>> = {
  en: () => import("./en.ts"),
  de: () => import("./de.ts"),
  es: () => import("./es.ts"),
  fr: () => import("./fr.ts"),
  ru: () => import("./ru.ts"),
  zh: () => import("./zh.ts"),
};

/** What each language calls itself: to choose one before its words are there. */
export const AUTONYMS: Readonly<Record<Language, string>> = {
  en: "English", de: "Deutsch", es: "Español", fr: "Français", ru: "Русский", zh: "中文",
};

/** All words of a language. */
export async function wordsOf(lang: Language): Promise<Words> {
  return (await FILES[lang]()).words;
}

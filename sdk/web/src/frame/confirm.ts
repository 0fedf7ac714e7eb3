/**
 * The small window that asks once more. It is a page of the mien origin on its own, so that nothing of the shop can lie over it or move it; and it answers
 * only the frame that opened it. Used where a browser does not tell a frame what of it can be seen.
 */

import { type Act, CONFIRM, isAct, type Words } from "./words.ts";

const SIZE = "popup,width=480,height=420";
const NONCE_BYTES = 16;
/** Milliseconds that the window must have been there before a press in it counts. */
const SIGHT = 500;
/** Milliseconds between two looks at whether it was closed. */
const LOOK = 250;
/** Milliseconds that an answer may come after that. */
const LATE = 2000;
const FORM = /^#confirm=([a-f0-9]{32})&act=([a-z]{1,16})&lang=([a-z]{2})$/;

interface Word {
  readonly mien: "confirmed";
  readonly nonce: string;
  readonly yes: boolean;
}

/** Ask in a window whether this act is meant; whether the person said yes there. False where the browser lets none open. */
export function confirmed(act: Act, lang: string): Promise<boolean> {
  const nonce = [...crypto.getRandomValues(new Uint8Array(NONCE_BYTES))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  const opened = open(`${location.pathname}#confirm=${nonce}&act=${act}&lang=${lang}`, `mien-${nonce}`, SIZE);
  if (opened === null) return Promise.resolve(false);
  return new Promise((resolve) => {
    const end = (yes: boolean): void => {
      removeEventListener("message", hear);
      clearInterval(look);
      resolve(yes);
    };
    const hear = ({ source, origin, data }: MessageEvent<Partial<Word> | null>): void => {
      if (source === opened && origin === location.origin && data?.mien === "confirmed" && data.nonce === nonce) end(data.yes === true);
    };
    // What a window said as it closed may come after it is seen to be closed.
    const look = setInterval(() => { if (opened.closed) setTimeout(() => end(false), LATE); }, LOOK);
    addEventListener("message", hear);
  });
}

/** Whether this document is such a window. */
export function isConfirmation(): boolean {
  return parent === window && opener !== null && isAct(FORM.exec(location.hash)?.[2]);
}

/** Show the question, and answer who asked. */
export function ask(root: HTMLElement, site: string): void {
  const [, nonce = "", act = "", lang = "en"] = FORM.exec(location.hash) ?? [];
  if (!isAct(act)) return;
  const words: Words = CONFIRM[lang as keyof typeof CONFIRM] ?? CONFIRM.en;
  const since = performance.now();
  document.documentElement.lang = lang;
  const title = document.createElement("h1");
  title.textContent = words[act].replace("{site}", () => site);
  const buttons = ([["yes", true], ["no", false]] as const).map(([word, yes]) => {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = words[word];
    button.addEventListener("click", (event) => {
      if (!event.isTrusted || (yes && performance.now() - since < SIGHT)) return;
      const said: Word = { mien: "confirmed", nonce, yes };
      (opener as Window).postMessage(said, location.origin); // another origin's opener never gets it
      close();
    });
    return button;
  });
  root.replaceChildren(title, ...buttons);
}

/**
 * Frame: a document of the mien origin inside a shop's page. It holds notice, keys, camera and what is inferred, so that the page's scripts reach none of it.
 *
 * Takes what the server wrote into the document and one port of the page. Gives a view to the person and a few words to the page. Invariant: nothing the page
 * does counts as the person; nothing that grows with what a person feels leaves over the port; the client is loaded after a yes, or where somebody is known.
 * Deliberately absent: a start by the page, storage before an answer, any host but the one it came from.
 */

import type { CameraState, ConsentWord, ViewName } from "../channel/index.ts";
import type { Client } from "../client/index.ts";
import { MienError, ServerUnreachable } from "../errors.ts";
import { ask, isConfirmation } from "./confirm.ts";
import type { View } from "./core.ts";
import { type FrameDocument, readDocument, serverOf } from "./document.ts";
import { Held } from "./held.ts";
import type { OpenVision } from "./looking.ts";
import { line } from "./port.ts";
import { Servant } from "./serve.ts";

export type { Camera, Core, Refused, Said, SiteInfo, View } from "./core.ts";

/** What a frame loads when it is needed: its view, the client, the camera's part (null: there is none). */
export interface Later {
  readonly views: Readonly<Record<ViewName, () => Promise<View>>>;
  readonly client: () => Promise<{ readonly Client: typeof Client }>;
  readonly vision: OpenVision | null;
}

const ROOT = "mien";
/** What the question alone has: the view marks what must be read before a yes. */
const QUESTION = "[data-read]";
/** CSS pixels for what the consent view shows beside the question. */
const FIXED = 512;
/** Heights are told in steps, in CSS pixels. */
const STEP = 8;
const TALL = 4096;

/** Begin, once. */
export async function start(later: Later): Promise<void> {
  const root = document.getElementById(ROOT);
  if (root === null) return;
  const found = readDocument(document);
  if (isConfirmation()) {
    ask(root, found.site.name);
    return;
  }
  if (parent === window) return; // on its own it is nothing: the document says so in words
  root.replaceChildren();
  await embedded(root, found, later);
}

async function embedded(root: HTMLElement, found: FrameDocument, later: Later): Promise<void> {
  const server = serverOf(document);
  trust(`${server}/web/worker-`);
  const page = await line(found.origins, found.site.id, window);
  const { hello } = page;
  const model = found.vision === null ? {} : { model: found.vision.model };
  const open = async (): Promise<Client> => (await arrived(later.client())).Client.open({ server, site: found.site.id, key: hello.key, trust: found.trust, ...model });
  const core = new Held({ document: found, server, line: page, root, open, vision: later.vision });
  const servant = new Servant(core, (message) => page.say(message));
  page.hear((message) => {
    if (message.kind === "stop") core.camera.stop();
    else if (message.kind === "theme") core.dress(message.lang, message.theme);
    else if (message.kind === "drop") servant.drop(message.id);
    else if (hello.view === "indicator") void servant.serve(message);
  });
  const tell = teller(core, (consent, camera, waits) => page.say({ kind: "state", consent, camera, waits }));
  measure(root, hello.view, core, (height) => page.say({ kind: "size", height }));
  document.documentElement.lang = core.lang;
  core.onChange(() => { document.documentElement.lang = core.lang; });
  page.say({ kind: "ready", version: 1 });
  // Where that fails the page is told nothing, and a view is shown all the same: it asks the client itself, and says what is wrong.
  const known = core.begin().then(tell, (error: unknown) => {
    if (!(error instanceof MienError)) reportError(error);
  });
  await begun(core, root, known, () => later.views[hello.view]());
}

/** What is loaded later may not come: offline, or because the page is being left. That is no fault of ours, and of no kind of its own to whoever catches it. */
async function arrived<T>(loading: Promise<T>): Promise<T> {
  try {
    return await loading;
  } catch (cause) {
    throw new ServerUnreachable("a part of mien could not be loaded; connect, and reload the page", { cause });
  }
}

/** The document's policy (Trusted Types) lets nothing become script but the address of the camera's worker, where the browser knows of it. */
function trust(worker: string): void {
  const types = (globalThis as { readonly trustedTypes?: { createPolicy(name: string, rules: object): unknown } }).trustedTypes;
  types?.createPolicy("default", { createScriptURL: (address: string) => (address.startsWith(worker) ? address : null) });
}

async function begun(core: Held, root: HTMLElement, known: Promise<void>, load: () => Promise<View>): Promise<void> {
  try {
    const view = await load();
    await known;
    await view(root, core);
  } catch (error) {
    const sorry = document.createElement("p");
    sorry.setAttribute("role", "alert");
    sorry.textContent = error instanceof MienError ? `${error.message} (${error.code})` : "this part of the page cannot be shown; reload it";
    root.replaceChildren(sorry);
    if (!(error instanceof MienError)) throw error;
  }
}

/** Tells the page of each change that it may know of, as soon as it is known here who is there. */
function teller(core: Held, say: (consent: ConsentWord, camera: CameraState, waits: boolean) => void): () => void {
  let told: string | null = null;
  const tell = (): void => {
    if (!core.sure) return;
    const [consent, camera, waits] = [core.consent, core.camera.state, core.waits];
    if (`${consent} ${camera} ${waits}` === told) return;
    told = `${consent} ${camera} ${waits}`;
    say(consent, camera, waits);
  };
  core.onChange(tell);
  return tell;
}

/**
 * Tell the page how much room is needed. How tall a text is tells what it says: so only the question grows with its text, and the camera's sign when the
 * camera's state changes; what was granted or refused has a fixed room, and what shows labels, moods and whys the one that the page gives it, and scrolls.
 */
function measure(root: HTMLElement, view: ViewName, core: Held, say: (height: number) => void): void {
  const height = (): number => Math.min(TALL, Math.ceil(root.getBoundingClientRect().height / STEP) * STEP);
  if (view === "consent") {
    let last = 0;
    new ResizeObserver(() => {
      const room = root.querySelector(QUESTION) === null ? FIXED : height();
      if (room === last || root.childElementCount === 0) return;
      last = room;
      say(room);
    }).observe(root);
  } else if (view === "indicator") {
    let last: CameraState | null = null;
    const look = (): void => {
      if (core.camera.state === last) return;
      last = core.camera.state;
      requestAnimationFrame(() => requestAnimationFrame(() => say(height())));
    };
    core.onChange(look);
    new ResizeObserver((_entries, observer) => { // once there is something
      if (root.childElementCount === 0) return;
      observer.disconnect();
      say(height());
    }).observe(root);
  }
}

/** What a view of the frame is given. The one interface between what is shown (`views`) and what is done (`frame`). */

import type { CameraState, Language, Situation, Theme } from "../channel/index.ts";
import type { Answer, Client, Standing } from "../client/index.ts";
import type { MienError } from "../errors.ts";
import type { Moment } from "../label/reading.ts";
import type { Expression, Label, Purpose, Ranking, Role, Sector } from "../values.ts";
import type { Certificate, Receipt } from "../wire/messages.ts";
import type { Notice } from "../wire/notice.ts";

/** What the server says of the site, in the frame's document. */
export interface SiteInfo {
  readonly id: string;
  readonly name: string;
  readonly controller: string;
  readonly contact: string;
  readonly jurisdictions: readonly string[];
  readonly sector: Sector;
  /** Whom it serves. */
  readonly roles: readonly Role[];
}

/** The camera of this page, whichever frame asks. A start is the person's: it takes the press that asked for it. */
export interface Camera {
  readonly state: CameraState;
  /** Why it is not on, or reads nothing: an error with a code, or a word such as `two faces`; null when all is well. */
  readonly why: MienError | string | null;
  /** Unix seconds since when it is on; null while it is not. */
  readonly since: number | null;
  /** Throws `PressRefused`, `ConsentMissing`; what becomes of it is told by `state`. */
  start(press: Event): Promise<void>;
  /** At once. Anybody may. */
  stop(): void;
  /** Whoever sits there now has been asked, and said yes. Throws `PressRefused`. */
  affirm(press: Event): Promise<void>;
}

/** What was said before there was anybody: kept in this browser, for this shop, and sent nowhere. */
export type Said = "nothing" | "refused" | "deferred";

/** What a no came to: there was nothing to take back; or something, of which the server knows (`withdrawn`), or will when it can be reached (`untold`). */
export type Refused = "no" | "withdrawn" | "untold";

/**
 * One frame's core. Whatever is the person's to do takes the event of their press, which is checked: trusted, on a control that was to be seen, not moved
 * a moment ago. Where it is not, `PressRefused` asks for another press. No and stop take none.
 */
export interface Core {
  readonly site: SiteInfo;
  /** The visitor's language: the page's, until the person chooses another here (`speak`). */
  readonly lang: Language;
  readonly theme: Theme;
  readonly asked: Situation;
  /** Whether this browser sends the Global Privacy Control signal. */
  readonly gpc: boolean;
  readonly camera: Camera;
  speak(lang: Language): void;

  // ---- before there is anybody: none of it loads the client ----
  /** The notice in this language, or the frame's. */
  notice(lang?: Language): Promise<Notice>;
  said(): Said;
  /** The person said no. Nothing is sent, unless a yes stands or may stand at the server: that is taken back. */
  no(): Promise<Refused>;
  /** Another time (nothing is sent). */
  later(): Promise<void>;

  // ---- the person ----
  /**
   * The yes. Loads the client, then answers `notice`, which is the one that the person sees. Throws `PressRefused`, `NoticeStale` (show it anew and ask again), `ConsentRefused`
   * with its laws, and what `Client.consent` throws.
   */
  yes(answer: Answer, press: Event, notice: Notice): Promise<Receipt>;
  /** How things stand; null before the client was loaded. */
  standing(): Standing | null;
  /** The client, for reading: export, receipts, proofs, certificates. Loaded here only where somebody is known, or is to be. */
  client(): Promise<Client>;
  /** After the first yes, once: the code that alone brings the person back. Null otherwise. */
  recoveryCode(): string | null;
  /** As easy as the yes: any click will do. */
  withdraw(purposes?: readonly Purpose[]): Promise<Receipt | null>;
  erase(press: Event): Promise<Certificate | null>;
  recover(code: string, press: Event): Promise<Receipt>;
  declare(mood: Expression, second: Expression | null, press: Event): Promise<Label>;
  correct(record: string, expression: Expression, press: Event): Promise<void>;
  /** Throws `PressRefused` unless this press is the person's: for what a view does with the client itself. */
  person(press: Event): Promise<void>;
  /** Tell the other frames and tabs of a change that a view made with the client itself. */
  changed(): Promise<void>;

  // ---- what goes on ----
  /** What the camera says now, while the person wants to see it: in this page alone; null when there is nothing. */
  live(): Moment | null;
  /** The last order that this page was given, with its why; null when there was none as somebody. */
  ranking(): Promise<Ranking | null>;
  /** Called after anything above is another. Gives what ends it. */
  onChange(listener: () => void): () => void;
  /** Ask the page to put another view in sight; it may decline. */
  show(view: "consent" | "indicator" | "me" | "mood" | "why"): void;
  /** Tell the page that the person pressed for a human; `ticket` is what they let the desk know, null for nothing. */
  hand(ticket: string | null): void;
  /** Ask the page to hide this frame. */
  close(): void;
}

/** One view. It may be mounted once. What it throws is shown as a line with its code. */
export type View = (root: HTMLElement, core: Core) => void | Promise<void>;

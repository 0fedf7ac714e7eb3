/**
 * What the views say, in six languages of this one shape: a word that is missing in one of them does not compile, and a test compares placeholders. Plain
 * words; the terms are those of the notices (`policies/mien_policies/notices`). Each language is a file of its own: a visitor loads one.
 */

import type { AgeBand, ConsentState, Expression, KeyRole, Purpose, Role, State } from "../../values.ts";

/** Every word there is. `{name}` is a placeholder, filled by `fill`. */
export interface Words {
  readonly common: {
    readonly language: string; readonly close: string; readonly busy: string; readonly yes: string; readonly no: string; readonly copy: string;
    readonly copied: string; readonly print: string; readonly download: string; readonly back: string; readonly again: string; readonly laws: string;
    readonly apart: string; readonly choices: string; readonly data: string; readonly done: string;
  };
  readonly consent: {
    readonly title: string; readonly asks: string; readonly skip: string; readonly heading: string; readonly open: string; readonly ageTitle: string;
    readonly ageWhy: string; readonly agePick: string; readonly roleTitle: string; readonly roleWhy: string; readonly rolePick: string;
    readonly releaseTitle: string; readonly releaseName: string; readonly releaseMissing: string;
    readonly noAll: string; readonly yesAll: string; readonly send: string; readonly later: string; readonly pickSome: string; readonly gpc: string;
    readonly saidNo: string; readonly saidLater: string; readonly saidYes: string; readonly until: string; readonly yesTo: string; readonly noTo: string;
    readonly cameraOff: string; readonly toCamera: string; readonly toMood: string; readonly refusedTitle: string; readonly refused: string;
    readonly partly: string; readonly change: string; readonly withdrawAll: string; readonly withdrawn: string; readonly stale: string;
    readonly otherLanguage: string; readonly ended: string; readonly recoveryTitle: string; readonly recoveryText: string; readonly recoveryKept: string;
  };
  readonly help: {
    readonly title: string; readonly text: string; readonly ask: string; readonly offer: string; readonly yes: string; readonly no: string;
    /** Before what would be passed on, in the server's words. */
    readonly tell: string; readonly tellYes: string; readonly tellNo: string; readonly handed: string; readonly untold: string;
  };
  readonly guardian: {
    readonly title: string; readonly text: string; readonly make: string; readonly give: string; readonly how: string; readonly answer: string;
    readonly word: string; readonly finish: string; readonly iAm: string; readonly forTitle: string; readonly forText: string; readonly request: string;
    readonly read: string; readonly asked: string; readonly age: string; readonly code: string; readonly codeNew: string; readonly codeText: string;
    readonly approve: string; readonly refuse: string; readonly refused: string; readonly approved: string; readonly child: string; readonly actTitle: string;
    readonly childId: string; readonly withdraw: string; readonly withdrawn: string; readonly erase: string; readonly erased: string;
  };
  readonly camera: {
    readonly title: string; readonly off: string; readonly offWhy: string; readonly start: string; readonly asking: string; readonly loading: string;
    readonly on: string; readonly since: string; readonly stop: string; readonly denied: string; readonly unplugged: string; readonly stopped: string;
    readonly nobody: string; readonly affirmAsk: string; readonly affirmYes: string; readonly affirmNo: string; readonly show: string; readonly hide: string;
    readonly says: string; readonly unsure: string; readonly guess: string; readonly purposes: string;
    /** Why it stopped, where nobody stopped it. */
    readonly hidden: string; readonly taken: string;
    /** Why nothing is read of a picture: `WHY` of `label/reader`. */
    readonly why: Readonly<Record<"gathering" | "unsure" | "no face" | "two faces" | "dark" | "blank" | "elsewhere" | "affirm again" | "no purpose", string>>;
  };
  readonly me: {
    readonly title: string; readonly nobody: string; readonly stands: string; readonly until: string; readonly nothingStands: string; readonly waiting: string;
    readonly takeBack: string; readonly takeAll: string; readonly taken: string; readonly takenLater: string; readonly labels: string; readonly labelsNone: string;
    readonly when: string; readonly seen: string; readonly by: string; readonly byFace: string; readonly byYou: string; readonly byText: string;
    readonly correct: string; readonly correctTo: string; readonly corrected: string; readonly receipts: string; readonly receiptsNone: string;
    readonly decisions: string; readonly decisionsNone: string; readonly allowed: string; readonly denied: string; readonly looked: string;
    readonly orders: string; readonly ordersNone: string; readonly used: string; readonly unused: string; readonly devices: string; readonly here: string;
    readonly remove: string; readonly removed: string; readonly link: string; readonly linkText: string; readonly export: string; readonly exportText: string;
    readonly erase: string; readonly eraseText: string; readonly eraseSure: string; readonly eraseYes: string; readonly eraseNo: string;
    readonly erased: string; readonly erasedLater: string; readonly accepted: string; readonly completed: string; readonly completeBy: string;
    readonly backups: string; readonly deleted: string; readonly held: string; readonly recover: string; readonly recoverText: string; readonly code: string;
    readonly recoverDo: string; readonly joinText: string; readonly joinDo: string; readonly recovered: string; readonly more: string; readonly newest: string;
    readonly refresh: string; readonly answers: string; readonly right: string; readonly wrong: string; readonly hold: string;
  };
  readonly mood: {
    readonly title: string; readonly text: string; readonly said: string; readonly waits: string; readonly second: string; readonly noYes: string;
    readonly only: string;
  };
  readonly why: {
    readonly title: string; readonly nobody: string; readonly none: string; readonly used: string; readonly unused: string; readonly same: string;
    readonly places: string; readonly stop: string; readonly stopped: string; readonly english: string;
  };
  /** Errors by their stable code; `other` for the rest. */
  readonly errors: Readonly<Record<
    | "press-refused" | "server-unreachable" | "server-busy" | "consent-missing" | "consent-refused" | "notice-stale" | "request-invalid" | "signature-invalid"
    | "rate-limited" | "clock-skewed" | "affirmation-needed" | "camera-unavailable" | "model-tampered" | "capability-expired" | "other",
    string
  >>;
  readonly expressions: Readonly<Record<Expression, string>>;
  readonly states: Readonly<Record<State, string>>;
  /** How sure, from least to most. */
  readonly sure: readonly [string, string, string];
  /** A purpose in a few words, where the notice is not at hand. */
  readonly purposes: Readonly<Record<Purpose, string>>;
  /** Whom a site may serve. */
  readonly people: Readonly<Record<Role, string>>;
  readonly ages: Readonly<Record<Exclude<AgeBand, "undeclared">, string>>;
  readonly outcomes: Readonly<Record<ConsentState, string>>;
  readonly roles: Readonly<Record<KeyRole, string>>;
  /** What was decided upon; an action that is not here is shown by its name. */
  readonly actions: Readonly<Record<
    | "give_consent" | "infer" | "record" | "use" | "contribute" | "retain" | "retain_evidence" | "withdraw" | "export" | "correct" | "erase" | "change_keys"
    | "look" | "hold_placed",
    string
  >>;
}

/** A text with its `{names}` filled; the values are text and nothing else. */
export function fill(text: string, values: Readonly<Record<string, string | number>>): string {
  return text.replaceAll(/\{([a-z]+)\}/g, (whole, name: string) => (Object.hasOwn(values, name) ? String(values[name]) : whole));
}

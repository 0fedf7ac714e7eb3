/** The desk at which a client works: state in storage, the gate, and one server. The twin of `mien/client/desk.py`, without camera and models. */
import type { May, Person, Stamp } from "../consent/index.ts";
import { RequestRefused } from "../errors.ts";
import { Keep } from "../keep/index.ts";
import { type DayKey } from "../seal/index.ts";
import { type Outbound, type Patience, Sender } from "../send/index.ts";
import { type ConsentState, type Purpose } from "../values.ts";
import type { Json } from "../wire/canonical.ts";
import { VerifyKey } from "../wire/keys.ts";
import { type Happening } from "../wire/lifecycle.ts";
import { type Capability, type Notice, type Receipt, type Service } from "../wire/messages.ts";
import type { Shape } from "../wire/shapes.ts";
import type { Standing } from "./found.ts";
import { type Clock, type Entropy, type Options } from "./given.ts";
/** What the server says when no consent of this person stands there. */
export declare const GONE: readonly string[];
/** What it says to a device whose key was removed from the person's key set. */
export declare const REMOVED = "signature-invalid";
/** What it says when one stands and is not acted on: the law or the notice is another now. */
export declare const NOT_NOW: readonly string[];
export declare const NOT_OURS = "this device was removed from the person's keys, so it stopped; withdraw or erase on another device or with the recovery code";
/** What every errand needs. */
export declare class Desk {
    #private;
    readonly site: string;
    readonly trust: VerifyKey;
    readonly keep: Keep;
    readonly sender: Sender;
    readonly clock: Clock;
    readonly entropy: Entropy;
    readonly gpc: boolean;
    /** Set after the first yes: show it once. */
    recoveryCode: string | null;
    /** The notice that was fetched last. */
    shown: Notice | null;
    private constructor();
    /** Throws `SettingsError` for a site, server or trust key that cannot be. Asks nobody and keeps nothing. */
    static open(options: Options): Promise<Desk>;
    /** `work`, while no other errand of this site runs, in this tab or another. Not to be nested. */
    alone<T>(work: () => Promise<T>): Promise<T>;
    /** The person as in storage now: another tab may have withdrawn a moment ago. */
    refresh(): Promise<Person | null>;
    /** Change the person in storage, against other tabs; nothing where nobody is known. */
    change(change: (person: Person) => Person): Promise<void>;
    /** A fresh person of this device, in storage before the server hears of them; whoever was there first stays. */
    begin(subject: string, recovery: string | null): Promise<Person>;
    /** The capability to do `may` for this purpose, now; of its purposes only those that stand here. Throws a `ConsentError`. */
    permit(may: May, purpose: Purpose): Promise<Capability>;
    /** Seconds that the capability has left; 0 for none, and for one that is forged. */
    remaining(): Promise<number>;
    /** Whether nothing may be done for anybody. */
    withdrawn(): Promise<boolean>;
    /** Shut the gate and drop what waits; `forever`: until the person says yes again. */
    end(forever: boolean): Promise<void>;
    /** The server says that consent does not stand any more, or not for this device. Never returns. */
    ended(error: RequestRefused): Promise<never>;
    /** The person. Throws `ConsentMissing` where nobody is known. */
    somebody(): Promise<Person>;
    /** Now, in whole unix seconds. */
    seconds(): number;
    stamp(): Stamp;
    /** How things stand on this device; asks nobody. */
    standing(): Promise<Standing>;
    /** The state of the consent: the person's, or how far asking went before there was one. */
    stateNow(person: Person | null): Promise<ConsentState>;
    /** What happened to the question, which no server hears of. Only an answer is written down: who was merely asked leaves no trace. */
    happened(happening: Happening): Promise<void>;
    /** Nobody was asked anything, as far as this device knows. */
    forgetAsked(): void;
    ask<T extends Json>(outbound: Outbound, answer: Shape<T>, patience?: Patience): Promise<T>;
    /** Today's key of the server, as far as it is known here; `fresh`: asked anew. Throws `SealKeyExpired` or a `SendError`. */
    dayKey(fresh?: boolean): Promise<DayKey>;
    /** The verified description of the server: fetched when asked `fresh` or an hour old, else as remembered. */
    service(fresh: boolean): Promise<Service>;
    receipt(text: string, person: Person, statement: string): Promise<Receipt>;
    /** A capability's text, verified before it is kept. */
    checked(text: string | null, person: Person): Promise<string | null>;
    /** Keep a verified receipt with all that it takes to show and check it years later. */
    keepReceipt(receipt: string, statement: string, signer: VerifyKey): Promise<void>;
}
/** A problem that is about consent, as the leaf of that name. */
export declare function consentError(error: RequestRefused): Error;

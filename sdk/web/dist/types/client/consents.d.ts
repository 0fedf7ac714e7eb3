/** From the notice to erasure. A no is in force here before the server hears of it. The twin of `mien/client/consents.py`. */
import { type Patience } from "../send/index.ts";
import { type Claims, type Purpose, type Release } from "../values.ts";
import { type Certificate, type ErasureAnswer, type Notice, type Receipt } from "../wire/messages.ts";
import { type Desk } from "./desk.ts";
/** A yes, as the person gave it. `method` says how (`screen`). `renewal` prolongs a consent that stands. */
export interface Answer {
    readonly purposes: readonly Purpose[];
    readonly claims: Claims;
    readonly method?: string;
    readonly renewal?: boolean;
    readonly release?: Release;
}
/** Asking, answering, taking back, being forgotten. */
export declare class Consents {
    #private;
    constructor(desk: Desk);
    /** What the person must be shown, whole, before they answer. Where there is none in the language asked for it is English. */
    notice(locale: string): Promise<Notice>;
    /**
     * Tell the server that the person, having seen the notice, said yes to these purposes. Gives the verified receipt. Throws `ConsentMissing` before
     * `notice` and for a renewal of what does not stand, `NoticeStale`, and `ConsentRefused` naming the law.
     */
    consent(answer: Answer): Promise<Receipt>;
    /**
     * Take back these purposes. In force here when this begins, online or not: waiting labels are gone. Gives the server's receipt, the last one when there
     * was nothing to do, or null: there never was a consent, or the server cannot be reached and the withdrawal waits and goes out first (`flush`).
     */
    withdraw(purposes: readonly Purpose[]): Promise<Receipt | null>;
    /**
     * Have everything forgotten, here and there. Gives the first certificate; null while the server cannot be reached: everything here has stopped, only the
     * keys that sign the request wait in storage (`flush`).
     */
    erase(): Promise<Certificate | null>;
    /** The latest certificate of an erasure: `accepted`, later `completed`. Needs no key. */
    certificate(erasure: string): Promise<Certificate>;
    /** A certificate, verified. */
    opened(answer: ErasureAnswer): Promise<Certificate>;
    /** The server hears of withdrawals and erasures before anything else. */
    settle(patience: Patience): Promise<void>;
    /** Before anything begins: a capability that has time left, renewed if the server can be reached. */
    ready(): Promise<void>;
    /** Join this device to the person whose recovery code this is. Nobody may be known here yet. Throws `ConsentMissing` for a code of nobody. */
    recover(code: string): Promise<Receipt>;
}

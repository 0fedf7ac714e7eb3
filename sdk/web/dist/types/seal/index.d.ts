/**
 * Seal: labels become envelopes. Always 64 slots, always the same size. Pure: no I/O.
 *
 * Takes labels, a sequence number and the server's key of the day; gives an `Envelope`. Invariant: from outside, an envelope full of labels and one full
 * of dummies differ in nothing but random-looking bytes.
 */
import type { Label } from "../values.ts";
import { SealKey } from "../wire/keys.ts";
import { type Envelope, type Service } from "../wire/messages.ts";
/** Who an envelope is from. */
export interface From {
    readonly site: string;
    readonly subject: string;
    readonly device: string;
    readonly streamKey: Uint8Array;
}
/** A key of the server and its id: its UTC day. */
export interface DayKey {
    readonly kid: string;
    readonly key: SealKey;
}
/** The newest key of the service that labels may be sealed to now, and its id. Throws `SealKeyExpired`. */
export declare function liveKey(service: Service, now: number): DayKey;
/** `labels` sealed under sequence number `number`, which must never have been used before. `now` is unix seconds. Throws `LabelInvalid`. */
export declare function envelope(labels: readonly Label[], number: number, now: number, from: From, day: DayKey): Promise<Envelope>;

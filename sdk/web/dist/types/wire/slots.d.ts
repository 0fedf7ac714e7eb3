/**
 * Labels as bits: one envelope holds 64 slots of 64 bits, always all of them: the twin of `mien/wire/slots.py`.
 *
 *     version 1 byte | base time 4 bytes (unix seconds) | 64 slots of 8 bytes
 *
 * A slot, most significant bit first:
 *
 *     1 present | 3 expression | 4 second (0 none, else 1 + expression) | 3 state | 2 polarity | 5 valence + 15 (31 absent) |
 *     5 arousal + 15 (31 absent) | 4 confidence | 6 window - 1 | 2 source | 8 model | 16 seconds since base | 5 zero
 *
 * A dummy is eight zero bytes. Whatever is not the encoding of a label or a dummy is refused: there is no second channel in spare bits.
 */
import { type Label } from "../values.ts";
import { type Bytes } from "./bytes.ts";
export declare const VERSION = 1;
export declare const SLOT_BYTES = 8;
export declare const PLAINTEXT_BYTES: number;
export declare const MAX_CONFIDENCE = 15;
export declare const MAX_TIME = 4294967295;
/**
 * The fixed-size plaintext of an envelope: `PLAINTEXT_BYTES` bytes. `base` is unix seconds; every label ends within 65,535 s after it. Throws
 * `LabelInvalid`.
 */
export declare function pack(labels: readonly Label[], base: number): Bytes;
/** The labels in an envelope's plaintext, dummies dropped. Throws `EnvelopeInvalid`. */
export declare function unpack(plaintext: Uint8Array): readonly Label[];
/** One label as eight bytes, relative to `base`. Throws `LabelInvalid`. */
export declare function packSlot(label: Label, base: number): Bytes;
/** The label in eight bytes. Throws `EnvelopeInvalid` for any encoding `packSlot` does not make. */
export declare function unpackSlot(slot: Uint8Array, base: number): Label;
/** Return when `label` is in the closed vocabulary and ranges; throw `LabelInvalid` otherwise. */
export declare function check(label: Label): void;

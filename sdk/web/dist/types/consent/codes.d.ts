/** The recovery code: 160 random bits that a person writes down. Key and subject id both come from it, so the code alone is enough to erase. */
import { type Bytes } from "../wire/bytes.ts";
import { SigningKey } from "../wire/keys.ts";
export declare const CODE_BYTES = 20;
/** The code for 20 random bytes: eight groups of four letters and digits. */
export declare function newCode(random: Uint8Array): string;
/** The 20 bytes of a recovery code as somebody typed it. Throws `RequestInvalid`. */
export declare function readCode(code: string): Bytes;
/** The Ed25519 key of a recovery code's bytes (HKDF-SHA256, RFC 5869). */
export declare function recoveryKey(secret: Uint8Array): Promise<SigningKey>;
/** The subject id of a recovery code's bytes: 128 pseudorandom bits that tell nothing of the code. */
export declare function subjectOf(secret: Uint8Array): Promise<string>;

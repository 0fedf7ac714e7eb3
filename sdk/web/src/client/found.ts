/** What a client gives beside the nouns. */

import type { ConsentState, KeyRole, Purpose } from "../values.ts";
import type { Notice } from "../wire/messages.ts";

/** What `flush` did: envelopes sent and still waiting; `lost` counts since the first yes what could never arrive, by why. */
export interface Flushed {
  readonly sent: number;
  readonly waiting: number;
  readonly lost: Readonly<Record<string, number>>;
}

/**
 * How things stand on this device. `withdrawing` and `erasing` are in force here and not yet confirmed by the server. `expiresAt` is when the consent ends
 * by itself (unix seconds, 0 for none). `askAgain`: it ended or is not acted on without a no of the person.
 */
export interface Standing {
  readonly subject: string | null;
  readonly purposes: readonly Purpose[];
  readonly withdrawing: readonly Purpose[];
  readonly erasing: boolean;
  readonly capabilitySeconds: number;
  readonly waiting: number;
  readonly lost: Readonly<Record<string, number>>;
  readonly state: ConsentState;
  readonly expiresAt: number;
  readonly askAgain: boolean;
}

/** A key of the person's key set as the server has it. `here`: it is this device's own. `addedAt` is in unix seconds. */
export interface HeldKey {
  readonly id: string;
  readonly role: KeyRole;
  readonly addedAt: number;
  readonly here: boolean;
}

/** A verified place in the audit log: the entry's index, and the C2SP tlog-proof and entry (base64url) to keep and verify again offline. */
export interface Proof {
  readonly index: bigint;
  readonly text: string;
  readonly entry: string;
}

/** What a device keeps of one answer, in the form that `mien receipt verify` reads: receipt and statement as sent, and all it takes to check them. */
export interface ReceiptFile {
  readonly v: 1;
  readonly receipt: string;
  readonly statement: string;
  readonly notice: Notice | null;
  readonly server: string;
  readonly trust: string;
  readonly signer: string;
}

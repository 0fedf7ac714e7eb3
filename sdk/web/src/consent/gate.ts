/**
 * The gate before camera, model and network: the twin of `mien/consent/gate.py`. It opens only with a verified capability and shuts by itself when that
 * expires. Two clocks are asked: wall time, and a monotonic one that turning the wall clock back cannot stretch. Both are in seconds.
 */

import { CapabilityExpired, CapabilityInvalid, ClockSkewed, ConsentMissing } from "../errors.ts";
import type { Purpose } from "../values.ts";
import type { VerifyKey } from "../wire/keys.ts";
import { type Capability, CLOCK_SKEW } from "../wire/messages.ts";
import { openCapability } from "./answers.ts";

/** Seconds before expiry from which a device asks for the next capability. */
export const RENEW_BEFORE = 120;
const EXPIRED = "the capability is older than its five minutes; connect to the server to renew it";

export type May = Capability["may"][number];

/** Stands shut until `admit`. One for each person and device. */
export class Gate {
  readonly trust: VerifyKey;
  readonly site: string;
  readonly subject: string;
  readonly device: string;
  #text: string | null = null;
  #capability: Capability | null = null;
  #deadline = 0;

  constructor(trust: VerifyKey, site: string, subject: string, device: string) {
    this.trust = trust;
    this.site = site;
    this.subject = subject;
    this.device = device;
  }

  /** Take over a capability (null shuts). Throws `CapabilityInvalid`, and is shut then; time is checked by `require`. */
  async admit(text: string | null, now: number, monotonic: number): Promise<void> {
    if (text !== null && text === this.#text) return;
    this.shut();
    if (text === null) return;
    const found = await openCapability(text, this.trust, this.site, this.subject, this.device);
    this.#text = text;
    this.#capability = found;
    this.#deadline = monotonic + (found.expires_at - now);
  }

  /** Let nothing pass any more. */
  shut(): void {
    this.#text = null;
    this.#capability = null;
  }

  /**
   * Return the capability when `may` (for `purpose`, if one is named) is allowed now. Throws `ConsentMissing`, `CapabilityExpired`, `ClockSkewed`, or
   * `CapabilityInvalid` for one to infer that names no model, or another than `model`.
   */
  require(may: May, now: number, monotonic: number, purpose: Purpose | null = null, model: number | null = null): Capability {
    const found = this.#capability;
    if (found === null) throw new ConsentMissing("the person has not said yes, or took it back; show the notice and ask");
    inTime(found, now);
    if (monotonic >= this.#deadline) throw new CapabilityExpired(EXPIRED);
    if (!found.may.includes(may) || found.purposes.length === 0) {
      throw new ConsentMissing(`the server's policy does not allow \`${may}\` now; see the laws in the receipt`);
    }
    if (purpose !== null && !found.purposes.includes(purpose)) {
      throw new ConsentMissing(`the person has not said yes to \`${purpose}\`; ask for that purpose`);
    }
    ofModel(found, may, model);
    return found;
  }

  /** The model that the capability is for, null when there is no capability. */
  get model(): number | null {
    return this.#capability?.model ?? null;
  }

  /** Seconds until it shuts; 0 when shut. */
  remaining(now: number, monotonic: number): number {
    if (this.#capability === null) return 0;
    return Math.max(0, Math.min(this.#capability.expires_at - now, this.#deadline - monotonic));
  }
}

/** A capability to read faces is for one model; without a model there is nothing to read them with. */
function ofModel(found: Capability, may: May, model: number | null): void {
  if (may === "infer" && found.model === 0) {
    throw new CapabilityInvalid("the capability names no model, so no face may be read on it; ask for consent to read");
  }
  if (model !== null && found.model !== model) {
    throw new CapabilityInvalid(`the capability is for model ${found.model} and this device reads with model ${model}; ask the server for another`);
  }
}

function inTime(found: Capability, now: number): void {
  if (now >= found.expires_at) throw new CapabilityExpired(EXPIRED);
  if (now < found.issued_at - CLOCK_SKEW) {
    throw new ClockSkewed("this device's clock is more than two minutes behind the server's; set the clock");
  }
}

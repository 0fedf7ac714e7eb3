/**
 * The gate before camera, model and network: the twin of `mien/consent/gate.py`. It opens only with a verified capability and shuts by itself when that
 * expires. Two clocks are asked: wall time, and a monotonic one that turning the wall clock back cannot stretch. Both are in seconds.
 */
import type { Purpose } from "../values.ts";
import type { VerifyKey } from "../wire/keys.ts";
import { type Capability } from "../wire/messages.ts";
/** Seconds before expiry from which a device asks for the next capability. */
export declare const RENEW_BEFORE = 120;
export type May = Capability["may"][number];
/** Stands shut until `admit`. One for each person and device. */
export declare class Gate {
    #private;
    readonly trust: VerifyKey;
    readonly site: string;
    readonly subject: string;
    readonly device: string;
    constructor(trust: VerifyKey, site: string, subject: string, device: string);
    /** Take over a capability (null shuts). Throws `CapabilityInvalid`, and is shut then; time is checked by `require`. */
    admit(text: string | null, now: number, monotonic: number): Promise<void>;
    /** Let nothing pass any more. */
    shut(): void;
    /**
     * Return the capability when `may` (for `purpose`, if one is named) is allowed now. Throws `ConsentMissing`, `CapabilityExpired`, `ClockSkewed`, or
     * `CapabilityInvalid` for one to infer that names no model.
     */
    require(may: May, now: number, monotonic: number, purpose?: Purpose | null): Capability;
    /** Seconds until it shuts; 0 when shut. */
    remaining(now: number, monotonic: number): number;
}

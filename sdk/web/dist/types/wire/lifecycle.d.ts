/**
 * A consent's life: what happens to a consent, and what follows: the twin of `mien/wire/lifecycle.py`, with which a test compares every step.
 *
 *     none -> requested -> given <-> renewed -> withdrawn | revoked | expired | invalidated -> given
 *                       -> refused | deferred
 *
 * Processing is allowed in `given` and `renewed` only (DPV: the two valid states). Source: ISO/IEC TS 27560:2023 `event_state`.
 */
import { type ConsentState } from "../values.ts";
/** What happens to a consent. `give` is a yes to a notice just shown; `revoke` is a withdrawal by somebody else than the person, a guardian. */
export declare const HAPPENINGS: readonly ["ask", "defer", "refuse", "give", "renew", "withdraw", "revoke", "expire", "invalidate"];
export type Happening = (typeof HAPPENINGS)[number];
/** Whether anything may be done under a consent in this state. */
export declare function stands(state: ConsentState): boolean;
/**
 * The state that follows. What cannot end again, or was asked in vain, stays as it is: every happening may be told twice. Throws `ConsentMissing` for
 * a renewal of what does not stand.
 */
export declare function after(state: ConsentState, happening: Happening): ConsentState;

/**
 * A consent's life: what happens to a consent, and what follows: the twin of `mien/wire/lifecycle.py`, with which a test compares every step.
 *
 *     none -> requested -> given <-> renewed -> withdrawn | revoked | expired | invalidated -> given
 *                       -> refused | deferred
 *
 * Processing is allowed in `given` and `renewed` only (DPV: the two valid states). Source: ISO/IEC TS 27560:2023 `event_state`.
 */

import { ConsentMissing } from "../errors.ts";
import { type ConsentState, STANDING } from "../values.ts";

/** What happens to a consent. `give` is a yes to a notice just shown; `revoke` is a withdrawal by somebody else than the person, a guardian. */
export const HAPPENINGS = ["ask", "defer", "refuse", "give", "renew", "withdraw", "revoke", "expire", "invalidate"] as const;
export type Happening = (typeof HAPPENINGS)[number];

const ENDS = { withdraw: "withdrawn", revoke: "revoked", expire: "expired", invalidate: "invalidated" } as const;
const ASKED = { ask: "requested", defer: "deferred", refuse: "refused" } as const;
/** States in which there is nothing to keep as it was: an answer to a question replaces them. */
const NEVER: readonly ConsentState[] = ["none", "requested", "deferred", "refused"];

/** Whether anything may be done under a consent in this state. */
export function stands(state: ConsentState): boolean {
  return (STANDING as readonly ConsentState[]).includes(state);
}

/**
 * The state that follows. What cannot end again, or was asked in vain, stays as it is: every happening may be told twice. Throws `ConsentMissing` for
 * a renewal of what does not stand.
 */
export function after(state: ConsentState, happening: Happening): ConsentState {
  switch (happening) {
    case "give":
      return stands(state) ? "renewed" : "given";
    case "renew":
      if (stands(state)) return "renewed";
      throw new ConsentMissing(`a consent that is \`${state}\` cannot be renewed; show the notice and ask anew`);
    case "withdraw":
    case "revoke":
    case "expire":
    case "invalidate":
      return stands(state) ? ENDS[happening] : state;
    case "ask":
    case "defer":
    case "refuse":
      return NEVER.includes(state) ? ASKED[happening] : state;
  }
}

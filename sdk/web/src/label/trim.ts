/** Data minimization (GDPR 5(1)(c)): of a label only what some purpose needs. The twin of `mien/label/trim.py`. */

import type { Label, Purpose } from "../values.ts";

/** The purposes that use what is read in a face. `contribute` and `bind_account` never see a label. */
export const LABEL_PURPOSES: readonly Purpose[] = ["personalize_offers", "adapt_service", "adapt_lessons"];
/** The purpose of what a person declares: no camera, no biometrics, so it stands where reading faces is forbidden. */
export const MOOD_PURPOSE: Purpose = "declare_mood";
const NEED_AFFECT: readonly Purpose[] = ["personalize_offers", "adapt_service"];
const NEED_STATE: readonly Purpose[] = ["adapt_service", "adapt_lessons"];
const NEED_POLARITY: readonly Purpose[] = ["adapt_service"];

/** Whether one of `purposes` needs a label of a face at all. */
export function needsLabel(purposes: readonly Purpose[]): boolean {
  return shared(LABEL_PURPOSES, purposes);
}

/** Whether one of `purposes` needs valence and arousal. */
export function needsAffect(purposes: readonly Purpose[]): boolean {
  return shared(NEED_AFFECT, purposes);
}

/** Whether one of `purposes` needs the state. */
export function needsState(purposes: readonly Purpose[]): boolean {
  return shared(NEED_STATE, purposes);
}

/** `label` without what none of `purposes` needs; null when none of them needs a label. What was declared is for `MOOD_PURPOSE` alone. */
export function trim(label: Label, purposes: readonly Purpose[]): Label | null {
  if (label.source === "declared") {
    if (!purposes.includes(MOOD_PURPOSE)) return null;
    return { ...label, state: "none", polarity: "none", valence: null, arousal: null, model: 0 };
  }
  if (!needsLabel(purposes)) return null;
  const affect = needsAffect(purposes);
  return {
    ...label,
    state: needsState(purposes) ? label.state : "none",
    polarity: shared(NEED_POLARITY, purposes) ? label.polarity : "none",
    valence: affect ? label.valence : null,
    arousal: affect ? label.arousal : null,
  };
}

function shared(some: readonly Purpose[], purposes: readonly Purpose[]): boolean {
  return some.some((each) => purposes.includes(each));
}

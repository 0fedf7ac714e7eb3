/** Label: what a person declares, and data minimization (GDPR 5(1)(c)): of a label only what some purpose needs. Pure. Reading faces comes later. */

import type { Label, Purpose } from "../values.ts";

/** The purposes that use what is read in a face. `contribute` and `bind_account` never see a label. */
export const LABEL_PURPOSES: readonly Purpose[] = ["personalize_offers", "adapt_service", "adapt_lessons"];
/** The purpose of what a person declares: no camera, no biometrics, so it stands where reading faces is forbidden. */
export const MOOD_PURPOSE: Purpose = "declare_mood";

/** `label` without what none of `purposes` needs; null when none of them needs a label. What was declared is for `MOOD_PURPOSE` alone. */
export function trim(label: Label, purposes: readonly Purpose[]): Label | null {
  const wants = (...some: readonly Purpose[]): boolean => some.some((each) => purposes.includes(each));
  if (label.source === "declared") {
    if (!wants(MOOD_PURPOSE)) return null;
    return { ...label, state: "none", polarity: "none", valence: null, arousal: null, model: 0 };
  }
  if (!wants(...LABEL_PURPOSES)) return null;
  const affect = wants("personalize_offers", "adapt_service");
  return {
    ...label,
    state: wants("adapt_service", "adapt_lessons") ? label.state : "none",
    polarity: wants("adapt_service") ? label.polarity : "none",
    valence: affect ? label.valence : null,
    arousal: affect ? label.arousal : null,
  };
}

/** Label: what a person declares, and data minimization (GDPR 5(1)(c)): of a label only what some purpose needs. Pure. Reading faces comes later. */
import type { Label, Purpose } from "../values.ts";
/** The purposes that use what is read in a face. `contribute` and `bind_account` never see a label. */
export declare const LABEL_PURPOSES: readonly Purpose[];
/** The purpose of what a person declares: no camera, no biometrics, so it stands where reading faces is forbidden. */
export declare const MOOD_PURPOSE: Purpose;
/** `label` without what none of `purposes` needs; null when none of them needs a label. What was declared is for `MOOD_PURPOSE` alone. */
export declare function trim(label: Label, purposes: readonly Purpose[]): Label | null;

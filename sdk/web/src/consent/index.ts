/**
 * Consent: the person's keys and statements, the server's answers, and the gate that everything else stands behind. Pure: no I/O, no clock.
 *
 * Takes what the person did and what the server answered; gives signed statements, verified receipts and a `Gate`. Invariant: nothing passes the gate
 * without a capability that the trusted key signed for this site, subject and device, and that is not older than its five minutes.
 */

export * from "./answers.ts";
export * from "./codes.ts";
export * from "./gate.ts";
export * from "./guardian.ts";
export * from "./person.ts";
export * from "./statements.ts";

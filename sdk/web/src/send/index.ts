/**
 * Send: the one room on the network. It takes the closed union `Outbound` and nothing else, and gives parsed answers.
 *
 * Invariants: nothing that is not an `Outbound`, checked again field by field, becomes bytes; only the configured server is asked; redirects are not
 * followed; no cookies; an answer is bounded in size and time and is either what the protocol says or an error. `fetched` alone gets a file, of the origin that
 * this code itself comes from.
 */

export { fetched } from "./fetched.ts";
export { type Outbound } from "./outbound.ts";
export { checkServer, ONCE, PATIENT, type Patience, Sender, type Transport } from "./sender.ts";

/**
 * A whole life of a consent in one process, against a real server: told on standard input where it is, tells on standard output what came of it. Driven by
 * `test_journey.py`, which records every byte that leaves.
 */

import { readFileSync } from "node:fs";

import { Client, ConsentMissing, ConsentRefused, Guardian, MemoryShelf, newGuardianCode, type Options, RequestRefused, SignatureInvalid } from "../../sdk/web/src/index.ts";

const GERMANY = { jurisdictions: ["EU-DE"], age_band: "adult" } as const;
const BOTH = ["personalize_offers", "declare_mood"] as const;
/** Asked with every ranking, so that each says the same. */
const VISIT = {
  history: [{ kind: "dismissal", offer: "frisbee", ago: 120 }], rules: { exclude: ["ukulele"], pin: [{ offer: "kite-dragon", place: 2 }] }, ageBand: "adult",
} as const;
const told: Record<string, unknown> = {};

/** The code of the error that `step` ends with, and its laws. */
async function refusal(step: Promise<unknown>): Promise<unknown> {
  try {
    return await step;
  } catch (error) {
    if (error instanceof ConsentRefused || error instanceof ConsentMissing || error instanceof SignatureInvalid || error instanceof RequestRefused) return { code: error.code, laws: error.laws };
    throw error;
  }
}

const options = JSON.parse(readFileSync(0, "utf8")) as Options;
const shelf = new MemoryShelf();
let requests = 0;
const counting: Options = {
  ...options, shelf, transport: (url, init) => {
    requests += 1;
    return fetch(url, init);
  },
};
const client = await Client.open(counting);

// ---- before any answer: the shop works, and nothing is kept ----
told["before"] = await client.rank(VISIT);
told["help_before"] = [(await client.help({ page: "returns" })).mode, await client.help({ page: "returns", human: true })];
await client.notice("de");
const notice = await client.notice("en");
told["notice"] = notice;
told["kept_before"] = await shelf.names("");
const asked = requests;
await client.refuse();
told["said_of_a_no"] = requests - asked;
told["after_no"] = [(await client.standing()).state, await refusal(client.declare("joy"))];

// ---- yes ----
const receipt = await client.consent({ purposes: BOTH, claims: GERMANY });
told["receipt"] = receipt;
told["recovery"] = client.recoveryCode;
told["proof"] = { ...(await client.proof(receipt, 20)), index: undefined };
const code = client.recoveryCode ?? "";
told["mood"] = await client.declare("joy", "surprise");
await client.declare("joy");
told["standing"] = await client.standing();
told["ranking"] = await client.rank(VISIT);
await client.reward(await client.rank(VISIT), 1, 100);
await client.reward(await client.rank(VISIT), 2, "cart");
told["help"] = await client.help({ page: "returns", human: true, passOn: true });
told["renewed"] = (await client.consent({ purposes: BOTH, claims: GERMANY, renewal: true })).outcome;

// ---- her rights ----
const held = await client.export();
told["held"] = held;
const [first] = held["labels"] as readonly { readonly record: string }[];
await client.correct(first?.record ?? "", "sadness");
told["corrected"] = (await client.export())["labels"];
const other = await Client.open({ ...counting, shelf: new MemoryShelf() });
told["recovered"] = (await other.recover(code)).purposes;
told["keys"] = ((await other.export())["keys"] as readonly { readonly role: string }[]).map((key) => key.role);

// ---- another device, and one that was lost ----
const link = await other.linkCode();
const third = await Client.open({ ...counting, shelf: new MemoryShelf() });
told["joined"] = (await third.join(link)).purposes;
const late = await Client.open({ ...counting, shelf: new MemoryShelf() });
told["joined_again"] = await refusal(late.join(link));
const keys = await third.keySet();
told["key_set"] = keys.map(({ role, here }) => `${role}${here ? " here" : ""}`);
const lost = (await other.keySet()).find(({ here }) => here);
told["removed"] = (await third.removeKey(lost?.id ?? "")).by;
told["removed_is_a_stranger"] = await refusal(other.export());

// ---- a child, and who answers for them ----
const child = await Client.open({ ...counting, shelf: new MemoryShelf() });
const minor = { purposes: ["adapt_service"], claims: { jurisdictions: ["EU-DE"], age_band: "13_to_15" } } as const;
await child.notice("en");
told["alone"] = await refusal(child.consent(minor));
const request = await child.guardianRequest(minor);
const guardian = await Guardian.open({ ...counting, code: newGuardianCode() });
told["unread"] = await refusal(guardian.approve(request));
const shown = await guardian.notice(request);
const approval = await guardian.approve(request);
told["approved"] = [guardian.read(request).purposes, shown.locale];
told["more_than_approved"] = await refusal(child.consent({ ...minor, purposes: ["personalize_offers"], guardian: approval }));
const together = await child.consent({ ...minor, guardian: approval });
told["together"] = [together.outcome, together.purposes];
told["childs_keys"] = ((await guardian.export(together.subject))["keys"] as readonly { readonly role: string }[]).map((key) => key.role).sort();
const revoked = await guardian.withdraw(together.subject);
told["revoked"] = [revoked.outcome, revoked.by];
const forgotten = await guardian.erase(together.subject);
told["forgotten"] = [forgotten.stage, (await guardian.certificate(forgotten.erasure)).erasure === forgotten.erasure];

// ---- no ----
told["withdrawn"] = await client.withdraw();
told["withdrawn_again"] = (await client.withdraw())?.outcome;
told["after_withdrawal"] = [await refusal(client.declare("joy")), (await client.standing()).state, (await client.rank(VISIT)).used_emotion];
await client.notice("en");
told["refused"] = await refusal(
  client.consent({ purposes: ["personalize_offers"], claims: { jurisdictions: ["EU-DE"], sector: "education", age_band: "adult" } }),
);
told["files"] = await client.receipts();

// ---- forgotten ----
const certificate = await client.erase();
told["accepted"] = certificate;
told["kept_after"] = await shelf.names("");
told["after_erasure"] = [(await client.standing()).subject, await refusal(client.export())];
for (let tried = 0; tried < 100; tried += 1) {
  const later = await client.certificate(certificate?.erasure ?? "");
  told["completed"] = later;
  if (later.stage === "completed") break;
  await new Promise((resolve) => setTimeout(resolve, 100));
}
told["others_end"] = await refusal(third.declare("joy"));

process.stdout.write(JSON.stringify(told));

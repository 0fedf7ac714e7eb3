/** The client on bad days: offline, answers that are lost, forged or late capabilities, two tabs, a consent that runs out. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { Gate } from "../../sdk/web/src/consent/index.ts";
import {
  CapabilityExpired, CapabilityInvalid, Client, ClockSkewed, ConsentMissing, KeepUnreadable, LabelInvalid, MemoryShelf, NoticeStale, RequestInvalid, SendError,
  ServerAnswerInvalid, ServerUnreachable, SettingsError, SignatureInvalid,
} from "../../sdk/web/src/index.ts";
import type { JsonObject } from "../../sdk/web/src/wire/canonical.ts";
import { SigningKey } from "../../sdk/web/src/wire/keys.ts";
import { KINDS, sign, unverified } from "../../sdk/web/src/wire/signatures.ts";
import { FakeServer } from "./fake.ts";
import { counted, HandClock, NOW, serverKey, SUBJECT } from "./parts.ts";

const GERMANY = { jurisdictions: ["EU-DE"], age_band: "adult" } as const;
const MOOD = { purposes: ["declare_mood"], claims: GERMANY } as const;

interface World {
  readonly clock: HandClock;
  readonly server: FakeServer;
  readonly shelf: MemoryShelf;
  /** Another tab of the same browser. */
  tab(gpc?: boolean): Promise<Client>;
}

async function world(): Promise<World> {
  const clock = new HandClock();
  const [server, shelf] = [await FakeServer.at(clock), new MemoryShelf()];
  const options = { server: "https://mien.example", site: "shop", key: "pk_shop", trust: server.trust, shelf, clock, transport: server.transport };
  return { clock, server, shelf, tab: (gpc = false) => Client.open({ ...options, gpc, entropy: counted() }) };
}

async function consented(): Promise<World & { readonly client: Client }> {
  const made = await world();
  const client = await made.tab();
  await client.notice();
  await client.consent(MOOD);
  return { ...made, client };
}

test("nobody is asked and nothing is kept until something is wanted", async () => {
  const { server, shelf, tab } = await world();
  const client = await tab();
  assert.equal((await client.standing()).state, "none");
  await assert.rejects(client.consent(MOOD), /no notice was fetched/);
  await assert.rejects(client.declare("joy"), ConsentMissing);
  await assert.rejects(client.export(), ConsentMissing);
  await assert.rejects(client.erase(), ConsentMissing);
  assert.equal(await client.withdraw(), null);
  assert.deepEqual([server.paths, await shelf.names("")], [[], []]);
});

test("who was only asked leaves no trace; a no is remembered", async () => {
  const { shelf, tab } = await world();
  const client = await tab();
  await client.notice();
  assert.deepEqual([(await client.standing()).state, await shelf.names("")], ["requested", []]);
  await client.refuse();
  assert.equal((await (await tab()).standing()).state, "refused");
});

test("a withdrawal is in force here at once, also offline, and is told before anything else", async () => {
  const { server, client } = await consented();
  server.away = true;
  await client.declare("joy");
  assert.equal((await client.standing()).waiting, 1);
  assert.equal(await client.withdraw(), null);
  const standing = await client.standing();
  assert.deepEqual([standing.purposes, standing.withdrawing, standing.waiting, standing.state], [[], ["declare_mood"], 0, "withdrawn"]);
  await assert.rejects(client.declare("joy"), ConsentMissing);
  await assert.rejects(client.flush(), ServerUnreachable);
  server.away = false;
  const before = server.arrived.length;
  await client.flush();
  assert.deepEqual(server.paths.slice(before), ["/v1/withdrawals"]);
  assert.deepEqual((await client.standing()).withdrawing, []);
});

test("what waits offline goes out once, in order, when the server is back", async () => {
  const { server, client } = await consented();
  server.away = true;
  for (const mood of ["joy", "sadness", "neutral"] as const) await client.declare(mood);
  server.away = false;
  assert.deepEqual(await client.flush(), { sent: 3, waiting: 0, lost: {} });
  const sent = server.arrived.filter(({ path }) => path === "/v1/labels");
  assert.deepEqual(sent.map(({ said }) => said["seq"]), [1, 2, 3]);
  assert.equal(new Set(sent.map(({ said }) => JSON.stringify(said).length)).size, 1);
  assert.deepEqual(await client.flush(), { sent: 0, waiting: 0, lost: {} });
});

test("a yes whose answer was lost can be taken back, and its recovery code is not lost", async () => {
  const { server, tab } = await world();
  const client = await tab();
  await client.notice();
  server.lose = ["/v1/consents"];
  await assert.rejects(client.consent(MOOD), ServerUnreachable);
  assert.equal(client.recoveryCode, null);
  await client.withdraw();
  assert.equal(server.paths.at(-1), "/v1/withdrawals");
  await client.consent(MOOD);
  const [first, second] = server.arrived.filter(({ path }) => path === "/v1/consents").map(({ said }) => unverified(String(said["jws"])));
  assert.deepEqual((first?.["keys"] as readonly JsonObject[])[1], (second?.["keys"] as readonly JsonObject[])[1]);
  assert.match(client.recoveryCode ?? "", /^([a-z2-7]{4}-){7}[a-z2-7]{4}$/);
});

test("a withdrawal while the answer is on its way wins", async () => {
  const { server, tab, clock } = await world();
  const client = await tab();
  await client.notice();
  const { transport } = server;
  let meanwhile: Promise<unknown> = Promise.resolve();
  const slow = await Client.open({
    server: "https://mien.example", site: "shop", key: "pk_shop", trust: server.trust, shelf: new MemoryShelf(), clock, entropy: counted(), gpc: false,
    transport: async (url, init) => {
      const answer = await transport(url, init);
      if (url.endsWith("/v1/consents")) {
        meanwhile = slow.withdraw();
        await new Promise((resolve) => setTimeout(resolve, 5)); // the withdrawal is written down by then
      }
      return answer;
    },
  });
  await slow.notice();
  await slow.consent(MOOD);
  await meanwhile;
  assert.deepEqual([(await slow.standing()).purposes, (await slow.standing()).state], [[], "withdrawn"]);
  await assert.rejects(slow.declare("joy"), ConsentMissing);
});

test("two tabs are one person: what one takes back, the other may not use", async () => {
  const { server, client, tab } = await consented();
  const other = await tab();
  await Promise.all([client.declare("joy"), other.declare("sadness")]);
  await Promise.all([client.flush(), other.flush()]);
  const sent = server.arrived.filter(({ path }) => path === "/v1/labels").map(({ said }) => said["seq"]);
  assert.deepEqual(new Set(sent), new Set([1, 2]));
  await other.withdraw();
  await assert.rejects(client.declare("joy"), ConsentMissing);
  assert.equal((await client.standing()).state, "withdrawn");
});

test("two tabs that say yes at once make one person with one key, also where tabs cannot wait for each other", async (t) => {
  t.mock.getter(globalThis.navigator, "locks", () => undefined);
  const { shelf, server, tab } = await world();
  const tabs = [await tab(), await tab()];
  await Promise.all(tabs.map((each) => each.notice()));
  await Promise.all(tabs.map((each) => each.consent(MOOD)));
  const kids = server.arrived.filter(({ path }) => path === "/v1/consents").map(({ said }) => String(said["jws"]).split(".")[0]);
  assert.equal(new Set(kids).size, 1);
  assert.equal((await shelf.names("shop")).filter((name) => name.includes("/sign/")).length, 1);
});

test("the device key is the one that WebCrypto keeps: the page that opens again has it, and nobody else", async () => {
  const { shelf, tab, server } = await consented();
  const again = await tab();
  await again.declare("joy");
  assert.equal((await again.flush()).waiting, 0);
  const [name = ""] = (await shelf.names("shop")).filter((each) => each.includes("/sign/"));
  const kept = (await shelf.get(name))?.value;
  assert.ok(kept instanceof CryptoKey);
  assert.equal(kept.extractable, false);
  await shelf.remove([name]);
  await assert.rejects((await tab()).standing(), KeepUnreadable);
  assert.ok(server.paths.includes("/v1/labels"));
});

test("a capability that is forged, foreign or too long is not believed", async () => {
  for (const [spoil, key] of [[{}, true], [{ device: "A".repeat(22) }, false], [{ subject: SUBJECT }, false], [{ expires_at: NOW + 301 }, false]] as const) {
    const { server, tab } = await world();
    server.capability = spoil;
    server.signsWith = key ? await SigningKey.generate() : null;
    const client = await tab();
    await client.notice();
    await assert.rejects(client.consent(MOOD), CapabilityInvalid);
    await assert.rejects(client.declare("joy"), ConsentMissing);
    assert.equal(server.paths.includes("/v1/labels"), false);
  }
});

test("a capability is renewed while the server answers, and nothing is done on an old one", async () => {
  const { clock, server, client } = await consented();
  clock.at += 200;
  await client.declare("joy");
  assert.ok(server.paths.includes("/v1/capabilities"));
  server.away = true;
  clock.at += 301;
  await assert.rejects(client.declare("joy"), SendError);
  assert.equal((await client.standing()).waiting, 0);
});

test("a consent ends by itself on its day", async () => {
  const made = await world();
  made.server.lasts = 1000;
  const client = await made.tab();
  await client.notice();
  await client.consent(MOOD);
  made.clock.at += 1000;
  await assert.rejects(client.declare("joy"), /ran out/);
  const { state, askAgain, purposes } = await client.standing();
  assert.deepEqual([state, askAgain, purposes], ["expired", true, []]);
  await assert.rejects(client.consent({ ...MOOD, renewal: true }), ConsentMissing);
});

test("when the server says that consent ended elsewhere, it ends here", async () => {
  for (const [code, state] of [["consent-missing", "withdrawn"], ["person-erased", "withdrawn"], ["notice-stale", "given"]] as const) {
    const { server, client } = await consented();
    server.problem.set("/v1/labels", code);
    await assert.rejects(client.declare("joy"), code === "notice-stale" ? NoticeStale : ConsentMissing);
    const standing = await client.standing();
    assert.deepEqual([standing.state, standing.waiting, standing.capabilitySeconds], [state, 0, 0]);
    assert.equal(standing.askAgain, code === "notice-stale");
  }
});

test("an envelope that can never arrive is dropped and counted; any other waits", async () => {
  const { server, client } = await consented();
  server.problem.set("/v1/labels", "seal-key-expired");
  await client.declare("joy");
  assert.deepEqual([(await client.standing()).waiting, (await client.standing()).lost], [0, { "seal-key-expired": 1 }]);
  assert.equal(server.paths.at(-1), "/.well-known/mien");
  server.problem.set("/v1/labels", "something-else");
  await client.declare("joy");
  assert.equal((await client.standing()).waiting, 1);
});

test("the browser's privacy signal is claimed with a yes", async () => {
  const { server, tab } = await world();
  const client = await tab(true);
  await client.notice();
  await client.consent(MOOD);
  const said = unverified(String(server.arrived.find(({ path }) => path === "/v1/consents")?.said["jws"]));
  assert.equal((said["claims"] as JsonObject)["gpc"], true);
});

test("words outside the vocabulary, and purposes of nothing, are refused before anything is asked", async () => {
  const { server, client } = await consented();
  const before = server.arrived.length;
  await assert.rejects(client.declare("gleeful" as "joy"), LabelInvalid);
  await assert.rejects(client.declare("joy", "joy"), LabelInvalid);
  await assert.rejects(client.withdraw([]), RequestInvalid);
  await assert.rejects(client.consent({ ...MOOD, purposes: [] }), RequestInvalid);
  await assert.rejects(client.recover("abcd"), RequestInvalid);
  assert.equal(server.arrived.length, before);
});

test("an export is believed only as the server signed it, whole, for this person", async () => {
  const { server, client } = await consented();
  assert.deepEqual({ ...(await client.export()), signature: null }, { labels: [], signature: null });
  for (const [spoil, wrong] of [["content", SignatureInvalid], ["subject", SignatureInvalid], ["kind", SignatureInvalid], ["list", ServerAnswerInvalid], ["trailing", ServerAnswerInvalid], ["cut", ServerAnswerInvalid]] as const) {
    server.spoil = spoil;
    await assert.rejects(client.export(), wrong, spoil);
  }
});

test("erasure offline stops everything and waits with nothing but the keys that sign it", async () => {
  const { server, client, shelf } = await consented();
  server.away = true;
  await client.declare("joy");
  assert.equal(await client.erase(), null);
  assert.deepEqual([(await client.standing()).erasing, (await client.standing()).waiting], [true, 0]);
  await assert.rejects(client.declare("joy"), ConsentMissing);
  server.away = false;
  server.problem.set("/v1/erasures", "person-erased");
  await client.flush();
  assert.deepEqual([(await client.standing()).subject, await shelf.names("")], [null, []]);
});

test("a ranking tells what the visitor did and what the shop wants, and nothing beside it", async () => {
  const { server, tab } = await world();
  const client = await tab();
  const deed = { kind: "view", offer: "tea", ago: 60, mood: "joy" } as const;
  const ranking = await client.rank({ history: [deed], rules: { without: ["cold"] }, own: ["tea", "cup"], ageBand: "adult", otherwise: 7 });
  assert.deepEqual([ranking.behaviour, ranking.agreed], ["comparing", 3]);
  const said = server.arrived.at(-1)?.said ?? {};
  assert.deepEqual([said["history"], said["own"], said["age_band"], said["otherwise"]], [[{ kind: "view", offer: "tea", ago: 60 }], ["tea", "cup"], "adult", 7]);
  assert.deepEqual([(said["rules"] as JsonObject)["without"], (said["rules"] as JsonObject)["effect"]], [["cold"], "order"]);
  await assert.rejects(client.rank({ rules: { pin: [{ offer: "tea", place: 1 }, { offer: "tea", place: 2 }] } }), RequestInvalid);
  await assert.rejects(client.rank({ history: Array.from({ length: 65 }, () => deed) }), RequestInvalid);
  for (const [reward, amount, kind] of [[40, 40, null], ["purchase", null, "purchase"]] as const) {
    await client.reward(ranking, 1, reward);
    assert.deepEqual([server.arrived.at(-1)?.said["reward"], server.arrived.at(-1)?.said["kind"]], [amount, kind]);
  }
});

test("settings that cannot be are said at once", async () => {
  const good = { server: "https://mien.example", site: "shop", key: "pk", trust: (await serverKey()).verifyKey.text(), shelf: new MemoryShelf() };
  for (const wrong of [{ site: "../x" }, { trust: "x" }, { trust: "A".repeat(43) }, { server: "http://mien.example" }]) {
    await assert.rejects(Client.open({ ...good, ...wrong }), SettingsError);
  }
});

test("the gate asks both clocks, and each capability for what it says", async () => {
  const key = await serverKey();
  const device = "A".repeat(22);
  const said = {
    v: 1, site: "shop", subject: SUBJECT, device, may: ["send", "infer"], purposes: ["declare_mood"], model: 0, bundle_sha256: "A".repeat(43), issued_at: NOW,
    expires_at: NOW + 300,
  };
  const gate = new Gate(key.verifyKey, "shop", SUBJECT, device);
  assert.throws(() => gate.require("send", NOW, 0), ConsentMissing);
  await gate.admit(await sign(KINDS.CAPABILITY, said, key), NOW, 1000);
  assert.deepEqual(gate.require("send", NOW, 1000, "declare_mood").may, ["send", "infer"]);
  assert.equal(gate.remaining(NOW + 10, 1200), 100);
  assert.throws(() => gate.require("send", NOW + 300, 1000), CapabilityExpired);
  assert.throws(() => gate.require("send", NOW, 1300), CapabilityExpired); // the wall clock was turned back
  assert.throws(() => gate.require("send", NOW - 121, 1000), ClockSkewed);
  assert.throws(() => gate.require("contribute", NOW, 1000), ConsentMissing);
  assert.throws(() => gate.require("send", NOW, 1000, "adapt_service"), ConsentMissing);
  assert.throws(() => gate.require("infer", NOW, 1000), CapabilityInvalid);
  await assert.rejects(gate.admit(await sign(KINDS.CAPABILITY, { ...said, site: "other" }, key), NOW, 1000), CapabilityInvalid);
  assert.throws(() => gate.require("send", NOW, 1000), ConsentMissing); // a wrong one shuts it
});

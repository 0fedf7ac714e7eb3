/** The way out: the closed union and nothing else, one server, no redirects, no cookies, bounded answers, and what is tried again. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { RequestInvalid, RequestRefused, ServerAnswerInvalid, ServerBusy, ServerUnreachable, SettingsError } from "../../sdk/web/src/errors.ts";
import { fetched } from "../../sdk/web/src/send/fetched.ts";
import { checkServer, ONCE, type Outbound, Sender, type Transport } from "../../sdk/web/src/send/index.ts";
import { declared } from "../../sdk/web/src/values.ts";
import { accepted, consentAnswer, exportAnswer, proofAnswer, rankAnswer, signedAnswer } from "../../sdk/web/src/wire/messages.ts";
import { KINDS, sign } from "../../sdk/web/src/wire/signatures.ts";
import { counted, HandClock, serverKey } from "./parts.ts";

const SERVICE: Outbound = { kind: "service" };
const JWS = "a.b.c";
const json = (body: unknown, status = 200, type = "application/json", headers: Record<string, string> = {}): Response =>
  new Response(JSON.stringify(body), { status, headers: { "content-type": type, ...headers } });

interface Sent {
  readonly url: string;
  readonly init: RequestInit;
}

/** A sender whose network answers with these, one after the other; the last again and again. */
function over(...answers: readonly (() => Response)[]): { readonly sender: Sender; readonly sent: Sent[]; readonly clock: HandClock } {
  const [sent, clock]: [Sent[], HandClock] = [[], new HandClock()];
  const transport: Transport = (url, init) => {
    const answer = answers[Math.min(sent.length, answers.length - 1)];
    sent.push({ url, init });
    return answer === undefined ? Promise.reject(new TypeError("fetch failed")) : new Promise((resolve) => resolve(answer()));
  };
  return { sender: new Sender("https://mien.example/", "pk_shop", clock, counted(), transport), sent, clock };
}
const lost = (): Response => { throw new TypeError("fetch failed"); };

test("a request goes to the configured server, without cookies, redirects, referrer or cache", async () => {
  const { sender, sent } = over(() => json({ jws: JWS }));
  assert.deepEqual(await sender.send(SERVICE, signedAnswer), { jws: JWS });
  const [{ url, init }] = sent as [Sent];
  assert.equal(url, "https://mien.example/.well-known/mien");
  assert.deepEqual([init.method, init.redirect, init.credentials, init.cache, init.referrerPolicy, init.body], ["GET", "manual", "omit", "no-store", "no-referrer", null]);
  assert.deepEqual(init.headers, { "Mien-Site-Key": "pk_shop", Accept: "application/json, application/problem+json" });
});

test("a redirect is not followed", async () => {
  const moved = new Response(null, { status: 302, headers: { location: "https://evil.example" } });
  const { sender, sent } = over(() => moved);
  await assert.rejects(sender.send(SERVICE, signedAnswer), ServerAnswerInvalid);
  assert.equal(sent.length, 1);
});

test("only the closed union leaves", async () => {
  const { sender, sent } = over(() => json({ accepted: true }));
  const label = declared("joy", 1);
  const wrong: readonly unknown[] = [
    label, { kind: "label", message: label }, { kind: "envelope", message: label }, { kind: "envelope", message: { v: 1, site: "shop", labels: [label] } },
    { kind: "rank", message: { site: "shop", request: "A".repeat(22), mood: "joy" } }, { kind: "notice", site: "../me", locale: "en" },
    { kind: "notice", site: "shop", locale: "en/../x" }, { kind: "proof", leaf: "x&y" }, { kind: "certificate", erasure: "../../" },
    { kind: "statement", jws: "joy" }, { kind: "statement", jws: await sign(KINDS.RECEIPT, { v: 1 }, await serverKey()) },
  ];
  for (const outbound of wrong) await assert.rejects(sender.send(outbound as Outbound, accepted), RequestInvalid, JSON.stringify(outbound));
  await assert.rejects(sender.send(SERVICE, accepted), TypeError);
  assert.deepEqual(sent, []);
});

test("an export is asked for in a header, so that no address names anybody", async () => {
  const jws = await sign(KINDS.EXPORT_REQUEST, { v: 1 }, await serverKey());
  const { sender, sent } = over(() => json({ sealed: "", signature: JWS }));
  await sender.send({ kind: "statement", jws }, exportAnswer);
  assert.equal(sent[0]?.url, "https://mien.example/v1/me");
  assert.equal((sent[0]?.init.headers as Record<string, string>)["Authorization"], `Mien-Statement ${jws}`);
});

test("a problem document becomes a typed error with its laws", async () => {
  const problem = { type: "t", title: "t", status: 403, detail: "no\nline", code: "policy-denied", laws: ["GDPR 9(1)"], extra: 1 };
  const { sender } = over(() => json(problem, 403, "application/problem+json"));
  await assert.rejects(sender.send(SERVICE, signedAnswer), (error) => {
    assert.ok(error instanceof RequestRefused);
    assert.deepEqual([error.status, error.problem, error.laws, error.message], [403, "policy-denied", ["GDPR 9(1)"], "no line"]);
    return true;
  });
});

test("what the protocol does not say is refused", async () => {
  const answers: readonly Response[] = [
    json({ jws: JWS, more: 1 }), json({ jws: 5 }), json([]), json({ jws: JWS }, 200, "text/html"), new Response("{", { headers: { "content-type": "application/json" } }),
    json({}, 500), json({ code: 1 }, 400, "application/problem+json"), new Response(null, { status: 204 }),
    new Response('{"jws":"a.b.c","jws":"a.b.c"}', { headers: { "content-type": "application/json" } }),
  ];
  for (const answer of answers) {
    await assert.rejects(over(() => answer).sender.send(SERVICE, signedAnswer, ONCE), ServerAnswerInvalid);
  }
});

test("an answer that is too long is not read to its end", async () => {
  let pulled = 0;
  const endless = new ReadableStream<Uint8Array>({ pull(controller) { pulled += 1; controller.enqueue(new Uint8Array(65536)); if (pulled === 400) controller.close(); } });
  const { sender } = over(() => new Response(endless, { headers: { "content-type": "application/json" } }));
  await assert.rejects(sender.send(SERVICE, signedAnswer), ServerAnswerInvalid);
  assert.ok(pulled < 20, `${pulled} pieces were read`);
});

test("what the server answers the same twice is said again; a statement is not", async () => {
  const again = over(lost, lost, () => json({ jws: JWS }));
  await again.sender.send(SERVICE, signedAnswer);
  assert.equal(again.sent.length, 3);
  assert.equal(again.clock.slept.length, 2);
  const consent = await sign(KINDS.CONSENT, { v: 1 }, await serverKey());
  const once = over(lost, () => json({ receipt: JWS, capability: null }));
  await assert.rejects(once.sender.send({ kind: "statement", jws: consent }, consentAnswer), ServerUnreachable);
  assert.equal(once.sent.length, 1);
});

test("a busy server is asked again after the time it names, and not when that is long", async () => {
  const busy = (after: string) => (): Response => json({}, 429, "application/problem+json", { "retry-after": after });
  const short = over(busy("7"), () => json({ event: `evt_${"a".repeat(26)}`, places: [], sealed_why: null }));
  const rank = { kind: "rank", message: { site: "shop", request: "A".repeat(22) } } as unknown as Outbound;
  await short.sender.send(rank, rankAnswer);
  assert.ok((short.clock.slept[0] ?? 0) >= 7);
  await assert.rejects(over(busy("3000")).sender.send(rank, rankAnswer), (error) => error instanceof ServerBusy && error.retryAfter === 3000);
  await assert.rejects(over(busy("soon")).sender.send(rank, rankAnswer, ONCE), (error) => error instanceof ServerBusy && error.retryAfter === 1);
});

test("patience ends", async () => {
  const { sender, sent } = over(lost);
  await assert.rejects(sender.send({ kind: "proof", leaf: "A".repeat(43) }, proofAnswer), ServerUnreachable);
  assert.equal(sent.length, 4);
  const slow = over(() => { throw new DOMException("too slow", "TimeoutError"); });
  await assert.rejects(slow.sender.send(SERVICE, signedAnswer, ONCE), /takes too long/);
});

test("a server is https, or on this machine", () => {
  assert.equal(checkServer("https://mien.example/base/"), "https://mien.example/base");
  assert.equal(checkServer("http://127.0.0.1:8000"), "http://127.0.0.1:8000");
  assert.equal(checkServer("http://[::1]:8000/"), "http://[::1]:8000");
  for (const wrong of ["http://mien.example", "http://127.0.0.1.evil.example", "ftp://mien.example", "https://user@mien.example", "https://mien.example/?x", "mien", "https://mien.example/#x"]) {
    assert.throws(() => checkServer(wrong), SettingsError, wrong);
  }
});

test("a file is fetched from the own origin alone, bounded, and nothing goes with the question", async () => {
  const inits: RequestInit[] = [];
  const from = (response: () => Response) => (_: string, init: RequestInit): Promise<Response> => {
    inits.push(init);
    return Promise.resolve().then(response);
  };
  const four = Uint8Array.of(1, 2, 3, 4);
  assert.deepEqual(await fetched("/a", 4, from(() => new Response(four))), four);
  assert.deepEqual(inits[0], { mode: "same-origin", redirect: "error", credentials: "omit", referrerPolicy: "no-referrer" });
  assert.equal(await fetched("/a", 4, from(() => new Response("", { status: 404 }))), null);
  await assert.rejects(fetched("/a", 3, from(() => new Response(four))), { code: "server-answer-invalid" });
  await assert.rejects(fetched("/a", 4, from(() => new Response("", { status: 503 }))), { code: "server-unreachable" });
  await assert.rejects(fetched("/a", 4, from(() => { throw new TypeError("no"); })), { code: "server-unreachable" });
});

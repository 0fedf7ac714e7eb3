/** What is kept: under keys that cannot be exported, encrypted, bounded; two tabs at a time. On both shelves, the browser's as `fake-indexeddb` plays it. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { IDBFactory, IDBKeyRange } from "fake-indexeddb";
import { KeepError, KeepUnreadable } from "../../sdk/web/src/errors.ts";
import { IndexedShelf, Keep, MemoryShelf, RECEIPT_LIMIT, type Shelf } from "../../sdk/web/src/keep/index.ts";
import { utf8 } from "../../sdk/web/src/wire/bytes.ts";
import type { Json } from "../../sdk/web/src/wire/canonical.ts";
import { SigningKey } from "../../sdk/web/src/wire/keys.ts";
import { counted } from "./parts.ts";

globalThis.IDBKeyRange = IDBKeyRange;
const SHELVES: readonly (readonly [string, () => Shelf])[] = [
  ["memory", () => new MemoryShelf()],
  ["IndexedDB", () => new IndexedShelf("mien", new IDBFactory())],
];
const CANARY = "canary-3f1c";

function both(name: string, run: (shelf: Shelf, keep: Keep) => Promise<void>): void {
  for (const [kind, make] of SHELVES) {
    test(`${kind}: ${name}`, () => {
      const shelf = make();
      return run(shelf, keepOn(shelf));
    });
  }
}

function keepOn(shelf: Shelf, limit = 3): Keep {
  return new Keep(shelf, "shop-abcdefgh", counted(), limit);
}

/** Everything that lies on a shelf, as bytes. */
async function lying(shelf: Shelf): Promise<Buffer> {
  const names = await shelf.names("");
  const values = await Promise.all(names.map(async (name) => (await shelf.get(name))?.value));
  return Buffer.concat([Buffer.from(names.join()), ...values.map((value) => (value instanceof Uint8Array ? Buffer.from(value) : Buffer.from(String(value))))]);
}

both("reading leaves nothing behind", async (shelf, keep) => {
  assert.equal(await keep.person(), null);
  assert.deepEqual([await keep.document("asked"), await keep.receipts(), await keep.queue(), await keep.losses()], [null, [], [], {}]);
  assert.deepEqual(await shelf.names(""), []);
});

both("nothing lies in the clear, and the key gives nothing out", async (shelf, keep) => {
  await keep.changePerson(() => Promise.resolve({ said: CANARY }));
  await keep.put(1, { ct: CANARY });
  await keep.keepReceipt({ receipt: CANARY });
  assert.deepEqual(await keepOn(shelf).person(), { said: CANARY });
  assert.equal((await lying(shelf)).includes(CANARY), false);
  const master = (await shelf.get("shop-abcdefgh/master"))?.value;
  assert.ok(master instanceof CryptoKey);
  assert.equal(master.extractable, false);
});

both("a signing key comes back able to sign and unable to leave", async (shelf, keep) => {
  const made = await SigningKey.generate();
  await keep.keepSigning(made);
  const back = await SigningKey.kept(await keepOn(shelf).signing(made.verifyKey.id), made.verifyKey.public);
  await made.verifyKey.verify(await back.sign(utf8("x")), utf8("x"));
  await assert.rejects(crypto.subtle.exportKey("jwk", back.secret));
  const other = await SigningKey.generate();
  await keep.keepSigning(other);
  await keep.onlySigning(made.verifyKey.id);
  await assert.rejects(keep.signing(other.verifyKey.id), KeepUnreadable);
});

both("a value moved to another name does not open", async (shelf, keep) => {
  await keep.changePerson(() => Promise.resolve({ v: 1 }));
  const moved = (await shelf.get("shop-abcdefgh/person"))?.value;
  assert.ok(moved instanceof Uint8Array);
  await shelf.swap("shop-abcdefgh/document/asked", 0, moved);
  await assert.rejects(keep.document("asked"), KeepUnreadable);
});

both("a flipped bit is an error for the person, and a counted loss for an envelope", async (shelf, keep) => {
  await keep.changePerson(() => Promise.resolve({ v: 1 }));
  await keep.put(7, { v: 1 });
  for (const name of ["person", "envelope/0000000000000007"]) {
    const there = await shelf.get(`shop-abcdefgh/${name}`);
    assert.ok(there?.value instanceof Uint8Array);
    there.value[20] = (there.value[20] ?? 0) ^ 1;
    await shelf.swap(`shop-abcdefgh/${name}`, there.revision, there.value);
  }
  await assert.rejects(keep.person(), KeepUnreadable);
  assert.equal(await keep.envelope(7), null);
  assert.deepEqual([await keep.queue(), await keep.losses()], [[], { damaged: 1 }]);
});

both("the queue is bounded, keeps its order and says what it lost", async (_, keep) => {
  for (const number of [2, 9, 10, 11, 100]) await keep.put(number, { number });
  assert.deepEqual(await keep.queue(), [10, 11, 100]);
  assert.deepEqual(await keep.losses(), { "queue-full": 2 });
  await keep.sent(10);
  assert.deepEqual(await keep.envelope(11), { number: 11 });
  assert.equal(await keep.purge(), 2);
  assert.deepEqual(await keep.queue(), []);
});

both("the last receipts stay, oldest first", async (_, keep) => {
  for (let number = 1; number <= RECEIPT_LIMIT + 2; number += 1) await keep.keepReceipt({ number });
  const kept = (await keep.receipts()) as readonly { readonly number: number }[];
  assert.deepEqual([kept.length, kept[0]?.number, kept.at(-1)?.number], [RECEIPT_LIMIT, 3, RECEIPT_LIMIT + 2]);
});

both("no number is given twice, and no change of two tabs is lost", async (shelf, keep) => {
  const other = keepOn(shelf);
  const numbers = await Promise.all(Array.from({ length: 20 }, (_, at) => (at % 2 === 0 ? keep : other).nextNumber()));
  assert.deepEqual(numbers.toSorted((one, two) => one - two), Array.from({ length: 20 }, (_, at) => at + 1));
  const add = (value: Json | null): Promise<Json> => Promise.resolve({ count: ((value as { readonly count: number } | null)?.count ?? 0) + 1 });
  await Promise.all(Array.from({ length: 6 }, (_, at) => (at % 2 === 0 ? keep : other).changePerson(add)));
  assert.deepEqual(await keep.person(), { count: 6 });
});

both("forgetting forgets everything of the site, and of no other", async (shelf, keep) => {
  const neighbour = new Keep(shelf, "school-abcdefgh", counted());
  await neighbour.keepDocument("asked", "deferred");
  await keep.changePerson(() => Promise.resolve({ v: 1 }));
  await keep.keepSigning(await SigningKey.generate());
  await keep.put(await keep.nextNumber(), { v: 1 });
  await keep.keepReceipt({ v: 1 });
  await keep.forget();
  assert.deepEqual(await shelf.names("shop"), []);
  assert.equal(await neighbour.document("asked"), "deferred");
});

test("IndexedDB: what was kept is there when the page opens again", async () => {
  const factory = new IDBFactory();
  const first = new IndexedShelf("mien", factory);
  await keepOn(first).changePerson(() => Promise.resolve({ v: 1 }));
  await first.close();
  assert.deepEqual(await keepOn(new IndexedShelf("mien", factory)).person(), { v: 1 });
});

test("IndexedDB: a browser that refuses storage says so, and what to do", async () => {
  const refusing = { open: () => { throw new DOMException("denied", "SecurityError"); } } as unknown as IDBFactory;
  await assert.rejects(keepOn(new IndexedShelf("mien", refusing)).person(), (error) => error instanceof KeepError && /allow storage/.test(error.message));
});

test("what another tab forgets while this one reads was never there", async () => {
  const shelf = new MemoryShelf();
  const [keep, other] = [new Keep(shelf, "shop-abcdefgh", counted()), new Keep(shelf, "shop-abcdefgh", counted())];
  await keep.keepDocument("asked", "refused");
  const get = shelf.get.bind(shelf);
  shelf.get = async (name) => {
    const found = await get(name);
    if (name.endsWith("asked")) await other.forget();
    return found;
  };
  assert.equal(await keep.document("asked"), null);
});

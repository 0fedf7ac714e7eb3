/** The keys that speak for one person: another device by a link code, a lost one removed. The twin of `mien/client/keyset.py`. */

import * as consent from "../consent/index.ts";
import { ConsentMissing, RequestInvalid, RequestRefused } from "../errors.ts";
import { PATIENT } from "../send/index.ts";
import { KEY_ROLES } from "../values.ts";
import { consentAnswer, LINK_SECONDS, type Receipt } from "../wire/messages.ts";
import { list, open, text, whole, word } from "../wire/shapes.ts";
import type { Consents } from "./consents.ts";
import { type Desk, REMOVED } from "./desk.ts";
import type { HeldKey } from "./found.ts";
import type { Rights } from "./rights.ts";

/** A key as an export tells of it. */
const held = list(open("HeldKey", { id: text(), role: word(...KEY_ROLES), added_at: whole(0, 0xffff_ffff) }));

/** Any key of the set may withdraw, export and erase; only a device reads and sends. */
export class KeySet {
  readonly #desk: Desk;
  readonly #consents: Consents;
  readonly #rights: Rights;

  constructor(desk: Desk, consents: Consents, rights: Rights) {
    this.#desk = desk;
    this.#consents = consents;
    this.#rights = rights;
  }

  /**
   * A code with which one more device joins this person, once, within `LINK_SECONDS`. A new one takes the place of all before. Show it here and type it
   * there (`join`): whoever has it speaks for the person. Throws a `ConsentError` or `SendError`.
   */
  async linkCode(): Promise<string> {
    const desk = this.#desk;
    return desk.alone(async () => {
      await this.#consents.settle(PATIENT);
      const person = await desk.somebody();
      const code = consent.newLink(person.subject, desk.entropy(consent.LINK_SECRET_BYTES));
      const { key } = await consent.readLink(code);
      const stamp = desk.stamp();
      const added = { doc: { role: "link", sign: key.verifyKey.text() }, key, expiresAt: stamp.at + LINK_SECONDS };
      await this.#changed(person, await consent.addKey(person, stamp, added, person.sign));
      return code;
    });
  }

  /**
   * Join this device to the person whose device made this link code. Nobody may be known here yet. Throws `RequestInvalid` for what is no code, and
   * `ConsentMissing` when it was used, ran out or is another site's.
   */
  async join(code: string): Promise<Receipt> {
    const { subject, key } = await consent.readLink(code);
    try {
      return await this.#consents.joinAs(subject, key);
    } catch (cause) {
      if (!(cause instanceof ConsentMissing) && !(cause instanceof RequestRefused && cause.problem === REMOVED)) throw cause;
      throw new ConsentMissing("this code was used, ran out or is another site's; make a new one on the old device", { cause });
    }
  }

  /** The person's key set, as the server has it. Throws a `ConsentError` or `SendError`. */
  async keySet(): Promise<readonly HeldKey[]> {
    const here = (await this.#desk.somebody()).sign.verifyKey.id;
    const keys = held((await this.#rights.export())["keys"] ?? [], "keys");
    return keys.map(({ id, role, added_at: addedAt }) => ({ id, role, addedAt, here: id === here }));
  }

  /** Remove the key of this id: a lost device can then say nothing any more. This device's own stays: `withdraw` or `erase`. */
  async removeKey(key: string): Promise<Receipt> {
    const desk = this.#desk;
    return desk.alone(async () => {
      await this.#consents.settle(PATIENT);
      const person = await desk.somebody();
      if (key === person.sign.verifyKey.id) {
        throw new RequestInvalid("this is the key of this very device; withdraw or erase, or remove it from another device");
      }
      return this.#changed(person, await consent.removeKey(person, desk.stamp(), key));
    });
  }

  async #changed(person: consent.Person, jws: string): Promise<Receipt> {
    const answer = await this.#desk.ask({ kind: "statement", jws }, consentAnswer);
    const receipt = await this.#desk.receipt(answer.receipt, person, jws);
    await this.#desk.keepReceipt(answer.receipt, jws, person.sign.verifyKey);
    return receipt;
  }
}

/** What a person may ask of the server at any time: see, correct, prove. The twin of `mien/client/rights.py` and `opened.py`. */

import * as consent from "../consent/index.ts";
import { ProofInvalid, RequestInvalid, RequestRefused, ServerAnswerInvalid, SignatureInvalid } from "../errors.ts";
import { declared, type Expression } from "../values.ts";
import { type Bytes, concat, equal, unb64, utf8 } from "../wire/bytes.ts";
import { decode, encode, isObject, type Json, type JsonObject } from "../wire/canonical.ts";
import { own, sha256, type VerifyKey } from "../wire/keys.ts";
import { accepted, type Certificate, type ExportAnswer, exportAnswer, exportSeal, parse, type ProofAnswer, proofAnswer, type Receipt } from "../wire/messages.ts";
import { parseNoteKey, readEntry, verifyTlogProof } from "../wire/proof.ts";
import { openSealed, unpad, USES } from "../wire/seal.ts";
import { KINDS, verify } from "../wire/signatures.ts";
import type { Desk } from "./desk.ts";
import type { Proof } from "./found.ts";

const NOT_FOUND = 404;
/** An export is compressed: what is larger than this when unpacked was made to fill memory. */
const EXPORT_BYTES = 256 * 1024 * 1024;

export class Rights {
  readonly #desk: Desk;

  constructor(desk: Desk) {
    this.#desk = desk;
  }

  /** Everything the server holds of the person, opened and verified here, with the server's `signature`. */
  async export(): Promise<JsonObject> {
    const person = await this.#desk.somebody();
    const jws = await consent.askExport(person, this.#desk.stamp());
    return opened(await this.#desk.ask({ kind: "statement", jws }, exportAnswer), person, this.#desk.trust);
  }

  /** Say what the stored label `record` (an id among the export's `labels`) should have been. It keeps its time. */
  async correct(record: string, expression: Expression): Promise<void> {
    const held = listed((await this.export())["labels"]).find((each) => each["record"] === record);
    if (held === undefined) throw new RequestInvalid("no such label is held; take its `record` from the export");
    const person = await this.#desk.somebody();
    const said = declared(expression, Number(held["ended_at"]));
    const jws = await consent.correct(person, this.#desk.stamp(), record, said, await this.#desk.dayKey());
    await this.#desk.ask({ kind: "statement", jws }, accepted);
  }

  /**
   * Verify that the decision behind a receipt or certificate is in the audit log. Waits so many seconds for it to be published. Throws `ProofInvalid`,
   * `CheckpointInvalid`, or `RequestRefused` while it is not there: after `promise.publish_by` that is evidence.
   */
  async proof(promised: Receipt | Certificate, wait: number): Promise<Proof> {
    const { promise } = promised;
    const service = await this.#desk.service(true);
    const { name, key } = await parseNoteKey(service.audit_key);
    if (name !== service.audit_origin || name !== promise.origin) {
      throw new ProofInvalid("the promise names another log than the server's; keep the receipt as evidence");
    }
    const answer = await this.#proofAnswer(promise.leaf, wait);
    const entry = unb64(answer.entry);
    if (!equal(readEntry(entry).leaf, unb64(promise.leaf))) {
      throw new ProofInvalid("the proof is for another decision; keep receipt and proof as evidence");
    }
    const index = await verifyTlogProof(answer.proof, entry, promise.origin, key);
    return { index, text: answer.proof, entry: answer.entry };
  }

  async #proofAnswer(leaf: string, wait: number): Promise<ProofAnswer> {
    const deadline = this.#desk.clock.monotonic() + wait;
    for (;;) {
      try {
        return await this.#desk.ask({ kind: "proof", leaf }, proofAnswer);
      } catch (error) {
        const late = this.#desk.clock.monotonic() >= deadline;
        if (!(error instanceof RequestRefused) || error.status !== NOT_FOUND || late) throw error;
      }
      await this.#desk.clock.sleep(0.25);
    }
  }
}

/** The export of the subject that `by` speaks for, opened, with the server's `signature` verified. Throws `SignatureInvalid`, `EnvelopeInvalid` or `ServerAnswerInvalid`. */
export async function opened(answer: ExportAnswer, by: consent.Speaker, trust: VerifyKey): Promise<JsonObject> {
  const plain = await openSealed(unb64(answer.sealed), by.seal, USES.EXPORT, utf8(by.site), utf8(by.subject));
  const found = decode(await inflated(unpad(plain), EXPORT_BYTES), EXPORT_BYTES);
  if (!isObject(found)) throw new ServerAnswerInvalid("the export is no object; ask again");
  const stated = parse(exportSeal, await verify(answer.signature, KINDS.EXPORT, trust));
  if (stated.site !== by.site || stated.subject !== by.subject) {
    throw new SignatureInvalid("the export is signed as somebody else's; ask again");
  }
  if (!equal(await sha256(encode(found)), unb64(stated.sha256))) {
    throw new SignatureInvalid("the export is not what the server signed; download it again, and keep this one as evidence");
  }
  return { ...found, signature: answer.signature };
}

function listed(value: Json | undefined): readonly JsonObject[] {
  return Array.isArray(value) ? value.filter(isObject) : [];
}

/** One whole zlib stream (RFC 1950) of at most `limit` bytes unpacked, and nothing behind it. Throws `ServerAnswerInvalid`. */
async function inflated(packed: Uint8Array, limit: number): Promise<Bytes> {
  const pieces: Uint8Array[] = [];
  let size = 0;
  const reader = new Blob([own(packed)]).stream().pipeThrough(new DecompressionStream("deflate")).getReader();
  try {
    for (let next = await reader.read(); !next.done; next = await reader.read()) {
      size += next.value.length;
      if (size > limit) break;
      pieces.push(next.value);
    }
  } catch (cause) {
    throw new ServerAnswerInvalid("the export does not unpack, is cut off or has something behind it; ask again", { cause });
  }
  if (size > limit) {
    await reader.cancel();
    throw new ServerAnswerInvalid(`the export has more than ${limit} bytes; ask whoever runs the server`);
  }
  return concat(...pieces);
}

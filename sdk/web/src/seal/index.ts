/**
 * Seal: labels become envelopes. Always 64 slots, always the same size. Pure: no I/O.
 *
 * Takes labels, a sequence number and the server's key of the day; gives an `Envelope`. Invariant: from outside, an envelope full of labels and one full
 * of dummies differ in nothing but random-looking bytes.
 */

import { SealKeyExpired } from "../errors.ts";
import type { Label } from "../values.ts";
import { b64 } from "../wire/bytes.ts";
import { SealKey } from "../wire/keys.ts";
import { envelope as shape, envelopeContext, type Envelope, parse, type Service } from "../wire/messages.ts";
import { mac, seal, USES } from "../wire/seal.ts";
import { pack } from "../wire/slots.ts";

/** Who an envelope is from. */
export interface From {
  readonly site: string;
  readonly subject: string;
  readonly device: string;
  readonly streamKey: Uint8Array;
}

/** A key of the server and its id: its UTC day. */
export interface DayKey {
  readonly kid: string;
  readonly key: SealKey;
}

/** The newest key of the service that labels may be sealed to now, and its id. Throws `SealKeyExpired`. */
export function liveKey(service: Service, now: number): DayKey {
  const live = service.seal_keys.filter((doc) => doc.not_before <= now && now < doc.not_after);
  const newest = live.toSorted((one, other) => other.not_before - one.not_before)[0];
  if (newest === undefined) {
    throw new SealKeyExpired("every sealing key this device knows has died; connect to the server to fetch today's");
  }
  return { kid: newest.kid, key: SealKey.fromText(newest.public) };
}

/** `labels` sealed under sequence number `number`, which must never have been used before. `now` is unix seconds. Throws `LabelInvalid`. */
export async function envelope(labels: readonly Label[], number: number, now: number, from: From, day: DayKey): Promise<Envelope> {
  const context = envelopeContext(from.site, from.subject, from.device, number, day.kid);
  const base = labels.reduce((least, label) => Math.min(least, label.ended_at), labels[0]?.ended_at ?? now);
  const ct = await seal(pack(labels, base), day.key, USES.ENVELOPE, ...context);
  const tag = await mac(from.streamKey, USES.ENVELOPE, ...context, ct);
  return parse(shape, {
    v: 1, site: from.site, subject: from.subject, device: from.device, seq: number, kid: day.kid, ct: b64(ct), mac: b64(tag),
  });
}

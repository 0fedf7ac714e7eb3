/** What several tests share: a fixed clock, counted randomness, a server's key, and a storage that a test can look into. */

import type { Clock, Entropy } from "../../sdk/web/src/client/index.ts";
import type { Bytes } from "../../sdk/web/src/wire/bytes.ts";
import { SigningKey } from "../../sdk/web/src/wire/keys.ts";

export const NOW = 1_795_000_000;
export const SUBJECT = `sub_${"a".repeat(26)}`;

/** A clock that a test moves: sleeping takes no time but the clock's. */
export class HandClock implements Clock {
  at = 0;
  readonly slept: number[] = [];

  now(): number {
    return NOW + this.at;
  }

  monotonic(): number {
    return this.at;
  }

  sleep(seconds: number): Promise<void> {
    this.slept.push(seconds);
    this.at += seconds;
    return Promise.resolve();
  }
}

/** Bytes that differ from call to call, the same in every run. */
export function counted(): Entropy {
  let call = 0;
  return (size: number): Bytes => {
    call += 1;
    return Uint8Array.from({ length: size }, (_, place) => (call * 31 + place * 7) & 0xff);
  };
}

/** The server's key, from its seed. */
export function serverKey(): Promise<SigningKey> {
  return SigningKey.fromSecret(Uint8Array.from({ length: 32 }, (_, place) => place + 1));
}

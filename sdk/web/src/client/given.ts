/** What a client is given: a clock, randomness, storage, a way to the network. Each has the browser's own as default. */

import type { Shelf } from "../keep/index.ts";
import type { Transport } from "../send/index.ts";
import type { Bytes } from "../wire/bytes.ts";

/** Where time comes from, in seconds. */
export interface Clock {
  /** Unix seconds. */
  now(): number;
  /** Seconds that only go forward. */
  monotonic(): number;
  sleep(seconds: number): Promise<void>;
}

export const systemClock: Clock = {
  now: () => Date.now() / 1000,
  monotonic: () => performance.now() / 1000,
  sleep: (seconds) => new Promise((resolve) => setTimeout(resolve, seconds * 1000)),
};

/** So many random bytes. */
export type Entropy = (size: number) => Bytes;

export const systemEntropy: Entropy = (size) => crypto.getRandomValues(new Uint8Array(size));

/**
 * `server` is https, or http on this machine. `key` is the site's publishable key. `trust` is the server's verification key as base64url (`mien keys list`
 * prints it). `model` is the id of the models that this device reads faces with, 1..255; without it none are read. `gpc` says that the browser sends the Global Privacy Control signal; by default it is asked.
 */
export interface Options {
  readonly server: string;
  readonly site: string;
  readonly key: string;
  readonly trust: string;
  readonly shelf?: Shelf;
  readonly clock?: Clock;
  readonly entropy?: Entropy;
  readonly transport?: Transport;
  readonly gpc?: boolean;
  readonly model?: number;
}

/** Whether this browser says that the person does not want to be profiled (W3C Global Privacy Control). */
export function privacySignal(): boolean {
  const told = globalThis.navigator as (Navigator & { readonly globalPrivacyControl?: boolean }) | undefined;
  return told?.globalPrivacyControl === true;
}

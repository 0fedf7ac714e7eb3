/**
 * Keep: the device's storage. Takes what must outlive the page: keys, the person, sealed envelopes not sent yet, receipts. Gives them back.
 *
 * Invariant: keys cannot be exported and everything else is encrypted under one of them; the queue is bounded and says what it lost. Deliberately absent:
 * labels in the clear, cookies, anything before there is a reason to keep it.
 */
export * from "./indexeddb.ts";
export * from "./keep.ts";
export { type Kept, MemoryShelf, type Shelf, type Value } from "./shelf.ts";

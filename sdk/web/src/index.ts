/** mien in a browser: personalization that asks first. See `docs/reference/web-sdk.md`. */

export * from "./client/index.ts";
export * from "./errors.ts";
export { IndexedShelf, MemoryShelf, type Shelf } from "./keep/index.ts";
export type { Transport } from "./send/index.ts";
export * from "./values.ts";
export type { Certificate, Notice, Receipt } from "./wire/messages.ts";

/** HTTP to one server: a deadline for the whole answer, retries with exponential backoff and full jitter, `Retry-After`. */
import { type Bytes } from "../wire/bytes.ts";
import type { Json } from "../wire/canonical.ts";
import type { Shape } from "../wire/shapes.ts";
import { type Outbound } from "./outbound.ts";
/** The one thing of a clock that sending needs: wait so many seconds. */
export interface Sleeper {
    sleep(seconds: number): Promise<void>;
}
/** How long to try, in seconds: `tries` in all, `whole` for one answer; the n-th wait is at most `base * 2**n`, `Retry-After` counts up to `longest`. */
export interface Patience {
    readonly tries: number;
    readonly whole: number;
    readonly base: number;
    readonly longest: number;
}
export declare const PATIENT: Patience;
/** For the background: the next time tries again. */
export declare const ONCE: Patience;
/** The way to the network: `fetch`, or a test's. */
export type Transport = (url: string, init: RequestInit) => Promise<Response>;
/** The way to one server and to no other. */
export declare class Sender {
    #private;
    /** The server's address without a final slash. */
    readonly server: string;
    /** Throws `SettingsError` unless the server is https, or http on this machine. */
    constructor(server: string, siteKey: string, clock: Sleeper, entropy: (size: number) => Bytes, transport?: Transport);
    /** The server's answer. Throws `ServerUnreachable`, `ServerBusy`, `ServerAnswerInvalid`, `RequestRefused` or `RequestInvalid`. */
    send<T extends Json>(outbound: Outbound, answer: Shape<T>, patience?: Patience): Promise<T>;
}
/** The server's address without a final slash. Throws `SettingsError` unless it is https, or http on this machine. */
export declare function checkServer(server: string): string;

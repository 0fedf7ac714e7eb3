/** Labels on their way out: declared moods today. The twin of `mien/client/stream.py` without a camera. */
import { type Patience } from "../send/index.ts";
import { type Expression, type Label } from "../values.ts";
import type { Consents } from "./consents.ts";
import { type Desk } from "./desk.ts";
import type { Flushed } from "./found.ts";
export declare class Stream {
    #private;
    constructor(desk: Desk, consents: Consents);
    /**
     * The person says how they feel: a label without any camera or model, for the purpose `declare_mood` alone. Sent with the next `flush`, which is tried at
     * once. Throws a `ConsentError`, or `LabelInvalid` for a word outside `EXPRESSIONS`.
     */
    declare(mood: Expression, second: Expression | null): Promise<Label>;
    /**
     * Send what waits: first a withdrawal or erasure, then envelopes, oldest first. Throws a `SendError` and keeps everything when the server cannot be
     * reached, asks to wait or fails; a `ConsentError` when the server says that consent ended elsewhere, and then nothing waits any more.
     */
    flush(patience?: Patience): Promise<Flushed>;
}

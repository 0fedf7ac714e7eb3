/** What a person may ask of the server at any time: see, correct, prove. The twin of `mien/client/rights.py` and `opened.py`. */
import { type Expression } from "../values.ts";
import { type JsonObject } from "../wire/canonical.ts";
import { type Certificate, type Receipt } from "../wire/messages.ts";
import type { Desk } from "./desk.ts";
import type { Proof } from "./found.ts";
export declare class Rights {
    #private;
    constructor(desk: Desk);
    /** Everything the server holds of the person, opened and verified here, with the server's `signature`. */
    export(): Promise<JsonObject>;
    /** Say what the stored label `record` (an id among the export's `labels`) should have been. It keeps its time. */
    correct(record: string, expression: Expression): Promise<void>;
    /**
     * Verify that the decision behind a receipt or certificate is in the audit log. Waits so many seconds for it to be published. Throws `ProofInvalid`,
     * `CheckpointInvalid`, or `RequestRefused` while it is not there: after `promise.publish_by` that is evidence.
     */
    proof(promised: Receipt | Certificate, wait: number): Promise<Proof>;
}

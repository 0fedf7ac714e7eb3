/** What the server answered, verified against the key that the site's owner gave the integrator. Each function gives the content or throws. */
import { type VerifyKey } from "../wire/keys.ts";
import { type Capability, type Certificate, type Notice, type Receipt, type Service } from "../wire/messages.ts";
export declare const CAPABILITY_SECONDS = 300;
/** The identity of a notice: SHA-256 of exactly what was shown, base64url. */
export declare function noticeHash(shown: Notice): Promise<string>;
/** SHA-256 of a statement as it was sent, base64url. */
export declare function statementHash(statement: string): Promise<string>;
/** The service document, when `trust` signed it at about this time. Throws `ServerAnswerInvalid` or `ClockSkewed`. */
export declare function openService(text: string, trust: VerifyKey, now: number): Promise<Service>;
/** The receipt, when it is the trusted server's answer to this subject and `statement`. Throws `ReceiptInvalid`. */
export declare function openReceipt(text: string, trust: VerifyKey, site: string, subject: string, statement?: string | null): Promise<Receipt>;
/** The capability, when the trusted key gave it to this site, subject and device for no more than five minutes. Throws `CapabilityInvalid`. */
export declare function openCapability(text: string, trust: VerifyKey, site: string, subject: string, device: string): Promise<Capability>;
/** The erasure certificate, when the trusted key signed it for this erasure. Throws `ReceiptInvalid`. */
export declare function openCertificate(text: string, trust: VerifyKey, site: string, erasure: string): Promise<Certificate>;

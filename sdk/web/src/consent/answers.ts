/** What the server answered, verified against the key that the site's owner gave the integrator. Each function gives the content or throws. */

import { CapabilityInvalid, ClockSkewed, ReceiptInvalid, RequestInvalid, ServerAnswerInvalid, SignatureInvalid } from "../errors.ts";
import { b64, utf8 } from "../wire/bytes.ts";
import { encode, type Json } from "../wire/canonical.ts";
import { sha256, type VerifyKey } from "../wire/keys.ts";
import {
  type Capability, capability, type Certificate, certificate, CLOCK_SKEW, type Notice, parse, type Receipt, receipt, type Service, service,
} from "../wire/messages.ts";
import type { Shape } from "../wire/shapes.ts";
import { type Kind, KINDS, verify } from "../wire/signatures.ts";

export const CAPABILITY_SECONDS = 300;

/** The identity of a notice: SHA-256 of exactly what was shown, base64url. */
export async function noticeHash(shown: Notice): Promise<string> {
  return b64(await sha256(encode(shown)));
}

/** SHA-256 of a statement as it was sent, base64url. */
export async function statementHash(statement: string): Promise<string> {
  return b64(await sha256(utf8(statement)));
}

/** The service document, when `trust` signed it at about this time. Throws `ServerAnswerInvalid` or `ClockSkewed`. */
export async function openService(text: string, trust: VerifyKey, now: number): Promise<Service> {
  const found = await opened(text, KINDS.SERVICE, trust, service, (cause) => new ServerAnswerInvalid(
    "the service document is not signed by the trusted key; check the server address and the trust key", { cause },
  ));
  if (found.at > now + CLOCK_SKEW) {
    throw new ClockSkewed("the server's clock is ahead of this device by more than two minutes; set the clock");
  }
  return found;
}

/** The receipt, when it is the trusted server's answer to this subject and `statement`. Throws `ReceiptInvalid`. */
export async function openReceipt(
  text: string, trust: VerifyKey, site: string, subject: string, statement: string | null = null,
): Promise<Receipt> {
  const found = await opened(text, KINDS.RECEIPT, trust, receipt, (cause) => new ReceiptInvalid(
    "the receipt is not signed by the trusted key; do not rely on it and ask again", { cause },
  ));
  if (found.site !== site || found.subject !== subject) {
    throw new ReceiptInvalid("the receipt is for another site or person; ask again");
  }
  if (statement !== null && found.statement_sha256 !== (await statementHash(statement))) {
    throw new ReceiptInvalid("the receipt answers another statement; ask again");
  }
  return found;
}

/** The capability, when the trusted key gave it to this site, subject and device for no more than five minutes. Throws `CapabilityInvalid`. */
export async function openCapability(
  text: string, trust: VerifyKey, site: string, subject: string, device: string,
): Promise<Capability> {
  const found = await opened(text, KINDS.CAPABILITY, trust, capability, (cause) => new CapabilityInvalid(
    "the capability is not signed by the trusted key; ask the server for another", { cause },
  ));
  if (found.site !== site || found.subject !== subject || found.device !== device) {
    throw new CapabilityInvalid("the capability was given to another site, person or device; ask for one of your own");
  }
  const life = found.expires_at - found.issued_at;
  if (life <= 0 || life > CAPABILITY_SECONDS) {
    throw new CapabilityInvalid("the capability claims to live longer than five minutes; ask for another");
  }
  return found;
}

/** The erasure certificate, when the trusted key signed it for this erasure. Throws `ReceiptInvalid`. */
export async function openCertificate(text: string, trust: VerifyKey, site: string, erasure: string): Promise<Certificate> {
  const found = await opened(text, KINDS.CERTIFICATE, trust, certificate, (cause) => new ReceiptInvalid(
    "the certificate is not signed by the trusted key; ask for it again", { cause },
  ));
  if (found.site !== site || found.erasure !== erasure) {
    throw new ReceiptInvalid("the certificate is for another erasure; ask for it again");
  }
  return found;
}

async function opened<T extends Json>(
  text: string, kind: Kind, trust: VerifyKey, shape: Shape<T>, refusal: (cause: unknown) => Error,
): Promise<T> {
  try {
    return parse(shape, await verify(text, kind, trust));
  } catch (cause) {
    if (cause instanceof SignatureInvalid || cause instanceof RequestInvalid) throw refusal(cause);
    throw cause;
  }
}

/** Help at a service desk: go on by machine, or offer a person. The twin of `mien/client/helping.py`. */

import type { Person } from "../consent/index.ts";
import { ServerAnswerInvalid } from "../errors.ts";
import type { Help } from "../values.ts";
import { b64, unb64, utf8 } from "../wire/bytes.ts";
import { decode } from "../wire/canonical.ts";
import { helpAnswer, helpDoc, helpRequest, parse } from "../wire/messages.ts";
import { openSealed, unpad, USES } from "../wire/seal.ts";
import { asked, authenticated, NONCE_BYTES } from "./asking.ts";
import type { Desk } from "./desk.ts";

/**
 * What is asked of the desk. `human`: the person wants one, and then they get one. `passOn`: they also want the desk to be told what `Help.passes_on` said;
 * never without `human`.
 */
export interface AskedHelp {
  readonly page?: string;
  readonly human?: boolean;
  readonly passOn?: boolean;
}

/** Machine or human, the same endpoint with and without consent. */
export class Helping {
  readonly #desk: Desk;

  constructor(desk: Desk) {
    this.#desk = desk;
  }

  /** Whether a person is to be offered now. Throws a `SendError`, or `RequestInvalid` for what cannot be asked. */
  help(wanted: AskedHelp): Promise<Help> {
    return asked(this.#desk, (person) => this.#helped(wanted, person));
  }

  async #helped({ page, human, passOn }: AskedHelp, person: Person | null): Promise<Help> {
    const desk = this.#desk;
    const request = parse(helpRequest, { site: desk.site, request: b64(desk.entropy(NONCE_BYTES)), page, human, pass_on: passOn });
    const message = await authenticated(desk, request, person, USES.ASK_HELP);
    const answer = await desk.ask({ kind: "help", message }, helpAnswer);
    if (person === null) {
      return { mode: answer.mode, tone: "plain", used_emotion: false, why: "", passes_on: "", laws: [], ticket: null };
    }
    if (answer.sealed === null) throw new ServerAnswerInvalid("the server did not say what it decided for this device; ask again");
    const context = [utf8(desk.site), utf8(person.subject), utf8(answer.help)];
    const plain = await openSealed(unb64(answer.sealed), person.seal, USES.HELP, ...context);
    return parse(helpDoc, decode(unpad(plain)));
  }
}

/** Ranking and what came of it: the same endpoint with and without consent. The twin of `mien/client/rankings.py`. */

import type { Person } from "../consent/index.ts";
import { ServerAnswerInvalid } from "../errors.ts";
import type { AgeBand, Deed, DeedKind, Offer, Ranking, Rules } from "../values.ts";
import { b64, unb64, utf8 } from "../wire/bytes.ts";
import { decode } from "../wire/canonical.ts";
import {
  accepted, parse, type RankAnswer, rankAnswer, rankRequest, rewardRequest, type Why, why,
} from "../wire/messages.ts";
import { openSealed, unpad, USES } from "../wire/seal.ts";
import { asked as somebodyOrNobody, asking, authenticated, NONCE_BYTES } from "./asking.ts";
import type { Desk } from "./desk.ts";

const EVENTS = 256;

/**
 * What to rank: `candidates`, or the site's catalogue. `history` is what the visitor did in this shop before (at most 64, each at most 30 days ago). With
 * `own`, ids in the order in which the shop shows them itself, that order comes back, and how far ours would have agreed. `ageBand` is the shop's own
 * knowledge; `otherwise` the reward (0..100) of a place of which nothing is heard.
 */
export interface Asked {
  readonly page?: string;
  readonly places?: number;
  readonly candidates?: readonly Offer[];
  readonly history?: readonly Deed[];
  readonly rules?: Rules;
  readonly own?: readonly string[];
  readonly ageBand?: AgeBand;
  readonly otherwise?: number;
}

export class Rankings {
  readonly #desk: Desk;
  /** Which rankings were asked for as somebody: what was ranked for nobody stays nobody's. */
  readonly #askers = new Map<string, boolean>();

  constructor(desk: Desk) {
    this.#desk = desk;
  }

  /** Offers in order. Throws a `SendError`, or `RequestInvalid` for what cannot be asked. */
  async rank(asked: Asked): Promise<Ranking> {
    return somebodyOrNobody(this.#desk, (person) => this.#ranked(asked, person));
  }

  /** Tell what came of a ranking: `reward` 0..100 for the offer at `place`, or its kind. */
  async reward(event: string, place: number, reward: number | DeedKind): Promise<void> {
    const person = await asking(this.#desk);
    const said = typeof reward === "string" ? { kind: reward } : { reward };
    const request = parse(rewardRequest, { site: this.#desk.site, event, place, ...said });
    const asker = (this.#askers.get(event) ?? person !== null) ? person : null;
    const message = await authenticated(this.#desk, request, asker, USES.REWARD);
    await this.#desk.ask({ kind: "reward", message }, accepted);
  }

  async #ranked(asked: Asked, person: Person | null): Promise<Ranking> {
    const request = parse(rankRequest, { site: this.#desk.site, request: b64(this.#desk.entropy(NONCE_BYTES)), ...question(asked) });
    const message = await authenticated(this.#desk, request, person, USES.RANK);
    const answer = await this.#desk.ask({ kind: "rank", message }, rankAnswer);
    this.#remember(answer.event, person !== null);
    return ranking(answer, person === null ? silent(answer) : await this.#why(answer, person));
  }

  #remember(event: string, asked: boolean): void {
    this.#askers.set(event, asked);
    for (const oldest of this.#askers.keys()) {
      if (this.#askers.size <= EVENTS) break;
      this.#askers.delete(oldest);
    }
  }

  async #why(answer: RankAnswer, person: Person): Promise<Why> {
    if (answer.sealed_why === null) throw new ServerAnswerInvalid("the server did not say why; ask again");
    const context = [utf8(this.#desk.site), utf8(person.subject), utf8(answer.event)];
    const plain = await openSealed(unb64(answer.sealed_why), person.seal, USES.WHY, ...context);
    return parse(why, decode(unpad(plain)));
  }
}

/** What was asked, field by field: an offer or a deed may carry more here than may leave. What is absent is left to the message's defaults. */
function question({ page, places, candidates, history, rules, own, ageBand, otherwise }: Asked): object {
  return {
    page, places, rules, own, age_band: ageBand, otherwise, history: history?.map(({ kind, offer, ago }) => ({ kind, offer, ago })),
    candidates: candidates?.map(({ id, title, price, currency, tags, stock }) => ({ id, title, price, currency, tags, stock })),
  };
}

/** What is known of why when nobody asked: nothing. */
function silent(answer: RankAnswer): Why {
  return { used_emotion: false, why: "", places: answer.places.map(() => ""), laws: [] };
}

function ranking(answer: RankAnswer, said: Why): Ranking {
  if (said.places.length !== answer.places.length) {
    throw new ServerAnswerInvalid("the server explained another number of places than it ranked; ask again");
  }
  const places = answer.places.map(({ offer, place }, at) => ({ offer, place, why: said.places[at] ?? "" }));
  const { event, behaviour, agreed } = answer;
  return { event, places, used_emotion: said.used_emotion, why: said.why, laws: said.laws, behaviour, agreed };
}

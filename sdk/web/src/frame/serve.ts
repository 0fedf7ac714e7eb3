/** What a page may have done for it, in its core frame: orders and what came of them. Nothing that stands for the person is among it. */

import type { Given, ToFrame, ToPage } from "../channel/index.ts";
import type { Asked, AskedHelp, Client } from "../client/index.ts";
import { ConsentMissing, MienError, RequestInvalid, ServerBusy } from "../errors.ts";
import type { Ranking } from "../values.ts";
import type { Held } from "./held.ts";

/** Questions of the page that are worked on at once. */
const MOST = 8;
type Question = Exclude<Extract<ToFrame, { readonly id: number }>, { readonly kind: "drop" }>;

/** Answers a page's questions, as long as a consent stands; else says so, and the page asks as nobody. */
export class Servant {
  readonly #core: Held;
  readonly #say: (message: ToPage) => void;
  #busy = 0;
  /** Questions that are worked on, and those of them whose answer nobody waits for any more. */
  readonly #asked = new Map<number, Question["kind"]>();
  readonly #dropped = new Set<number>();
  /** Which question the last order answered. */
  #last: number | null = null;

  constructor(core: Held, say: (message: ToPage) => void) {
    this.#core = core;
    this.#say = say;
  }

  /** It took too long. Where it was an order, the page asked as nobody meanwhile, and shows that one: none of ours is what is shown. */
  drop(id: number): void {
    if (this.#asked.has(id)) this.#dropped.add(id);
    if (this.#last === id || this.#asked.get(id) === "rank") this.#core.remember(null);
  }

  async serve(question: Question): Promise<void> {
    this.#busy += 1;
    this.#asked.set(question.id, question.kind);
    try {
      if (this.#busy > MOST) throw new ServerBusy("too much is asked at once; wait for the answers", 1);
      this.#say(await this.#answered(question));
    } catch (error) {
      this.#say(failed(question.id, error));
    } finally {
      this.#busy -= 1;
      this.#asked.delete(question.id);
      this.#dropped.delete(question.id);
    }
  }

  async #answered(question: Question): Promise<ToPage> {
    await this.#core.begin();
    if (this.#core.consent !== "on") throw new ConsentMissing("nobody is known here who said yes; ask as nobody");
    const client = await this.#core.client();
    const { id } = question;
    if (this.#dropped.has(id)) throw new RequestInvalid("nobody waits for this answer any more; ask anew");
    switch (question.kind) {
      case "rank": return this.#ranked(id, await client.rank(question.asked as Asked));
      case "reward": {
        await client.reward({ event: question.event }, question.place, question.reward);
        return done(id, {});
      }
      case "help": return done(id, await helped(client, question.asked));
      case "lesson": return done(id, await lesson(client, question.asked));
      case "answer": return done(id, await answered(client, question.asked));
    }
  }

  /** The order without its why: that is for the person, and shown in a frame. */
  #ranked(id: number, ranking: Ranking): ToPage {
    if (!this.#dropped.has(id)) {
      this.#last = id;
      this.#core.remember(ranking);
    }
    const { event, behaviour, agreed } = ranking;
    return { kind: "ranked", id, event, behaviour, agreed, places: ranking.places.map(({ place, offer }) => ({ place, offer })) };
  }
}

/**
 * A person, where the visitor asked for one. What the desk would have offered by itself follows from how they feel, so a page that did not ask with `human`
 * hears nothing of it; and what is passed on to the desk is the person's to allow, never the page's.
 */
async function helped(client: Client, asked: Given): Promise<Given> {
  const { passOn: _never, ...wanted } = asked as AskedHelp;
  const { mode, ticket } = await client.help(wanted);
  return wanted.human === true ? { mode, ticket } : { mode: "auto", ticket: null };
}

async function lesson(client: Client, asked: Given): Promise<Given> {
  const skills = asked["skills"];
  const { id, item, skill, title } = await client.nextLesson(Array.isArray(skills) ? (skills as readonly string[]) : []);
  return { id, item, skill, title };
}

async function answered(client: Client, asked: Given): Promise<Given> {
  return { kept: await client.answer(String(asked["item"]), asked["correct"] === true) };
}

function done(id: number, said: Given): ToPage {
  return { kind: "done", id, said };
}

/** What went wrong, by its code. What is not ours to know of is told as no more than that. */
function failed(id: number, error: unknown): ToPage {
  if (!(error instanceof MienError)) return { kind: "failed", id, code: "mien-error", message: "a fault of the frame; ask again", laws: [] };
  return { kind: "failed", id, code: error.code, message: error.message.slice(0, 1000), laws: error.laws.slice(0, 32).map((law) => law.slice(0, 200)) };
}

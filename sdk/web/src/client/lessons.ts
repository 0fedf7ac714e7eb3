/**
 * Lessons: the next exercise, and what was answered. The twin of `mien/client/lessons.py`. Without consent everything works the same: the learner's answers
 * then stay in this page and go along with each request, of which the server keeps nothing.
 */

import type { Person } from "../consent/index.ts";
import { RequestRefused, ServerAnswerInvalid } from "../errors.ts";
import type { Lesson, Purpose } from "../values.ts";
import { b64, unb64, utf8 } from "../wire/bytes.ts";
import { decode } from "../wire/canonical.ts";
import { accepted, type AnswerDoc, answersRequest, lessonAnswer, lessonRequest, lessonWhy, MAX_LESSON_HISTORY, parse } from "../wire/messages.ts";
import { openSealed, unpad, USES } from "../wire/seal.ts";
import { asked, asking, authenticated, NONCE_BYTES } from "./asking.ts";
import { type Desk, GONE, NOT_NOW } from "./desk.ts";

/** Under any of them the server keeps answers for the learner. */
const KEPT_UNDER: readonly Purpose[] = ["adapt_lessons", "declare_mood"];

/** Exercises one after the other, the same endpoint with and without consent. */
export class Lessons {
  readonly #desk: Desk;
  /** What was answered and is kept nowhere else, oldest first. */
  #answered: readonly AnswerDoc[] = [];

  constructor(desk: Desk) {
    this.#desk = desk;
  }

  /** The next exercise, of these skills where any are named. */
  next(skills: readonly string[]): Promise<Lesson> {
    return asked(this.#desk, (person) => this.#lesson(skills, person));
  }

  /** Say what was answered; whether the server keeps it. Where it may not, or nobody agreed, it is remembered here until this client ends. */
  async answer(item: string, correct: boolean): Promise<boolean> {
    const desk = this.#desk;
    const request = parse(answersRequest, { site: desk.site, answers: [{ item, correct, at: desk.seconds() }] });
    const person = await asking(desk);
    if (person !== null && person.purposes.some((each) => KEPT_UNDER.includes(each))) {
      try {
        await desk.ask({ kind: "answers", message: await authenticated(desk, request, person, USES.ANSWERS) }, accepted);
        return true;
      } catch (error) {
        if (!(error instanceof RequestRefused) || ![...GONE, ...NOT_NOW].includes(error.problem)) throw error;
      }
    }
    this.#answered = [...this.#answered, ...request.answers].slice(-MAX_LESSON_HISTORY);
    return false;
  }

  async #lesson(skills: readonly string[], person: Person | null): Promise<Lesson> {
    const desk = this.#desk;
    const request = parse(lessonRequest, { site: desk.site, request: b64(desk.entropy(NONCE_BYTES)), skills, history: this.#answered });
    const message = await authenticated(desk, request, person, USES.LESSON);
    const answer = await desk.ask({ kind: "lesson", message }, lessonAnswer);
    const { id: item, skill, title } = answer.item;
    const exercise = { id: answer.lesson, item, skill, title };
    if (person === null) return { ...exercise, ...UNKNOWN };
    if (answer.sealed_why === null) throw new ServerAnswerInvalid("the server did not say why; ask again");
    const context = [utf8(desk.site), utf8(person.subject), utf8(answer.lesson)];
    const plain = await openSealed(unb64(answer.sealed_why), person.seal, USES.WHY, ...context);
    return { ...exercise, ...parse(lessonWhy, decode(unpad(plain))) };
  }
}

/** What is said of an exercise that nobody in particular asked for. */
const UNKNOWN = { used_emotion: false, used_answers: false, chance: 0, target: 0, pace: "steady", why: "", laws: [], refused: [] } as const;

"""Lessons: the next exercise, and what was answered.

Without consent everything works the same: the learner's answers then stay in this process and go along with each request, of which the server keeps nothing.
"""

from collections.abc import Iterable
from typing import Any, Final

from mien.client.desk import GONE, NOT_NOW
from mien.client.rankings import Rankings
from mien.consent import Person
from mien.errors import RequestRefused, ServerAnswerInvalid
from mien.values import Lesson
from mien.wire import messages
from mien.wire.canonical import b64, decode, unb64
from mien.wire.messages import MAX_LESSON_HISTORY, parse
from mien.wire.seal import Use, open_sealed, unpad

PURPOSES: Final = frozenset({"adapt_lessons", "declare_mood"})
"""Under any of them the server keeps answers for the learner."""


class Lessons(Rankings):
    """Exercises one after the other, the same endpoint with and without consent."""

    def next_lesson(self, skills: Iterable[str] = ()) -> Lesson:
        """The next exercise, of these skills where any are named."""
        asked = {"site": self.site, "skills": list(skills), "history": list(self._answered)}
        person = self._asking()
        try:
            return self._lesson(asked, person)
        except RequestRefused as error:
            if person is None or error.problem not in GONE:
                raise
            self._end(forever=True)  # erased or taken back on another device: ask as nobody
        return self._lesson(asked, None)

    def answer(self, lesson: Lesson | str, *, correct: bool) -> bool:
        """Say what was answered; whether the server keeps it. Where it may not, or nobody agreed, it is remembered here until this client ends."""
        item = lesson.item if isinstance(lesson, Lesson) else lesson
        given = {"item": item, "correct": correct, "at": int(self._clock.now())}
        person = self._asking()
        if person is not None and PURPOSES.intersection(person.purposes):
            request = parse(messages.AnswersRequest, {"site": self.site, "answers": [given]})
            try:
                self._ask(self._authenticated(request, person, Use.ANSWERS), messages.Accepted)
            except RequestRefused as error:
                if error.problem not in GONE | NOT_NOW:
                    raise
            else:
                return True
        self._answered.append(given)
        del self._answered[:-MAX_LESSON_HISTORY]
        return False

    def _lesson(self, asked: dict[str, Any], person: Person | None) -> Lesson:
        request = parse(messages.LessonRequest, asked | {"request": b64(self._entropy(16))})
        sent = self._authenticated(request, person, Use.LESSON)
        answer = self._ask(sent, messages.LessonAnswer)
        item = answer.item
        if person is None:
            return Lesson(answer.lesson, item.id, item.skill, item.title)
        if answer.sealed_why is None:
            msg = "the server did not say why; ask again"
            raise ServerAnswerInvalid(msg)
        context = (self.site.encode(), person.subject.encode(), answer.lesson.encode())
        plain = open_sealed(unb64(answer.sealed_why), person.seal, Use.WHY, *context)
        why = parse(messages.LessonWhy, decode(unpad(plain)))
        return Lesson(
            answer.lesson, item.id, item.skill, item.title, why.used_emotion, why.used_answers,
            why.chance, why.target, why.pace, why.why, tuple(why.laws), tuple(why.refused),
        )  # fmt: skip

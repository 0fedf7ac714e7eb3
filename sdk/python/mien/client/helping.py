"""Help at a service desk: go on by machine, or offer a person."""

from typing import Any

from mien.client.desk import GONE
from mien.client.rankings import Rankings
from mien.consent import Person
from mien.errors import RequestRefused, ServerAnswerInvalid
from mien.values import Help
from mien.wire import messages
from mien.wire.canonical import b64, decode, unb64
from mien.wire.messages import parse
from mien.wire.seal import Use, open_sealed, unpad


class Helping(Rankings):
    """Machine or human, the same endpoint with and without consent."""

    def help(self, page: str = "home", *, human: bool = False, pass_on: bool = False) -> Help:
        """Whether a person is to be offered now. Offer it with equal buttons; `human` says that they want one, and then they get one.

        `pass_on` says that the person also wants the desk to be told what `Help.passes_on` said. Raises `RequestInvalid` for that without `human`, and `SendError`.
        """
        asked = {"site": self.site, "page": page, "human": human, "pass_on": pass_on}
        person = self._asking()
        try:
            return self._helped(asked, person)
        except RequestRefused as error:
            if person is None or error.problem not in GONE:
                raise
            self._end(forever=True)  # erased or taken back on another device: ask as nobody
        return self._helped(asked, None)

    def _helped(self, asked: dict[str, Any], person: Person | None) -> Help:
        request = parse(messages.HelpRequest, asked | {"request": b64(self._entropy(16))})
        answer = self._ask(self._authenticated(request, person, Use.ASK_HELP), messages.HelpAnswer)
        if person is None:
            return Help(answer.mode, "plain", used_emotion=False, why="")
        if answer.sealed is None:
            msg = "the server did not say what it decided for this device; ask again"
            raise ServerAnswerInvalid(msg)
        context = (self.site.encode(), person.subject.encode(), answer.help.encode())
        plain = open_sealed(unb64(answer.sealed), person.seal, Use.HELP, *context)
        doc = parse(messages.HelpDoc, decode(unpad(plain)))
        return Help(
            doc.mode,
            doc.tone,
            doc.used_emotion,
            doc.why,
            doc.passes_on,
            tuple(doc.laws),
            doc.ticket,
        )

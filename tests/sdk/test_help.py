"""`Client.help`: machine or human for somebody known, for nobody, and for somebody who took it back elsewhere."""

from typing import Any

import pytest

from mien import Client
from mien.errors import EnvelopeInvalid, RequestInvalid, ServerAnswerInvalid
from mien.testing import FakeServer
from mien.wire.canonical import decode
from mien.wire.messages import HelpRequest


def asked(server: FakeServer) -> list[Any]:
    return [decode(body) for _method, path, body in server.requests if path == "/v1/help"]


def test_what_was_said_decides_and_why_is_told(consented: Client) -> None:
    before = consented.help("returns")
    assert (before.mode, before.tone, before.used_emotion) == ("auto", "plain", False)
    consented.declare("anger")
    after = consented.help("returns")
    assert (after.mode, after.tone, after.used_emotion) == ("human", "calm", True)
    assert after.why == "You seemed to show anger."
    assert after.passes_on == "to speak with you calmly"


def test_without_consent_the_request_has_the_same_shape(
    client: Client, consented: Client, server: FakeServer
) -> None:
    consented.help()
    consented.withdraw()
    nobody = client.help()
    assert (nobody.mode, nobody.used_emotion, nobody.ticket) == ("auto", False, None)
    assert client.help(human=True).mode == "human"
    known, without, pressed = asked(server)
    assert known.keys() == without.keys() == pressed.keys()
    assert (known["asker"] is None, without["asker"] is None) == (False, True)


def test_passing_on_needs_a_person_who_takes_over(consented: Client, server: FakeServer) -> None:
    with pytest.raises(RequestInvalid, match="passed on"):
        consented.help(pass_on=True)
    assert asked(server) == []


def test_erased_elsewhere_the_desk_still_answers(consented: Client, server: FakeServer) -> None:
    server.people.clear()
    found = consented.help(human=True)
    assert (found.mode, found.why) == ("human", "")
    assert [request["asker"] is None for request in asked(server)] == [False, True]


def test_an_answer_for_somebody_else_does_not_open(consented: Client, server: FakeServer) -> None:
    real = server._help
    kept: list[Any] = []

    def swapped(request: HelpRequest) -> Any:
        answer: Any = real(request)
        kept.append(answer)
        return answer.model_copy(update={"sealed": kept[0].sealed})

    server._help = swapped  # type: ignore[method-assign]
    consented.help()
    with pytest.raises(EnvelopeInvalid):
        consented.help()
    server._help = lambda request: real(request).model_copy(update={"sealed": None})  # type: ignore[method-assign]
    with pytest.raises(ServerAnswerInvalid):
        consented.help()

"""The site is told what was erased and withdrawn: at least once, signed, and never more than that."""

import asyncio
import contextlib
import json
import os
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import typer
from tests.server.receiver import HANG, Receiver, status
from tests.server.world import DAY, MakeWorld, Phone, World, shop
from typer.testing import CliRunner

from mien.errors import SettingsError
from mien.wire.keys import VerifyKey
from mien.wire.webhooks import Told, public_text
from mien_server import addresses, registry
from mien_server.cli import commands
from mien_server.pipeline import telling
from mien_server.ports import Transaction
from mien_server.values import Notification, Reply
from mien_server.webhooks import Webhooks

ERASED = "person.erased"
WITHDRAWN = "consent.withdrawn"


def listening(make_world: MakeWorld, receiver: Receiver, **other: Any) -> World:
    return make_world(site=shop(webhook=receiver.url), **other)


async def tell(world: World, seconds: float = 5) -> Counter[str]:
    async with Webhooks(seconds) as poster:
        return +await world.pipeline.tell(poster)


async def waiting(world: World) -> int:
    return await world.pipeline.untold()


def told(world: World, receiver: Receiver, number: int = -1) -> Told:
    key = world.keys.signing.verify_key().text()
    return receiver.got[number].told(key=key, site=world.site.id, now=world.clock.now())


async def notices(world: World) -> tuple[Notification, ...]:
    def work(transaction: Transaction) -> tuple[Notification, ...]:
        return transaction.notifications.due(world.site.id, 2**40, 1000)

    found: tuple[Notification, ...] = await world.store.transact(work)
    return found


# ---- what is told ----
async def test_an_erasure_is_told_once_and_signed(make_world: MakeWorld) -> None:
    async with Receiver() as receiver, listening(make_world, receiver) as world:
        phone = await world.enrolled()
        answer = await phone.erase()
        assert await tell(world) == {"delivered": 1}
        assert await tell(world) == {}
        [got] = receiver.got
        assert (got.method, got.target) == ("POST", "/mien")
        assert got.headers["content-type"] == "application/json"
        said = told(world, receiver)
        assert (said.type, said.timestamp) == (ERASED, "2026-11-22T12:00:00Z")
        assert said.data.subject == phone.subject
        assert said.data.erasure == answer.erasure
        assert await waiting(world) == 0


async def test_a_withdrawal_names_what_stood_and_stands_no_more(make_world: MakeWorld) -> None:
    async with Receiver() as receiver, listening(make_world, receiver) as world:
        phone = await world.enrolled("personalize_offers", "declare_mood")
        await phone.withdraw("personalize_offers", "contribute")
        assert await tell(world) == {"delivered": 1}
        said = told(world, receiver)
        assert (said.type, said.data.purposes) == (WITHDRAWN, ["personalize_offers"])
        # The same again takes nothing back, so there is nothing to tell.
        await phone.withdraw("personalize_offers")
        assert await waiting(world) == 0


async def test_a_narrower_answer_and_an_officer_are_told_too(make_world: MakeWorld) -> None:
    async with Receiver() as receiver, listening(make_world, receiver) as world:
        phone = await world.enrolled("personalize_offers", "declare_mood")
        world.clock.at += 1
        await phone.consent("declare_mood")
        await tell(world)
        assert told(world, receiver).data.purposes == ["personalize_offers"]
        await world.pipeline.invalidate(world.site.id, subject=phone.subject)
        await tell(world)
        assert told(world, receiver).data.purposes == ["declare_mood"]
        world.clock.at += 1
        await phone.consent("declare_mood")  # more than stood: nothing to forget
        assert await waiting(world) == 0


async def test_a_consent_that_ran_out_is_told(make_world: MakeWorld) -> None:
    async with Receiver() as receiver, listening(make_world, receiver) as world:
        phone = await world.enrolled()
        world.clock.at = (await world.person(phone.subject)).expires_at
        await world.pipeline.sweep()
        assert await tell(world) == {"delivered": 1}
        said = told(world, receiver)
        assert (said.type, said.data.at) == (WITHDRAWN, world.clock.now())
        await world.pipeline.sweep()
        assert await waiting(world) == 0


async def test_one_who_says_yes_again_after_it_ran_out_took_back_first(
    make_world: MakeWorld,
) -> None:
    """Between the end and the sweep that writes it, a new yes covers what comes; what was derived before is still to be forgotten."""
    async with Receiver() as receiver, listening(make_world, receiver) as world:
        phone = await world.enrolled()
        world.clock.at = (await world.person(phone.subject)).expires_at
        await world.pipeline.rotate()
        await phone.consent("personalize_offers")
        assert await tell(world) == {"delivered": 1}
        assert told(world, receiver).data.purposes == ["personalize_offers"]


async def test_who_has_no_webhook_is_told_nothing(make_world: MakeWorld) -> None:
    async with make_world() as world:
        phone = await world.enrolled()
        await phone.withdraw()
        await phone.erase()
        assert await waiting(world) == 0
        assert await tell(world) == {}


async def test_an_erasure_makes_what_waits_about_the_person_pointless(
    make_world: MakeWorld,
) -> None:
    async with Receiver() as receiver, listening(make_world, receiver) as world:
        phone, other = await world.enrolled(), await world.enrolled()
        await phone.withdraw()
        await other.withdraw()
        await phone.erase()
        assert await tell(world) == {"delivered": 2}
        by_subject = {
            told(world, receiver, n).data.subject: told(world, receiver, n).type for n in (0, 1)
        }
        assert by_subject == {phone.subject: ERASED, other.subject: WITHDRAWN}


async def test_what_did_not_commit_is_not_told(make_world: MakeWorld) -> None:
    """The notice is in the transaction: an erasure that fails leaves none."""
    async with Receiver() as receiver, listening(make_world, receiver) as world:
        phone = await world.enrolled()
        text = phone.erasure()

        def work(transaction: Transaction) -> None:
            person = transaction.people.get(world.site.id, phone.subject, "update")
            assert person is not None
            telling.note_erased(world.pipeline._parts, transaction, person, "ers_x", 1)
            assert transaction.notifications.count() == 1
            raise ArithmeticError

        with pytest.raises(ArithmeticError):
            await world.store.transact(work)
        assert await waiting(world) == 0
        await world.pipeline.erase(world.site, text)
        assert await waiting(world) == 1


# ---- a site that does not answer well ----
@pytest.mark.parametrize(
    "answer",
    [
        None, b"nonsense\r\n\r\n", status(500), status(404), status(429), status(100) + b"",
        status(301, "location: http://127.0.0.1:9/elsewhere"), status(307, "location: /again"),
    ],
)  # fmt: skip
async def test_anything_but_yes_is_tried_again_later_under_the_same_id(
    make_world: MakeWorld, answer: bytes | None
) -> None:
    async with (
        Receiver([answer, status(200)]) as receiver,
        listening(make_world, receiver) as world,
    ):
        await (await world.enrolled()).erase()
        assert await tell(world) == {"failed": 1}
        assert len(receiver.got) == 1  # no redirect was followed
        assert await tell(world) == {}  # not yet
        world.clock.at += telling.FIRST_DELAY
        assert await tell(world) == {"delivered": 1}
        first, second = receiver.got
        assert first.id == second.id
        assert first.body == second.body
        assert first.headers["webhook-timestamp"] != second.headers["webhook-timestamp"]
        assert told(world, receiver).type == ERASED


async def test_a_site_that_is_not_there_is_tried_later(make_world: MakeWorld) -> None:
    async with Receiver() as receiver:
        gone = receiver.url
    async with make_world(site=shop(webhook=gone)) as world:
        await (await world.enrolled()).erase()
        assert await tell(world) == {"failed": 1}


async def test_a_name_that_nobody_has_is_tried_later(make_world: MakeWorld) -> None:
    async with make_world(site=shop(webhook="https://nobody.invalid/")) as world:
        await (await world.enrolled()).erase()
        assert await tell(world) == {"failed": 1}


async def test_a_site_that_hangs_costs_one_wait_and_holds_nobody_up(make_world: MakeWorld) -> None:
    async with Receiver([HANG]) as receiver, listening(make_world, receiver) as world:
        phones = [await world.enrolled() for _ in range(5)]
        for phone in phones:
            await phone.withdraw()
        loop = asyncio.get_running_loop()
        before = loop.time()
        round_ = asyncio.create_task(tell(world, 0.5))
        await asyncio.sleep(0.1)
        await phones[0].erase()  # no transaction is open while a site thinks
        assert await round_ == {"failed": 1}
        assert loop.time() - before < 2
        assert len(receiver.got) == 1
        assert await waiting(world) == 5
        assert (
            sum(notice.attempts for notice in await notices(world)) <= 1
        )  # the rest was not tried


async def test_an_answer_without_end_is_not_read(make_world: MakeWorld) -> None:
    endless = b"HTTP/1.1 200 X\r\ntransfer-encoding: chunked\r\n\r\n" + b"10000\r\n" + b"x" * 65536
    async with Receiver([endless]) as receiver, listening(make_world, receiver) as world:
        await (await world.enrolled()).erase()
        assert await tell(world, 2) == {"delivered": 1}


async def test_headers_without_end_are_refused(make_world: MakeWorld) -> None:
    endless = b"HTTP/1.1 200 X\r\n" + b"x-y: " + b"z" * 500_000
    async with Receiver([endless]) as receiver, listening(make_world, receiver) as world:
        await (await world.enrolled()).erase()
        assert await tell(world, 5) == {"failed": 1}


async def test_gone_is_believed(make_world: MakeWorld) -> None:
    async with Receiver([status(410)]) as receiver, listening(make_world, receiver) as world:
        await (await world.enrolled()).erase()
        assert await tell(world) == {"gone": 1}
        assert await waiting(world) == 0


class Answering:
    """A site by hand, where time is to be moved."""

    def __init__(self, *replies: Reply) -> None:
        self.replies = list(replies)
        self.posted: list[str] = []

    async def post(self, url: str, headers: Mapping[str, str], body: bytes) -> Reply:
        self.posted.append(headers["webhook-id"])
        return self.replies[min(len(self.posted), len(self.replies)) - 1]


async def test_attempts_come_rarer_and_end_before_the_day_does(make_world: MakeWorld) -> None:
    poster = Answering(Reply(500))
    async with make_world(site=shop(webhook="https://shop.example/")) as world:
        begin = world.clock.now()
        await (await world.enrolled()).erase()
        attempts: list[int] = []
        outcome: Counter[str] = Counter()
        while found := await notices(world):
            world.clock.at = found[0].next_at - 1
            assert +await world.pipeline.tell(poster) == {}  # not before its time
            world.clock.at += 1
            outcome = +await world.pipeline.tell(poster)
            attempts.append(world.clock.now() - begin)
        assert outcome == {"given_up": 1}
        assert attempts[-1] == telling.TELL_WITHIN < DAY
        gaps = [after - before for before, after in pairwise(attempts)]
        assert 2 <= gaps[0] <= telling.FIRST_DELAY
        assert all(gap <= telling.LONGEST_DELAY for gap in gaps)
        assert 20 < len(attempts) < 60
        assert len(set(poster.posted)) == 1


async def test_a_site_may_ask_to_be_left_alone_but_not_for_ever(make_world: MakeWorld) -> None:
    async with make_world(site=shop(webhook="https://shop.example/")) as world:
        await (await world.enrolled()).erase()
        for asked, least in ((60, 60), (10**8, telling.LONGEST_DELAY)):
            now = world.clock.now()
            await world.pipeline.tell(Answering(Reply(503, retry_after=asked)))
            [notice] = await notices(world)
            assert notice.next_at == now + least
            world.clock.at = notice.next_at


@pytest.mark.parametrize(("text", "seconds"), [("7", 7), ("-7", 0), ("٧", 0), ("1.5", 0), ("9" * 40, 0), ("Wed, 21 Oct 2026 07:28:00 GMT", 0)])  # fmt: skip
async def test_what_a_site_says_of_its_rest(text: str, seconds: int) -> None:
    answer = f"HTTP/1.1 503 X\r\nretry-after: {text}\r\ncontent-length: 0\r\n\r\n".encode()
    async with Receiver([answer]) as receiver, Webhooks(5) as poster:
        assert await poster.post(receiver.url, {}, b"") == Reply(503, seconds)


async def test_a_notice_that_always_fails_does_not_hold_up_the_others(
    make_world: MakeWorld,
) -> None:
    class Poisoned(Answering):
        async def post(self, url: str, headers: Mapping[str, str], body: bytes) -> Reply:
            self.posted.append(headers["webhook-id"])
            return Reply(500 if headers["webhook-id"] == self.posted[0] else 200)

    poster = Poisoned()
    async with make_world(site=shop(webhook="https://shop.example/")) as world:
        for _ in range(4):
            await (await world.enrolled()).withdraw()
        assert +await world.pipeline.tell(poster) == {"failed": 1}
        world.clock.at += telling.FIRST_DELAY
        assert +await world.pipeline.tell(poster) == {"delivered": 3, "failed": 1}


async def test_a_site_that_hangs_rests_with_all_that_waits_for_it(make_world: MakeWorld) -> None:
    """More than a batch: otherwise its rest would be due at once, before what waits for others."""
    async with make_world(site=shop(webhook="https://shop.example/")) as world:
        subject = (await world.enrolled()).subject
        begin = world.clock.now()
        ages = [0] * 40 + [telling.TELL_WITHIN - 1] + [telling.TELL_WITHIN + 1] * 3
        many = [
            Notification(f"ntf_{n}", "shop", subject, "withdrawn", begin - age, begin - 9)
            for n, age in enumerate(ages)
        ]

        def add(transaction: Transaction) -> None:
            for each in many:
                transaction.notifications.add(each)

        await world.store.transact(add)
        poster = Answering(Reply(0))
        assert +await world.pipeline.tell(poster) == {"failed": 1, "given_up": 3}
        assert await world.pipeline.tell(poster) == {}
        assert len(poster.posted) == 2  # one that is past its day, one that is not
        left = await notices(world)
        assert len(left) == 41
        assert all(each.next_at > begin for each in left)
        [old] = [each for each in left if each.id == "ntf_40"]
        assert old.next_at == begin + 1  # its last attempt comes in time


async def test_a_turn_that_fails_hides_nothing_of_the_others(make_world: MakeWorld) -> None:
    async with make_world(site=shop(webhook="https://shop.example/")) as world:
        await (await world.enrolled()).withdraw()
        other = replace(world.site, id="other", publishable_sha256=bytes(32), secret_sha256=bytes(32))  # fmt: skip
        now = world.clock.now()
        strange = Notification("ntf_b", "other", "sub_b", "strange", now, now)

        def work(transaction: Transaction) -> None:
            registry.add(transaction.sites, other, None)
            transaction.notifications.add(strange)

        await world.store.transact(work)
        done: Counter[str] = Counter()

        class Late(Answering):
            async def post(self, url: str, headers: Mapping[str, str], body: bytes) -> Reply:
                await asyncio.sleep(0.2)
                return await super().post(url, headers, body)

        with pytest.raises(KeyError):
            await world.pipeline.tell(Late(Reply(200)), done)
        assert +done == {"delivered": 1}


async def test_a_slow_site_gives_up_its_turn(make_world: MakeWorld) -> None:
    async with make_world(site=shop(webhook="https://shop.example/")) as world:

        class Slow(Answering):
            async def post(self, url: str, headers: Mapping[str, str], body: bytes) -> Reply:
                world.clock.at += telling.BATCH_SECONDS // 2 + 1
                return await super().post(url, headers, body)

        for _ in range(4):
            await (await world.enrolled()).withdraw()
        assert +await world.pipeline.tell(Slow(Reply(200))) == {"delivered": 2}
        assert +await world.pipeline.tell(Answering(Reply(200))) == {"delivered": 2}


# ---- crashes, nodes, changes of mind ----
async def test_a_server_that_dies_between_sending_and_remembering_sends_it_again(
    make_world: MakeWorld,
) -> None:
    class Dies(Answering):
        async def post(self, url: str, headers: Mapping[str, str], body: bytes) -> Reply:
            await super().post(url, headers, body)
            raise asyncio.CancelledError

    async with Receiver() as receiver, listening(make_world, receiver) as world:
        await (await world.enrolled()).erase()
        dies = Dies(Reply(200))
        with contextlib.suppress(asyncio.CancelledError):
            await world.pipeline.tell(dies)
        assert dies.posted
        assert await tell(world) == {}  # the claim of the dead still holds
        world.clock.at += telling.LEASE
        assert await tell(world) == {"delivered": 1}
        assert [got.id for got in receiver.got] == dies.posted


async def test_two_nodes_share_the_work(make_world: MakeWorld) -> None:
    async with Receiver() as receiver, listening(make_world, receiver) as world:
        for _ in range(20):
            await (await world.enrolled()).withdraw()
        node = world.pipeline_over(world.store)
        async with Webhooks(5) as poster:
            done = sum(
                await asyncio.gather(*(p.tell(poster) for p in (world.pipeline, node))), Counter()
            )
        assert +done == {"delivered": 20}
        assert len({got.id for got in receiver.got}) == len(receiver.got) == 20


async def test_a_claim_is_won_once(make_world: MakeWorld) -> None:
    async with make_world(site=shop(webhook="https://shop.example/")) as world:
        await (await world.enrolled()).withdraw()
        [notice] = await notices(world)

        def claim(transaction: Transaction) -> bool:
            return transaction.notifications.claim(notice, notice.next_at + 60)

        assert [await world.store.transact(claim) for _ in range(2)] == [True, False]


async def test_a_webhook_taken_away_drops_what_waits(make_world: MakeWorld) -> None:
    async with Receiver() as receiver, listening(make_world, receiver) as world:
        await (await world.enrolled()).erase()
        none = replace(world.site, webhook=None)
        await world.store.transact(lambda t: t.sites.put(none))
        assert await tell(world) == {"dropped": 1}
        assert receiver.got == []


async def test_an_erasure_completes_while_its_site_is_deaf(make_world: MakeWorld) -> None:
    """What the person was promised does not wait for the site; the notice does, with the id it needs and nothing else of them."""
    async with Receiver([status(500)]) as receiver, listening(make_world, receiver) as world:
        phone = await world.enrolled()
        answer = await phone.erase()
        await world.pipeline.complete_erasures()
        assert await tell(world) == {"failed": 1}
        [notice] = await notices(world)
        assert (notice.subject, notice.erasure) == (phone.subject, answer.erasure)
        assert notice.purposes == ()


async def test_no_body_is_written_for_who_is_told_of(make_world: MakeWorld) -> None:
    async with Receiver() as receiver, listening(make_world, receiver) as world:
        phone: Phone = await world.enrolled()
        await phone.send()
        await phone.erase()
        await tell(world)
        assert set(receiver.got[0].body.decode().split('"')) & {"joy", "labels", "valence"} == set()
        assert len(receiver.got[0].body) < 400


# ---- the address ----
@pytest.mark.parametrize(
    "url",
    [
        "http://shop.example/mien", "ftp://shop.example", "https://", "https://user:word@shop.example/", "https://shop.example/#x", "",
        "https://shop.example:99999/", "https://[::1/", "shop.example", "https://shop .example", "https://shop.example/" + "x" * 500, "https://süß.example/",
        "http://localhost.shop.example/", "http://127.0.0.1.shop.example/", "file:///etc/passwd", "https://shop.example/\n", "http://10.0.0.1/",
    ],
)  # fmt: skip
def test_addresses_that_are_refused(url: str) -> None:
    with pytest.raises(SettingsError):
        addresses.checked(url, "webhook")


@pytest.mark.parametrize("url", ["https://shop.example/mien?x=1", "https://[2001:db8::1]:8443/", "http://127.0.0.1:9/x", "http://[::1]:9/", "http://localhost/"])  # fmt: skip
def test_addresses_that_are_taken(url: str) -> None:
    assert addresses.checked(url, "webhook") == url


def test_an_address_is_given_shown_and_taken_away(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith("MIEN_")]:
        monkeypatch.delenv(name)
    app = typer.Typer()
    commands(app)

    def typed(*words: str) -> str:
        done = CliRunner().invoke(app, list(words), env={"COLUMNS": "200"})
        assert done.exit_code == 0, done.output
        return done.stdout

    def listed() -> list[str | None]:
        return [site["webhook"] for site in json.loads(typed("site", "list", "--json"))["sites"]]

    trust = typed("keys", "init").split()[-1]
    about = ["--sector", "retail", "--role", "customer", "--jurisdiction", "EU-DE", "--controller", "Shop GmbH", "--contact", "a@b.example"]  # fmt: skip
    typed("site", "add", "shop", *about, "--webhook", "https://shop.example/one")
    assert listed() == ["https://shop.example/one"]
    said = typed("site", "webhook", "shop", "https://shop.example/two")
    assert trust in said
    assert public_text(VerifyKey.from_text(trust)) in said
    assert listed() == ["https://shop.example/two"]
    assert "nobody is told" in typed("site", "webhook", "shop")
    assert listed() == [None]
    for words in (["webhook", "shop", "http://shop.example"], ["webhook", "none", "https://x.example"]):  # fmt: skip
        done = CliRunner().invoke(app, ["site", *words])
        assert (done.exit_code, len(done.stderr.splitlines())) == (2, 1)

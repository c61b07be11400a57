"""Mails from the promise to the delivery: sealed, tried again, dropped in the end, never sent twice at once."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from hallway.accounts.model import DEPLOYMENT
from hallway.hub.organizations.inviting import Wish, invite
from hallway.hub.organizations.model import Plan
from hallway.ids import MailId, OrganizationId
from hallway.journal.model import Change, Row, Stale, Unavailable
from hallway.keys.model import Undecipherable
from hallway.keys.service import rotate
from hallway.outbox.letterbox import Letterbox, one_line
from hallway.outbox.letterbox import opened as unsealed
from hallway.outbox.model import KEPT, LEASE, MINUTE, Attempt, Fate, Mail, OutgoingMail, next_try
from hallway.outbox.ports import NotCarried
from hallway.outbox.postman import AT_ONCE, Postman
from hallway.web.wiring import Hub
from hallway.worker.mails import Deliveries
from tests.mail_server import mail_server
from tests.rooms.opened import MASTER_KEY, OPERATOR, opened

BEGAN = 1_700_000_000_000_000
TO, SECRET = "ada@example.com", "hw_invite_canary"


@dataclass
class Carried:
    """A carrier that notes what it carries, or refuses it."""

    mails: list[tuple[Mail, MailId, int]] = field(default_factory=list)
    problem: NotCarried | None = None

    async def carry(self, mail: Mail, mail_id: MailId, at: int) -> None:
        if self.problem is not None:
            raise self.problem
        self.mails.append((mail, mail_id, at))


@dataclass
class Post:
    """An open Hub's outbox at a time of the test's own."""

    hub: Hub
    now: int = BEGAN
    carried: Carried = field(default_factory=Carried)

    @property
    def postman(self) -> Postman:
        return Postman(self.hub.stores.outgoing_mail, self.carried, lambda: self.hub.keys.ring, lambda: self.now)

    def letters(self, subject: str = "Join Acme", tenant: bytes = DEPLOYMENT) -> Sequence[Row]:
        box = Letterbox(lambda: self.hub.keys.ring, lambda: self.now, self.hub.desk.entropy)
        return box(tenant, TO, subject, f"Open {SECRET}\n")

    async def promise(self, *rows: Row) -> None:
        await self.hub.stores.database.commit(Change(DEPLOYMENT, rows or tuple(self.letters())))

    async def waiting(self) -> list[OutgoingMail]:
        """What is in the outbox, claimed to be looked at."""
        store = self.hub.stores.outgoing_mail
        found = [await store.claim(one, one.due_at + 1) for one in await store.due(self.now + KEPT * 9, 99)]
        return [one for one in found if one is not None]


async def test_a_promised_mail_is_delivered_once(tmp_path: Path) -> None:
    async with opened(tmp_path) as hub:
        post = Post(hub)
        await post.promise()
        [attempt] = await post.postman.round()
        [(mail, mail_id, at)] = post.carried.mails
        assert attempt == Attempt(mail_id, Fate.DELIVERED)
        assert (mail.to, mail.subject, mail.text, at) == (TO, "Join Acme", f"Open {SECRET}\n", BEGAN)
        assert await post.postman.round() == []
        post.now += KEPT
        assert await post.postman.round() == [] and len(post.carried.mails) == 1


async def test_what_is_kept_of_a_mail_tells_nothing(tmp_path: Path) -> None:
    async with opened(tmp_path) as hub:
        post = Post(hub)
        await post.promise()
        await hub.stores.database.close()
    content = b"".join(path.read_bytes() for path in tmp_path.glob("hallway.db*"))
    assert TO.encode() not in content and SECRET.encode() not in content


async def test_a_sealed_mail_opens_in_its_own_place_only(tmp_path: Path) -> None:
    async with opened(tmp_path) as hub:
        post = Post(hub)
        [row] = post.letters()
        other = OrganizationId(b"o" * 16)
        await post.promise(row)
        [kept] = await post.waiting()
        for moved in (replace(kept, tenant=other), replace(kept, id=MailId(b"i" * 16))):
            with pytest.raises(Undecipherable, match="belong to another place"):
                unsealed(hub.keys.ring, moved)


async def test_a_change_that_fails_promises_nothing(tmp_path: Path) -> None:
    async with opened(tmp_path) as hub:
        post = Post(hub)
        rows = post.letters()
        with pytest.raises((Stale, Unavailable)):
            await hub.stores.database.commit(Change(DEPLOYMENT, (*rows, *rows)))
        assert await post.postman.round() == []


async def test_a_failed_attempt_is_made_again_later_and_later(tmp_path: Path) -> None:
    async with opened(tmp_path) as hub:
        post = Post(hub, carried=Carried(problem=NotCarried("the server cannot be reached")))
        await post.promise()
        waits, last = [], BEGAN
        while True:
            [attempt] = await post.postman.round()
            assert attempt.reason == "the server cannot be reached"
            waits.append((post.now - last) // MINUTE)
            last = post.now
            if attempt.fate is Fate.DROPPED:
                break
            store = hub.stores.outgoing_mail
            assert await store.due(post.now, 8) == []
            [due] = await store.due(post.now + KEPT, 8)
            post.now = due.due_at
        assert waits == [0, 1, 5, 30, 120] + [360] * 11
        assert BEGAN + KEPT - 360 * MINUTE < last <= BEGAN + KEPT
        assert await post.waiting() == []


async def test_a_mail_that_can_never_be_sent_is_dropped_at_once(tmp_path: Path) -> None:
    async with opened(tmp_path) as hub:
        post = Post(hub, carried=Carried(problem=NotCarried("no message", forever=True)))
        await post.promise()
        assert [one.fate for one in await post.postman.round()] == [Fate.DROPPED]
        assert await post.waiting() == []


async def test_two_processes_do_not_send_the_same_mail(tmp_path: Path) -> None:
    async with opened(tmp_path) as hub:
        post = Post(hub)
        for _ in range(AT_ONCE):
            await post.promise()
        rounds = await asyncio.gather(post.postman.round(), post.postman.round())
        assert sum(len(one) for one in rounds) == AT_ONCE == len({one[1] for one in post.carried.mails})
        assert len(post.carried.mails) == AT_ONCE


async def test_what_a_dead_process_had_taken_is_due_when_its_lease_ends(tmp_path: Path) -> None:
    async with opened(tmp_path) as hub:
        post = Post(hub)
        await post.promise()
        store = hub.stores.outgoing_mail
        [due] = await store.due(post.now, 8)
        assert await store.claim(due, post.now + LEASE) is not None
        post.now += LEASE - 1
        assert await post.postman.round() == []
        post.now += 1
        assert [one.fate for one in await post.postman.round()] == [Fate.DELIVERED]


async def test_a_mail_of_a_former_key_is_delivered_and_one_of_a_lost_key_waits(tmp_path: Path) -> None:
    async with opened(tmp_path) as hub:
        post, before = Post(hub), hub.keys.ring
        await post.promise()
        await rotate(hub.stores.keys, bytes.fromhex(MASTER_KEY), post.now)
        await hub.keys.renew()
        assert [one.fate for one in await post.postman.round()] == [Fate.DELIVERED]
        await post.promise()
        stale = Postman(hub.stores.outgoing_mail, post.carried, lambda: before, lambda: post.now)
        assert [(one.fate, one.reason) for one in await stale.round()] == [
            (Fate.POSTPONED, "it cannot be opened with the keys of this process")
        ]
        post.now += MINUTE
        assert [one.fate for one in await post.postman.round()] == [Fate.DELIVERED]


async def test_a_mail_whose_tenant_went_while_it_was_sent_is_no_trouble(tmp_path: Path) -> None:
    async with opened(tmp_path) as hub:
        owner = await hub.registrar.create("Acme", Plan.FREE, None, OPERATOR)

        class Slow(Carried):
            async def carry(self, mail: Mail, mail_id: MailId, at: int) -> None:
                await hub.registrar.delete(owner)
                await super().carry(mail, mail_id, at)

        for problem in (None, NotCarried("busy")):
            post = Post(hub, carried=Slow(problem=problem))
            owner = await hub.registrar.create("Acme", Plan.FREE, None, OPERATOR)
            await hub.stores.database.commit(Change(owner.id, tuple(post.letters(tenant=owner.id))))
            assert [one.fate for one in await post.postman.round()] == ([] if problem else [Fate.DELIVERED])


@pytest.mark.parametrize(
    "text", ["a\r\nBcc: x@y.example", "a\x00Bcc: x@y.example", "a\u2028Bcc: x@y.example ", " a\tBcc: x@y.example"]
)
def test_a_subject_is_one_line(text: str) -> None:
    assert one_line(text) == "a Bcc: x@y.example"


def test_nothing_is_tried_after_three_days() -> None:
    mail = OutgoingMail(DEPLOYMENT, MailId(b"i" * 16), b"", BEGAN, BEGAN, 9)
    assert next_try(mail, BEGAN + KEPT - 360 * MINUTE) == BEGAN + KEPT
    assert next_try(mail, BEGAN + KEPT - 360 * MINUTE + 1) is None


# With the wiring


async def test_an_invitation_is_mailed_by_the_server_that_is_set(tmp_path: Path) -> None:
    async with mail_server() as taken:
        more = {"smtp_url": f"smtp+plain://127.0.0.1:{taken.port}", "mail_from": "hallway@acme.example"}
        async with opened(tmp_path, base_url="https://hallway.example.com", **more) as hub:
            assert hub.can_mail and hub.mailing.kept is None and hub.mailing.postman is not None
            owner = await hub.registrar.create("Acme", Plan.FREE, None, OPERATOR)
            made = await invite(hub.roster, owner, Wish("bob@example.com"), OPERATOR)
            [attempt] = await hub.mailing.postman.round()
    [message] = taken.messages
    assert attempt.fate is Fate.DELIVERED
    assert message["From"] == "Hallway <hallway@acme.example>" and message["To"] == "bob@example.com"
    assert made.link in message.get_content()


async def test_in_development_mails_are_kept_beside_the_database(tmp_path: Path) -> None:
    async with opened(tmp_path) as hub:
        assert hub.can_mail and hub.mailing.kept is not None and hub.mailing.postman is not None
        owner = await hub.registrar.create("Acme", Plan.FREE, None, OPERATOR)
        made = await invite(hub.roster, owner, Wish("bob@example.com"), OPERATOR)
        await hub.mailing.postman.round()
        [kept] = hub.mailing.kept.mails()
        assert made.link in kept.text and (tmp_path / "mail" / f"{kept.name}.eml").is_file()


async def test_without_a_server_nothing_is_promised(tmp_path: Path) -> None:
    async with opened(tmp_path, base_url="https://hallway.example.com") as hub:
        assert (hub.can_mail, hub.mailing.postman, hub.mailing.kept) == (False, None, None)
        owner = await hub.registrar.create("Acme", Plan.FREE, None, OPERATOR)
        await invite(hub.roster, owner, Wish("bob@example.com"), OPERATOR)
        assert await hub.stores.outgoing_mail.due(hub.desk.now() + KEPT, 8) == []


# What runs beside the requests


async def test_deliveries_count_what_became_of_mails_and_go_on_after_a_fault(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hallway.worker.mails.MAIL_SECONDS", 0)
    monkeypatch.setattr("hallway.worker.mails.MAIL_PAUSE_SECONDS", 0)
    async with opened(tmp_path) as hub:
        post, counted, came = Post(hub), list[Fate](), asyncio.Event()
        faults: list[Exception] = [Unavailable("the store is away"), ValueError("a fault of ours")]
        due = type(hub.stores.outgoing_mail).due

        async def faulty(self: object, now: int, most: int) -> object:
            if faults:
                raise faults.pop()
            return await due(self, now, most)  # type: ignore[arg-type]

        monkeypatch.setattr(type(hub.stores.outgoing_mail), "due", faulty)

        def count(fate: Fate) -> None:
            counted.append(fate)
            came.set()

        await post.promise()
        deliveries = Deliveries(post.postman, count)
        deliveries.start()
        await came.wait()
        assert counted == [Fate.DELIVERED] and faults == []
        came.clear()
        post.carried.problem = NotCarried("busy")
        await post.promise()
        await came.wait()
        await deliveries.stop()
        assert counted == [Fate.DELIVERED, Fate.POSTPONED]


async def test_an_attempt_that_takes_long_does_not_hold_up_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hallway.worker.mails.MAIL_STOP_SECONDS", 0.01)
    async with opened(tmp_path) as hub:
        began = asyncio.Event()

        class Hanging(Carried):
            async def carry(self, mail: Mail, mail_id: MailId, at: int) -> None:
                began.set()
                await asyncio.Event().wait()

        post = Post(hub, carried=Hanging())
        await post.promise()
        deliveries = Deliveries(post.postman, lambda _: None)
        deliveries.start()
        await began.wait()
        await deliveries.stop()
        assert [one.tries for one in await post.waiting()] == [2]


async def test_no_log_names_whom_a_mail_is_to(tmp_path: Path) -> None:
    async with mail_server() as taken:
        taken.refusals["RCPT"] = f"550 5.1.1 <{TO}> is unknown here"
        more = {"smtp_url": f"smtp+plain://127.0.0.1:{taken.port}", "mail_from": "hallway@acme.example"}
        async with opened(tmp_path, **more) as hub:
            counted = asyncio.Event()
            rows = tuple(hub.mailing.letters(DEPLOYMENT, TO, SECRET, SECRET))
            await hub.stores.database.commit(Change(DEPLOYMENT, rows))
            assert hub.mailing.postman is not None
            with capture_logs() as lines:
                deliveries = Deliveries(hub.mailing.postman, lambda _: counted.set())
                deliveries.start()
                await counted.wait()
                await deliveries.stop()
    [line] = lines
    assert (line["event"], line["reason"]) == ("mail_postponed", "the server refused the recipient (550 5.1.1)")
    assert TO not in str(line) and SECRET not in str(line)

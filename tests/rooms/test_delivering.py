"""Lanes from the entry to the answer: in order, once unless something fails, and never left out."""

import time
from dataclasses import replace
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

import orjson
import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from hallway.accounts.model import DEPLOYMENT
from hallway.delivery.model import DeliveryState, EndpointState, Fate
from hallway.delivery.ports import Verdict
from hallway.delivery.schedule import WAITS
from hallway.hub.operators.model import OperatorRole
from hallway.hub.operators.service import create as create_operator
from hallway.hub.organizations.model import Plan
from hallway.hub.organizations.service import Refused
from hallway.hub.webhooks.looking import attempts, dead_letters, ping, recent, redeliver, redeliver_dead
from hallway.hub.webhooks.messages import MOST_BYTES, opened_secrets
from hallway.hub.webhooks.service import Wish, change, create, delete, disable, enable, found_endpoint, rotate
from hallway.ids import ENDPOINT, ENTRY, ORGANIZATION, EntryId, wire
from hallway.journal.feed import Wanted
from hallway.journal.model import Change, Entry
from hallway.keys.model import Undecipherable
from hallway.outbound import Answer, OutboundProblem
from hallway.scim.json import JsonObject
from hallway.web.wiring import operator_desk
from tests.delivering import BEGAN, HOUR, MINUTE, SECOND, Heard, delivering
from tests.rooms.opened import OPERATOR

A = "https://a.example/hook"
B = "https://b.example/hook"


def _places(heard: list[Heard]) -> list[tuple[str, int]]:
    return [one.place for one in heard]


async def test_every_event_arrives_once_in_the_order_of_its_organization(tmp_path: Path, database_url: str) -> None:
    async with delivering(tmp_path, database_url) as post:
        first, second = await post.organization("Acme"), await post.organization("Beta")
        hook = await post.webhook(A)
        for number in range(1, 4):
            await post.happen(first.id, 3 * number)
            await post.happen(second.id, 10 * number)
            await post.run()
        got = _places(post.receivers.taken)
        for owner, count in ((first, 18), (second, 60)):
            own = [seq for name, seq in got if name == wire(ORGANIZATION, owner.id)]
            assert own == list(range(2, count + 2))
        assert post.receivers.heard == post.receivers.taken
        assert len({one.id for one in post.receivers.heard}) == 78
        assert [one.state for one in await recent(post.desk, hook, 100)] == [DeliveryState.DELIVERED] * 78


async def test_an_endpoint_is_told_what_happens_after_it_was_made(tmp_path: Path, database_url: str) -> None:
    async with delivering(tmp_path, database_url) as post:
        acme = await post.organization()
        await post.happen(acme.id)
        await post.run()
        await post.webhook(A)
        await post.run()
        assert post.receivers.heard == []
        await post.happen(acme.id)
        await post.run()
        assert [one.data["sequence"] for one in post.receivers.heard] == [3]


async def test_only_the_chosen_types_and_the_chosen_organization_are_told(tmp_path: Path, database_url: str) -> None:
    async with delivering(tmp_path, database_url) as post:
        acme, beta = await post.organization("Acme"), await post.organization("Beta")
        await post.webhook(A, "contact.*", "user.deactivated")
        await post.webhook(B, organization=beta)
        for owner in (acme.id, beta.id):
            for kind in ("contact.added", "user.updated", "user.deactivated", "contact.removed"):
                await post.happen(owner, kind=kind)
        await post.run()
        chosen = ["contact.added", "user.deactivated", "contact.removed"]
        for owner in (acme, beta):
            own = [one for one in post.receivers.at(A) if one.place[0] == wire(ORGANIZATION, owner.id)]
            assert [one.data["type"] for one in own] == chosen
        assert [one.place for one in post.receivers.at(B)] == [(wire(ORGANIZATION, beta.id), n) for n in (2, 3, 4, 5)]


async def test_the_body_is_the_event_as_the_feed_tells_it(tmp_path: Path, database_url: str) -> None:
    async with delivering(tmp_path, database_url) as post:
        acme = await post.organization()
        await post.webhook(A)
        await post.happen(acme.id)
        await post.run()
        [heard] = post.receivers.heard
        [placed] = (await post.hub.stores.feed.after(Wanted(1, 10))).entries
        [document] = await post.hub.teller.told([placed])
        whole = orjson.loads(heard.body)
        assert whole == {"type": document["type"], "timestamp": document["at"], "data": document}
        assert heard.id == document["id"] == wire(ENTRY, placed.event_id)
        assert heard.headers["content-type"] == "application/json"


async def test_a_published_library_verifies_our_signatures_while_secrets_overlap(
    tmp_path: Path, database_url: str
) -> None:
    async with delivering(tmp_path, database_url) as post:
        post.now = int(time.time()) * SECOND  # the library asks the clock
        acme = await post.organization()
        hook, first = await create(post.webhooks, Wish(A), None, OPERATOR)
        hook, second = await rotate(post.webhooks, hook, 24, OPERATOR)
        await post.happen(acme.id)
        await post.run()
        [heard] = post.receivers.heard
        for secret in (first, second):
            assert Webhook(secret).verify(heard.body.decode(), heard.headers) == orjson.loads(heard.body)
        for wrong in (heard.body + b" ", heard.body.replace(b"contact", b"context")):
            with pytest.raises(WebhookVerificationError):
                Webhook(second).verify(wrong.decode(), heard.headers)
        with pytest.raises(WebhookVerificationError):
            Webhook(second).verify(heard.body.decode(), {**heard.headers, "webhook-id": "evt_other"})
        assert (
            Webhook(second).sign(heard.id, datetime.fromtimestamp(post.now // SECOND, UTC), heard.body.decode())
            == (heard.headers["webhook-signature"].partition(" ")[0])
        )


async def test_an_old_secret_signs_until_its_hours_are_over(tmp_path: Path, database_url: str) -> None:
    async with delivering(tmp_path, database_url) as post:
        acme = await post.organization()
        hook = await post.webhook(A)
        hook, _ = await rotate(post.webhooks, hook, 2, OPERATOR)
        for passed in (0, 2 * HOUR - SECOND, 2 * HOUR):
            post.now = BEGAN + passed
            await post.happen(acme.id)
            await post.run()
        counts = [len(one.headers["webhook-signature"].split(" ")) for one in post.receivers.heard]
        assert counts == [2, 2, 1]
        hook, _ = await rotate(post.webhooks, hook, 0, OPERATOR)
        await post.happen(acme.id)
        await post.run()
        assert len(post.receivers.heard[-1].headers["webhook-signature"].split(" ")) == 1
        assert len(opened_secrets(post.hub.keys.ring, hook)) == 1
        with pytest.raises(Refused, match="hours at most"):
            await rotate(post.webhooks, hook, 24 * 365, OPERATOR)


async def test_what_makes_an_event_large_is_left_out(tmp_path: Path, database_url: str) -> None:
    async with delivering(tmp_path, database_url) as post:
        acme = await post.organization()
        await post.webhook(A)
        facts: JsonObject = {"blob": "x" * MOST_BYTES}
        entry = Entry(EntryId(post.hub.desk.fresh_id()), "contact.added", post.now, OPERATOR, facts=facts)
        await post.hub.stores.database.commit(Change(acme.id, (), (entry,), entry.id))
        await post.run()
        [heard] = post.receivers.heard
        assert len(heard.body) < 2000
        assert (heard.data["facts"], heard.data["cut"], heard.data["id"]) == (None, True, wire(ENTRY, entry.id))


async def test_a_failure_holds_up_its_own_lane_in_order(tmp_path: Path, database_url: str) -> None:
    async with delivering(tmp_path, database_url) as post:
        acme, beta = await post.organization("Acme"), await post.organization("Beta")
        hook = await post.webhook(A)
        name, down = wire(ORGANIZATION, acme.id), True
        post.receivers.behave[A] = lambda one: 500 if down and one.place == (name, 3) else 201
        await post.happen(acme.id, 4)
        await post.happen(beta.id, 4)
        await post.run(BEGAN + 20 * MINUTE)
        assert [seq for owner, seq in _places(post.receivers.taken) if owner == name] == [2]
        assert len(post.receivers.taken) == 5
        tries = [one.at for one in post.receivers.heard if one.place == (name, 3)]
        gaps = [b - a for a, b in pairwise(tries)]
        assert len(tries) == 5 and all(1 <= gap / wait <= 1.2 for gap, wait in zip(gaps, WAITS, strict=False))
        failing = await recent(post.desk, hook)
        assert [one.state for one in failing if one.state is DeliveryState.FAILING] == [DeliveryState.FAILING]
        event = next(one.id for one in post.receivers.heard if one.place == (name, 3))
        delivery, made = await attempts(post.desk, hook, event)
        assert (delivery.tries, [one.status for one in made], made[0].answer) == (5, [500] * 5, b"said 500")
        assert made[0].reason == "It answered 500."
        down = False
        await post.run()
        assert [seq for owner, seq in _places(post.receivers.taken) if owner == name] == [2, 3, 4, 5]
        assert (await attempts(post.desk, hook, event))[0].state is DeliveryState.DELIVERED


async def test_what_is_never_taken_becomes_a_dead_letter_after_three_days_and_the_lane_goes_on(
    tmp_path: Path, database_url: str
) -> None:
    async with delivering(tmp_path, database_url) as post:
        acme = await post.organization()
        hook, bad = await post.webhook(A), True
        post.receivers.behave[A] = lambda one: 422 if bad and one.place[1] == 2 else 200
        await post.happen(acme.id, 3)
        await post.run()
        assert [one.place[1] for one in post.receivers.taken] == [3, 4]
        tries = [one.at for one in post.receivers.heard if one.place[1] == 2]
        assert len(tries) == len(WAITS) + 1 and 71 * HOUR < tries[-1] - tries[0] < 87 * HOUR
        [dead] = await dead_letters(post.desk, hook)
        assert (dead.state, dead.tries, dead.type) == (DeliveryState.DEAD, 12, "contact.added")
        assert post.sent[-3].fate is Fate.DEAD
        assert (await post.webhooks.endpoints.endpoint(hook.id) or hook).state is EndpointState.ACTIVE
        bad = False
        await redeliver(post.desk, hook, wire(ENTRY, dead.event_id), OPERATOR)
        assert await post.again() == 1
        assert await dead_letters(post.desk, hook) == []
        assert post.receivers.taken[-1].id == wire(ENTRY, dead.event_id)
        delivery, made = await attempts(post.desk, hook, wire(ENTRY, dead.event_id))
        assert (delivery.state, delivery.tries, len(made)) == (DeliveryState.DELIVERED, 13, 13)


async def test_an_endpoint_that_takes_nothing_is_switched_off_and_loses_nothing(
    tmp_path: Path, database_url: str
) -> None:
    async with delivering(tmp_path, database_url) as post:
        await create_operator(operator_desk(post.hub), "olga@vendor.example", "Olga", OperatorRole.OWNER, OPERATOR)
        acme, beta = await post.organization("Acme"), await post.organization("Beta")
        hook = await post.webhook(A)
        await post.happen(beta.id)
        await post.run()
        post.receivers.behave[A] = lambda _: OutboundProblem("unreachable")
        await post.happen(acme.id, 3)
        await post.run()
        off = await post.webhooks.endpoints.endpoint(hook.id)
        assert off is not None
        assert (off.state, off.reason) == (EndpointState.OFF, "It took nothing for three days.")
        assert off.succeeded_at == BEGAN
        assert [one.status for one in (await attempts(post.desk, hook, post.receivers.heard[-1].id))[1]] == [None]
        entries = await post.hub.stores.journal.after(DEPLOYMENT, 0, 100)
        assert [one.entry.type for one in entries if one.entry.type.startswith("endpoint.")] == [
            "endpoint.created", "endpoint.switched_off",
        ]  # fmt: skip
        mails = await post.hub.stores.outgoing_mail.due(1 << 60, 100)
        assert len(mails) == 1
        before = len(post.receivers.heard)
        await post.happen(acme.id)
        await post.happen(beta.id)
        await post.run(post.now + HOUR)
        assert len(post.receivers.heard) == before
        del post.receivers.behave[A]
        await enable(post.webhooks, off, OPERATOR)
        await post.run()
        own = [one.place[1] for one in post.receivers.taken if one.place[0] == wire(ORGANIZATION, acme.id)]
        assert own == [3, 4, 5], "the first is a dead letter; the others waited"
        assert [one.place[1] for one in post.receivers.taken if one.place[0] == wire(ORGANIZATION, beta.id)] == [2, 3]
        assert [one.state for one in await dead_letters(post.desk, hook)] == [DeliveryState.DEAD]


async def test_who_takes_what_others_send_is_not_switched_off(tmp_path: Path, database_url: str) -> None:
    async with delivering(tmp_path, database_url) as post:
        acme, beta = await post.organization("Acme"), await post.organization("Beta")
        hook, name = await post.webhook(A), wire(ORGANIZATION, acme.id)
        post.receivers.behave[A] = lambda one: 500 if one.place[0] == name else 200
        await post.happen(acme.id, 2)
        await post.run(BEGAN + HOUR)
        await post.happen(beta.id)
        await post.run()
        assert [one.place[1] for one in post.receivers.taken] == [2]
        assert len(await dead_letters(post.desk, hook)) == 2
        assert (await post.webhooks.endpoints.endpoint(hook.id) or hook).state is EndpointState.ACTIVE


async def test_gone_switches_off_at_once(tmp_path: Path, database_url: str) -> None:
    async with delivering(tmp_path, database_url) as post:
        acme, hook = await post.organization(), await post.webhook(A)
        post.receivers.behave[A] = lambda _: 410
        await post.happen(acme.id, 2)
        await post.run()
        off = await post.webhooks.endpoints.endpoint(hook.id)
        assert off is not None and off.state is EndpointState.OFF and "410" in off.reason
        assert len(post.receivers.heard) == 1 and post.sent[-1].fate is Fate.SWITCHED_OFF


async def test_retry_after_is_respected_within_a_day(tmp_path: Path, database_url: str) -> None:
    async with delivering(tmp_path, database_url) as post:
        acme, _ = await post.organization(), await post.webhook(A)
        asked = iter(["120", "999999", "", "Tue, 14 Nov 2023 22:13:20 GMT"])
        post.receivers.behave[A] = lambda one: Answer(503, {"retry-after": next(asked, "")}, b"", A)
        await post.happen(acme.id)
        await post.run(BEGAN + 26 * HOUR)
        first, second, third, *_ = [one.at for one in post.receivers.heard]
        assert second - first == 120 * SECOND
        assert third - second == 24 * HOUR


async def test_an_endpoint_that_is_off_keeps_its_place_or_skips(tmp_path: Path, database_url: str) -> None:
    async with delivering(tmp_path, database_url) as post:
        acme, beta = await post.organization("Acme"), await post.organization("Beta")
        hook = await post.webhook(A)
        await post.happen(acme.id)
        await post.run()
        off = await disable(post.webhooks, hook, OPERATOR)
        assert await disable(post.webhooks, off, OPERATOR) == off
        await post.happen(acme.id, 2)
        await post.happen(beta.id)
        await post.run()
        assert len(post.receivers.heard) == 1
        on = await enable(post.webhooks, off, OPERATOR)
        await post.run()
        assert sorted(one.place[1] for one in post.receivers.heard) == [2, 2, 3, 4]
        off = await disable(post.webhooks, on, OPERATOR)
        await post.happen(acme.id, 5)
        await post.run()
        await enable(post.webhooks, off, OPERATOR, skips=True)
        await post.run()
        assert len(post.receivers.heard) == 4
        await post.happen(acme.id)
        await post.run()
        assert post.receivers.heard[-1].place[1] == 10 and len(post.receivers.heard) == 5


async def test_a_deleted_organization_is_told_of_and_its_lanes_are_gone(tmp_path: Path, database_url: str) -> None:
    async with delivering(tmp_path, database_url) as post:
        acme = await post.hub.registrar.create("Acme", Plan.ENTERPRISE, "ext-1", OPERATOR)
        beta = await post.organization("Beta")
        await post.webhook(A)
        await post.webhook(B, organization=beta)
        await post.happen(acme.id, 2)
        await post.placed()
        await post.hub.registrar.delete(acme)
        await post.run()
        [heard] = post.receivers.heard
        assert (heard.data["type"], heard.data["organization"]["external_id"]) == ("organization.deleted", "ext-1")
        await post.hub.registrar.delete(beta)
        await post.run()
        assert [one.url for one in post.receivers.heard[1:]] == [A, B] or [
            one.url for one in post.receivers.heard[1:]
        ] == [B, A]


async def test_a_deleted_endpoint_leaves_nothing(tmp_path: Path, database_url: str) -> None:
    async with delivering(tmp_path, database_url) as post:
        acme, hook = await post.organization(), await post.webhook(A)
        kept = await post.webhook(B)
        post.receivers.behave[A] = lambda _: 500
        await post.happen(acme.id)
        await post.run(BEGAN + MINUTE)
        await delete(post.webhooks, hook, OPERATOR)
        await post.happen(acme.id)
        await post.run()
        assert {one.url for one in post.receivers.heard if one.at > BEGAN + MINUTE} <= {B}
        assert await post.hub.stores.lanes.lane(acme.id, hook.id) is None
        assert await post.hub.stores.lanes.lane(acme.id, kept.id) is not None
        assert await post.webhooks.endpoints.endpoint(hook.id) is None
        with pytest.raises(Refused, match="no webhook"):
            await found_endpoint(post.webhooks, wire(ENDPOINT, hook.id))


async def test_what_is_asked_for_again_is_delivered_beside_the_lane(tmp_path: Path, database_url: str) -> None:
    async with delivering(tmp_path, database_url) as post:
        acme, hook = await post.organization(), await post.webhook(A)
        await post.happen(acme.id, 3)
        await post.run()
        first = post.receivers.heard[0].id
        post.now += SECOND
        await redeliver(post.desk, hook, first, OPERATOR)
        assert await post.again() == 1 and await post.again() == 0
        assert [one.id for one in post.receivers.heard].count(first) == 2
        post.receivers.behave[A] = lambda _: 500
        post.now += SECOND
        await redeliver(post.desk, hook, first, OPERATOR)
        await post.again()
        delivery, made = await attempts(post.desk, hook, first)
        assert (delivery.state, [one.status for one in made]) == (DeliveryState.DELIVERED, [200, 200, 500])
        await post.happen(acme.id)
        await post.run(post.now)
        last = post.receivers.heard[-1].id
        del post.receivers.behave[A]
        await redeliver(post.desk, hook, last, OPERATOR)
        await post.run(post.now)
        assert post.receivers.taken[-1].id == last
        with pytest.raises(Refused, match="was not sent"):
            await redeliver(post.desk, hook, "evt_" + "0" * 32, OPERATOR)


async def test_all_dead_letters_since_an_instant_are_asked_for_at_once(tmp_path: Path, database_url: str) -> None:
    async with delivering(tmp_path, database_url) as post:
        acme, beta, hook = await post.organization("Acme"), await post.organization("Beta"), await post.webhook(A)
        post.receivers.behave[A] = lambda one: 500 if one.place[0] == wire(ORGANIZATION, acme.id) else 200
        await post.happen(acme.id)
        await post.run(BEGAN + HOUR)
        await post.happen(beta.id)
        await post.run()
        middle = post.now + 1
        post.now += HOUR
        await post.happen(beta.id)
        await post.happen(acme.id)
        await post.run()
        assert len(await dead_letters(post.desk, hook)) == 2
        del post.receivers.behave[A]
        assert await redeliver_dead(post.desk, hook, middle, OPERATOR) == 1
        assert await redeliver_dead(post.desk, hook, middle, OPERATOR) == 0
        assert await post.again() == 1
        assert await redeliver_dead(post.desk, hook, 0, OPERATOR) == 1
        await post.again()
        assert await dead_letters(post.desk, hook) == []


async def test_deliveries_are_kept_for_their_days(tmp_path: Path, database_url: str) -> None:
    async with delivering(tmp_path, database_url) as post:
        acme, hook = await post.organization(), await post.webhook(A)
        post.receivers.behave[A] = lambda one: 500 if one.place[1] == 2 else 200
        await post.happen(acme.id, 2)
        await post.run()
        first = post.now
        post.now += HOUR
        await post.happen(acme.id)
        await post.run()
        await post.hub.stores.deliveries.expire(first + 1)
        assert await dead_letters(post.desk, hook) == []
        [kept] = await recent(post.desk, hook)
        assert len((await attempts(post.desk, hook, wire(ENTRY, kept.event_id)))[1]) == 1


async def test_a_ping_is_sent_now_and_kept_nowhere(tmp_path: Path, database_url: str) -> None:
    async with delivering(tmp_path, database_url) as post:
        await post.organization()
        hook = await post.webhook(A, "member.*")
        tried = await ping(post.desk, hook)
        assert (tried.attempt.status, tried.verdict) == (200, Verdict.TAKEN)
        [heard] = post.receivers.heard
        assert (heard.data["type"], heard.data["endpoint"]) == ("ping", wire(ENDPOINT, hook.id))
        assert await recent(post.desk, hook) == []


@pytest.mark.parametrize(
    ("wish", "why"),
    [
        (Wish("ftp://a.example/"), "not an address"),
        (Wish("http://a.example/"), "https://"),
        (Wish("https://10.0.0.7/"), "not an address"),
        (Wish("https://[fd00::7]/"), "not an address"),
        (Wish(A, ("member.removed", "member.vanished")), "no events member.vanished.*member.removed"),
        (Wish(A, ("mem.*",)), "no events"),
        (Wish(A, ("*",)), "no events"),
        (Wish(A, (), "x" * 101), "characters"),
    ],
)
async def test_a_wrong_wish_is_refused(wish: Wish, why: str, tmp_path: Path, database_url: str) -> None:
    async with delivering(tmp_path, database_url) as post:
        with pytest.raises(Refused, match=why):
            await create(post.webhooks, wish, None, OPERATOR)
        hook = await post.webhook(A)
        with pytest.raises(Refused, match=why):
            await change(post.webhooks, hook, wish, OPERATOR)


async def test_of_two_who_change_an_endpoint_the_second_is_told(tmp_path: Path, database_url: str) -> None:
    async with delivering(tmp_path, database_url) as post:
        hook = await post.webhook(A)
        changed = await change(post.webhooks, hook, Wish(B, ("member.*", "member.*"), " New "), OPERATOR)
        assert (changed.url, changed.types, changed.name) == (B, ("member.*",), "New")
        assert await change(post.webhooks, changed, Wish(B), OPERATOR) == changed
        with pytest.raises(Refused, match="Somebody else"):
            await change(post.webhooks, hook, Wish(name="Late"), OPERATOR)


async def test_what_is_kept_of_a_secret_tells_nothing(tmp_path: Path) -> None:
    async with delivering(tmp_path, f"sqlite:///{tmp_path / 'hallway.db'}") as post:
        acme = await post.organization()
        hook, first = await create(post.webhooks, Wish(A), None, OPERATOR)
        _, second = await rotate(post.webhooks, hook, 1, OPERATOR)
        await post.happen(acme.id)
        await post.run()
        secrets = opened_secrets(post.hub.keys.ring, (await post.webhooks.endpoints.endpoint(hook.id)) or hook)
    content = b"".join(path.read_bytes() for path in tmp_path.glob("hallway.db*"))
    assert len(secrets) == 2 and hook.id in content
    for text, secret in ((second, secrets[0]), (first, secrets[1])):
        assert secret.text == text
        for octets in (text.encode(), text[6:40].encode(), secret.octets, secret.octets.hex().encode()):
            assert octets not in content


async def test_a_secret_opens_for_its_own_endpoint_only(tmp_path: Path) -> None:
    async with delivering(tmp_path, f"sqlite:///{tmp_path / 'hallway.db'}") as post:
        one, other = await post.webhook(A), await post.webhook(B)
        with pytest.raises(Undecipherable):
            opened_secrets(post.hub.keys.ring, replace(one, sealed=other.sealed))

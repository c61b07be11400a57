"""The operators' pages of webhooks: made and shown its secret once, changed, switched, and what became of events."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from hallway.delivery.model import (
    SWITCHED_OFF,
    TOOK_NOTHING,
    Attempt,
    Delivery,
    DeliveryDone,
    DeliveryState,
    Endpoint,
    EndpointState,
    LaneMove,
)
from hallway.hub.operators.model import OperatorRole
from hallway.hub.webhooks.messages import opened_secrets
from hallway.hub.webhooks.service import DISABLED, Wish, change, found_endpoint, listed
from hallway.hub.webhooks.service import create as create_webhook
from hallway.hub.webhooks.switching_off import letter
from hallway.ids import ENDPOINT, ENTRY, ORGANIZATION, DeliveryAttemptId, EntryId, fresh_id, wire
from hallway.journal.model import Change, Entry
from hallway.outbound import CODES, Answer, OutboundProblem, Question
from hallway.web.delivering import switching_off, webhook_desk
from hallway.web.operator import webhooks
from hallway.web.operator.webhook_deliveries import PAGE
from hallway.web.operator.webhook_deliveries import REASONS as UNANSWERED
from hallway.web.operator.webhooks import REASONS, REMEDIES
from hallway.web.wiring import clock
from tests.rooms.opened import OPERATOR as COMMAND
from tests.web.browsing import Browser
from tests.web.test_operator_pages import World, world

HOUR = 3_600_000_000
HOST = "app.example"
ALL = "/operator/webhooks"
HOOK = "https://app.example/hooks/hallway"
GOOD = {"url": HOOK, "name": "Desk", "type": "member.*"}


@dataclass
class Here:
    """A deployment with a webhook, and an operator's browser."""

    world: World
    browser: Browser

    @property
    def root(self) -> str:
        return f"{ALL}/{self.world.webhook}"

    @property
    def event(self) -> str:
        """The page of the event that was given up."""
        return f"{self.root}/deliveries/{self.world.event}"

    async def hook(self) -> Endpoint:
        """The webhook as it is."""
        return await found_endpoint(webhook_desk(self.world.served.hub), self.world.webhook)

    async def all(self) -> list[Endpoint]:
        return list(await listed(webhook_desk(self.world.served.hub)))

    async def happened(self) -> list[str]:
        """What the deployment's journal says of endpoints."""
        kinds = [one.entry.type for one in await self.world.journal()]
        return [one.removeprefix("endpoint.") for one in kinds if one.startswith("endpoint.")]

    def answers(self, monkeypatch: pytest.MonkeyPatch, answer: Answer | OutboundProblem) -> list[Question]:
        """What every address answers from now on; what it was asked."""
        heard: list[Question] = []

        async def ask(_: object, question: Question) -> Answer:
            heard.append(question)
            if isinstance(answer, OutboundProblem):
                raise answer
            return answer

        monkeypatch.setattr(type(self.world.served.hub.post), "ask", ask)
        return heard


@asynccontextmanager
async def here(
    folder: Path, monkeypatch: pytest.MonkeyPatch, role: OperatorRole = OperatorRole.OWNER
) -> AsyncIterator[Here]:
    """Signed in."""
    async with world(folder, monkeypatch) as there:
        if role is not OperatorRole.OWNER:
            await there.operator(OperatorRole.OWNER)
        yield Here(there, await there.operator(role))


def beside(browser: Browser, field: str) -> str:
    """The sentence beside a field of the last page."""
    found = browser.soup.find(id=f"{field}-error")
    return "" if found is None else found.get_text(" ", strip=True)


async def test_a_webhook_is_made_and_its_secret_is_shown_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with here(tmp_path, monkeypatch) as own:
        browser = own.browser
        assert "Everything" in (await browser.get(f"{ALL}/new")).body.decode()
        made = await browser.post(
            f"{ALL}/new", url=HOOK, name="Desk", type=["member.*", "user.*"],
            organization=wire(ORGANIZATION, own.world.owner.id),
        )  # fmt: skip
        assert (made.status, made.headers["location"]) == (303, f"{ALL}/secret")
        shown = await browser.get(f"{ALL}/secret")
        (one,) = [each for each in await own.all() if each.name == "Desk"]
        (secret,) = opened_secrets(own.world.served.hub.keys.ring, one)
        assert secret.text.encode() in shown.body and b"fingerprint" not in shown.body
        assert (one.url, one.types, one.organization_id) == (HOOK, ("member.*", "user.*"), own.world.owner.id)
        assert secret.text.encode() not in (await browser.get(f"{ALL}/secret")).body
        listed_now = await browser.get(ALL)
        assert b"only of Acme" in listed_now.body and secret.text.encode() not in listed_now.body
        assert await own.happened() == ["created", "created"]
        assert (await own.world.journal())[-1].entry.actor.kind == "operator"


async def test_the_list_says_what_a_webhook_is_while_there_is_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with here(tmp_path, monkeypatch) as own:
        await own.browser.post(f"{own.root}/delete")
        page = await own.browser.get(ALL)
        assert b"A webhook posts to your application" in page.body and f'href="{ALL}/new"'.encode() in page.body
        assert await own.all() == [] and await own.happened() == ["created", "disabled", "deleted"]
        assert (await own.browser.get(own.root)).status == 404


@pytest.mark.parametrize(
    ("wrong", "field", "said"),
    [
        ({"url": ""}, "url", "Enter the address"),
        ({"url": "http://app.example/hook"}, "url", "begins with https://"),
        ({"url": "https://10.0.0.7/hook"}, "url", "on the internet"),
        ({"url": "https://[::ffff:192.168.1.4]/hook"}, "url", "on the internet"),
        ({"url": "https://me:secret@app.example/hook"}, "url", "on the internet"),
        ({"url": "not an address"}, "url", "on the internet"),
        ({"type": []}, "type", "Tick everything, or at least one"),
        ({"type": ["*", "member.*"]}, "type", "either everything or single kinds"),
        ({"type": ["shoe.*"]}, "type", "that stand here"),
        ({"name": "x" * 101}, "name", "100 printable characters"),
    ],
)
async def test_a_wrong_form_says_it_beside_the_field_and_changes_nothing(
    wrong: dict[str, str | list[str]], field: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with here(tmp_path, monkeypatch) as own:
        before = await own.all()
        for path in (f"{ALL}/new", f"{own.root}/settings"):
            answer = await own.browser.post(path, **{**GOOD, **wrong})
            assert answer.status == 422 and said in beside(own.browser, field), (path, own.browser.text[:300])
            typed = own.browser.soup.find(id="url")
            assert typed is not None and typed.get("value", "") == {**GOOD, **wrong}["url"]  # type: ignore[union-attr]
        assert await own.all() == before and await own.happened() == ["created"]


async def test_an_unknown_organization_is_said_beside_its_field(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with here(tmp_path, monkeypatch) as own:
        answer = await own.browser.post(f"{ALL}/new", **GOOD, organization="org_gone")
        assert answer.status == 422 and "external id of an organization" in beside(own.browser, "organization")
        assert len(await own.all()) == 1


async def test_settings_change_what_was_typed_and_keep_single_types(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with here(tmp_path, monkeypatch) as own:
        types, desk = ("user.*", "member.deactivated"), webhook_desk(own.world.served.hub)
        single = await change(desk, await own.hook(), Wish(types=types), COMMAND)
        await own.browser.get(f"{own.root}/settings")
        form = own.browser.form(f"{own.root}/settings")
        ticked = [str(one["value"]) for one in form.find_all("input", {"name": "type"}) if one.has_attr("checked")]
        assert sorted(ticked) == sorted(types)
        saved = await own.browser.post(f"{own.root}/settings", url=HOOK, name="Desk", type=ticked)
        assert saved.status == 303
        now = await own.hook()
        assert now == replace(single, url=HOOK, name="Desk", types=tuple(ticked), version=now.version)
        wrong = await own.browser.post(f"{own.root}/settings", url=HOOK, name="Desk", type=["member.removed"])
        assert wrong.status == 422 and await own.hook() == now
        await own.browser.post(f"{own.root}/settings", url=HOOK, name="", type="*")
        assert ((await own.hook()).types, (await own.hook()).name) == ((), "")


async def test_a_new_secret_signs_beside_the_old_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with here(tmp_path, monkeypatch) as own:
        ring = own.world.served.hub.keys.ring
        (old,) = opened_secrets(ring, await own.hook())
        assert (await own.browser.post(f"{own.root}/secret", hours="9")).status == 400
        assert opened_secrets(ring, await own.hook()) == (old,)
        shown = await own.browser.followed(await own.browser.post(f"{own.root}/secret", hours="24"))
        new, before = opened_secrets(ring, await own.hook())
        assert new.text.encode() in shown.body and old.text.encode() not in shown.body
        assert (before.text, new.ends_at) == (old.text, None) and before.ends_at is not None
        assert before.signs(clock() + 23 * HOUR) and not before.signs(clock() + 25 * HOUR)
        await own.browser.post(f"{own.root}/secret", hours="0")
        assert [one.text == old.text for one in opened_secrets(ring, await own.hook()) if one.signs(clock())] == [False]


async def test_it_is_disabled_and_enabled_by_hand(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with here(tmp_path, monkeypatch) as own:
        await own.browser.followed(await own.browser.post(f"{own.root}/disable"))
        assert (await own.hook()).state is EndpointState.OFF
        assert "It was switched off by hand." in own.browser.text
        assert re.search(r"Off since: \d", own.browser.text)
        assert "Enable it when it is to be told again" in own.browser.text
        assert "Switched off" not in (await own.browser.get("/operator/problems")).body.decode(), "by hand"
        await own.browser.followed(await own.browser.post(f"{own.root}/enable", skip="on"))
        assert (await own.hook()).state is EndpointState.ACTIVE and "Nothing is sent" not in own.browser.text
        assert await own.happened() == ["created", "disabled", "enabled"]


async def test_what_waited_is_left_out_where_that_is_ticked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with here(tmp_path, monkeypatch) as own:
        asked: list[bool] = []

        async def enabled(_: object, endpoint: Endpoint, __: object, skips: bool = False) -> Endpoint:
            asked.append(skips)
            return endpoint

        monkeypatch.setattr(webhooks, "enable", enabled)
        await own.browser.post(f"{own.root}/enable")
        await own.browser.post(f"{own.root}/enable", skip="on")
        assert asked == [False, True]


@pytest.mark.parametrize("reason", sorted(SWITCHED_OFF))
async def test_a_switch_off_says_why_and_what_to_do_here_and_among_the_problems(
    reason: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with here(tmp_path, monkeypatch) as own:
        assert reason not in (await own.browser.get("/operator/problems")).body.decode()
        await switching_off(own.world.served.hub)(await own.hook(), reason)
        await own.browser.get(own.root)
        assert reason in own.browser.text and REMEDIES[reason] in own.browser.text
        assert re.search(r"Off since: \d", own.browser.text)
        await own.browser.get(ALL)
        assert reason in own.browser.text
        await own.browser.get("/operator/problems")
        assert reason in own.browser.text and own.browser.soup.find("a", {"href": own.root})
        viewer = await own.world.operator(OperatorRole.VIEWER)
        page = await viewer.get("/operator/problems")
        assert (
            reason in viewer.text and HOST.encode() not in page.body and not viewer.soup.find("a", {"href": own.root})
        )
        await own.browser.post(f"{own.root}/enable")
        assert reason not in (await own.browser.get("/operator/problems")).body.decode()


async def test_a_reason_is_said_in_the_operators_language(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with here(tmp_path, monkeypatch) as own:
        await switching_off(own.world.served.hub)(await own.hook(), TOOK_NOTHING)
        await own.browser.post("/preferences", language="de")
        own.answers(monkeypatch, OutboundProblem("too_slow"))
        await own.browser.post(f"{own.root}/ping")
        assert "Drei Tage lang wurde nichts angenommen." in own.browser.text
        assert "Die Antwort kam nicht rechtzeitig." in own.browser.text
        await own.browser.get("/operator/problems")
        assert "Drei Tage lang wurde nichts angenommen." in own.browser.text


async def test_every_reason_and_every_code_has_its_words() -> None:
    assert {one: one for one in (*SWITCHED_OFF, DISABLED)} == REASONS and REMEDIES.keys() == REASONS.keys()
    assert UNANSWERED == CODES


async def test_the_mail_of_a_switch_off_names_the_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with here(tmp_path, monkeypatch) as own:
        _, text = letter(await own.hook(), "https://hub.example")
        (named,) = re.findall(r"https://hub\.example(\S+)", text)
        assert (await own.browser.get(named)).status == 200
        belonging = replace(await own.hook(), belongs_to=b"\x02" * 16)
        _, text = letter(replace(belonging, kind="logout"), "https://hub.example")
        assert f"https://hub.example/operator/applications/app_{'02' * 16}" in text
        assert f"hallway hub application enable app_{'02' * 16}" in text
        _, text = letter(replace(belonging, kind="stream"), "https://hub.example")
        assert "https://hub.example/operator/problems" in text
        assert f"hallway hub stream enable dir_{'02' * 16} hook_" in text


async def test_a_ping_is_sent_and_what_came_back_is_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with here(tmp_path, monkeypatch) as own:
        heard = own.answers(monkeypatch, Answer(204, {}, b"", HOOK))
        taken = await own.browser.post(f"{own.root}/ping")
        assert (
            taken.status == 200 and "It answered 204" in own.browser.text and "application took it" in own.browser.text
        )
        assert b'"type":"ping"' in (heard[0].body or b"")
        own.answers(monkeypatch, Answer(500, {}, b"<script>no</script>", HOOK))
        refused = await own.browser.post(f"{own.root}/ping")
        assert b"&lt;script&gt;no" in refused.body and "did not take it" in own.browser.text
        own.answers(monkeypatch, OutboundProblem("unreachable"))
        await own.browser.post(f"{own.root}/ping")
        assert "No answer came from this address." in own.browser.text
        assert (await own.browser.get(own.root)).body.count(b"/deliveries/evt_") == 1, "nothing of it is kept"


async def test_an_event_shows_every_attempt_and_is_asked_for_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with here(tmp_path, monkeypatch) as own:
        listed_now = await own.browser.get(own.root)
        assert f'href="{own.event}"'.encode() in listed_now.body and "Given up" in own.browser.text
        page = await own.browser.get(own.event)
        assert "It answered 500" in own.browser.text and "41 ms" in own.browser.text
        assert b"&lt;b&gt;no&lt;/b&gt;" in page.body and b"<b>no</b>" not in page.body
        again = await own.browser.post(f"{own.event}/again")
        assert again.headers["location"] == own.event
        await own.browser.follow()
        assert "it was asked for again" in own.browser.text
        assert not [one for one in own.browser.soup.find_all("form") if one.get("action") == f"{own.event}/again"]
        stores = own.world.served.hub.stores
        asked = await stores.deliveries.asked(clock(), 10)
        assert [wire(ENTRY, one.event_id) for one in asked] == [own.world.event]
        assert (await own.browser.get(f"{own.root}/deliveries/evt_{'0' * 32}")).status == 404
        assert await own.happened() == ["created", "redelivery_asked"]


async def test_everything_that_was_given_up_is_asked_for_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with here(tmp_path, monkeypatch) as own:
        await tried(own, 30, DeliveryState.DEAD)
        await own.browser.get(f"{own.root}?show=dead")
        first = events(own.browser)
        await own.browser.get(following(own.browser))
        assert len(first) == PAGE and len({*first, *events(own.browser)}) == 31
        await own.browser.post(f"{own.root}/again")
        assert len(await own.world.served.hub.stores.deliveries.asked(clock(), 100)) == 31
        assert await own.happened() == ["created", "redelivery_asked"]


async def test_deliveries_are_paged_newest_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with here(tmp_path, monkeypatch) as own:
        made = await tried(own, 55, DeliveryState.DELIVERED)
        seen: list[str] = []
        path = own.root
        for size in (PAGE, PAGE, 6):
            await own.browser.get(path)
            page = events(own.browser)
            assert len(page) == size
            seen += page
            path = following(own.browser) if size == PAGE else ""
        assert seen == [*reversed(made), own.world.event]
        assert own.browser.soup.find("a", {"rel": "next"}) is None
        assert (await own.browser.get(f"{own.root}?from=x&show=y")).status == 200
        quiet = await create_webhook(webhook_desk(own.world.served.hub), Wish(HOOK), None, COMMAND)
        await own.browser.get(f"{ALL}/{wire(ENDPOINT, quiet[0].id)}")
        assert "Nothing was sent yet" in own.browser.text


async def test_a_failing_event_says_when_it_is_tried_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with here(tmp_path, monkeypatch) as own:
        hub, owner = own.world.served.hub, own.world.owner.id
        (event,) = await tried(own, 1, DeliveryState.FAILING)
        lane = await hub.stores.lanes.lane(owner, (await own.hook()).id)
        assert lane is not None
        later = replace(lane, due_at=clock() + HOUR, tries=1)
        await hub.stores.database.commit(Change(owner, (LaneMove(lane, later),)))
        await own.browser.get(f"{own.root}/deliveries/{event}")
        assert "Next try" in own.browser.text and "tried now instead of later" in own.browser.text
        await own.browser.post(f"{own.root}/deliveries/{event}/again")
        hastened = await hub.stores.lanes.lane(owner, lane.endpoint_id)
        assert hastened is not None and hastened.due_at is not None and hastened.due_at <= clock()
        await own.browser.post(f"{own.root}/disable")
        await own.browser.get(f"{own.root}/deliveries/{event}")
        assert "When the webhook is enabled" in own.browser.text


async def test_support_looks_and_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with here(tmp_path, monkeypatch, OperatorRole.SUPPORT) as own:
        for path in (ALL, own.root, own.event):
            assert (await own.browser.get(path)).status == 200, path
            posting = [one for one in own.browser.soup.select("main form") if one.get("method") == "post"]
            assert posting == [], path
        before = await own.hook()
        for act in ("settings", "secret", "ping", "again", "disable", "enable", "delete"):
            assert (await own.browser.post(f"{own.root}/{act}", **GOOD)).status == 403, act
        assert await own.hook() == before


def events(browser: Browser) -> list[str]:
    """The events of the last page's list, in its order."""
    links = [str(one["href"]) for one in browser.soup.select("tbody a")]
    return [one.rpartition("/")[2] for one in links if "/deliveries/evt_" in one]


def following(browser: Browser) -> str:
    """The address of the page behind the last one."""
    found = browser.soup.find("a", {"rel": "next"})
    assert found is not None
    return str(found["href"]).partition("#")[0]  # type: ignore[index]


async def tried(own: Here, count: int, state: DeliveryState) -> list[str]:
    """So many events of the customer, each tried once; their ids in the order in which they happened."""
    hub, owner, hook = own.world.served.hub, own.world.owner.id, await own.hook()
    ids = [EntryId(fresh_id(clock() + n, hub.desk.entropy(10))) for n in range(count)]
    entries = tuple(Entry(one, "contact.added", clock(), COMMAND) for one in ids)
    await hub.stores.database.commit(Change(owner, (), entries, ids[0]))
    while await hub.stores.feed.place():
        pass
    for one in ids:
        placed = await hub.stores.feed.event(one)
        assert placed is not None
        done = Delivery(owner, hook.id, placed.position, one, placed.type, state, 1, placed.at, clock())
        made = Attempt(DeliveryAttemptId(hub.desk.fresh_id()), clock(), 200, 900, "", b"")
        await hub.stores.database.commit(Change(owner, (DeliveryDone(done, made),)))
    return [wire(ENTRY, one) for one in ids]

"""The pages of domains: the record to copy, what DNS answered, and what a state means."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from hallway.hub.organizations.domains import Domain, DomainState, DomainUpdate, TextAnswer
from hallway.journal.model import Change
from hallway.web.console.settings.routes import ROUTES
from hallway.web.rows import MEMBER
from hallway.web.wiring import clock
from tests.web.deployment import Deployment, deployed
from tests.web.office import Office, opened_office

DAY = 86_400_000_000


class Zone:
    """DNS as a test writes it."""

    def __init__(self) -> None:
        self.answers: dict[str, TextAnswer] = {}

    async def texts(self, name: str) -> TextAnswer:
        return self.answers.get(name, TextAnswer())


def zone_of(hub: Deployment) -> Zone:
    """The DNS that those who serve ask from now on."""
    zone, serving = Zone(), hub.serving._hub
    assert serving is not None
    object.__setattr__(serving.domain_desk, "records", zone)
    return zone


async def kept(office: Office, name: str = "acme.example") -> Domain:
    found = await office.hub.hub.stores.domains.domain(office.organization.id, name)
    assert found is not None
    return found


async def set_to(office: Office, **more: Any) -> None:
    was = await kept(office)
    rows = (DomainUpdate(was, replace(was, version=was.version + 1, **more)),)
    await office.hub.hub.stores.database.commit(Change(office.organization.id, rows))


async def test_a_domain_is_added_checked_and_proved(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with deployed(tmp_path, monkeypatch) as hub:
        office, zone = await opened_office(hub), zone_of(hub)
        assert b"No domains yet" in (await office.get("/settings/domains")).body
        for typed, words in (
            ("http://x", b"without http://"), ("co.uk", b"belongs to nobody alone"), ("gmail.com", b"to everybody"),
        ):  # fmt: skip
            wrong = await office.post("/settings/domains", domain=typed)
            assert wrong.status == 422 and words in wrong.body and typed.encode() in wrong.body
        added = await office.post("/settings/domains", domain="Acme.Example")
        page = added.headers["location"]
        assert (added.status, page) == (303, "/settings/domains/acme.example")
        one = await kept(office)
        shown = (await office.get(page)).body
        for text in (one.record_name, one.record_value, "TXT", "Waiting for its record", "It has not been checked yet"):
            assert text.encode() in shown, text
        again = await office.post("/settings/domains", domain="acme.example")
        assert again.status == 422 and b"acme.example is there already" in again.body
        none = await office.post(f"{page}/check")
        assert none.status == 422 and b"DNS has no such record yet" in none.body and b"no TXT record" in none.body
        zone.answers[one.record_name] = TextAnswer(("v=<spf1>", *("x" * 300 for _ in range(9))))
        other = (await office.post(f"{page}/check")).body
        assert b"with another value" in other and b"v=&lt;spf1&gt;" in other and b"and 5 more" in other
        assert b"x" * 201 not in other
        zone.answers[one.record_name] = TextAnswer(alias=True)
        assert b"which we do not follow" in (await office.post(f"{page}/check")).body
        zone.answers[one.record_name] = TextAnswer(unanswered=True)
        assert b"no answer in time" in (await office.post(f"{page}/check")).body
        zone.answers[one.record_name] = TextAnswer((one.record_value,))
        assert (await office.post(f"{page}/check")).status == 303
        assert b"acme.example is proved" in (await office.get(page)).body
        assert (await kept(office)).state is DomainState.PROVED
        assert (await office.post(f"{page}/remove")).status == 303
        assert (await office.get(page)).status == 404


async def test_a_record_is_not_looked_for_without_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with deployed(tmp_path, monkeypatch) as hub:
        office, zone, asked = await opened_office(hub), zone_of(hub), list[str]()
        other = await opened_office(hub, "Globex")
        monkeypatch.setattr("hallway.web.guards.monotonic", lambda: 1000.0)
        for one, name in ((other, "globex.example"), (office, "acme.example")):
            one.sign_in(one.admin)
            await one.post("/settings/domains", domain=name)
        texts = zone.texts

        async def counted(name: str) -> TextAnswer:
            asked.append(name)
            return await texts(name)

        monkeypatch.setattr(zone, "texts", counted)
        page = "/settings/domains/acme.example"
        assert [(await office.post(f"{page}/check")).status for _ in range(5)] == [422] * 5
        lookups = len(asked)
        refused = await office.post(f"{page}/check")
        assert (refused.status, refused.headers["retry-after"], len(asked)) == (429, "5", lookups)
        other.sign_in(other.admin)
        assert (await other.post("/settings/domains/globex.example/check")).status == 422


async def test_each_state_says_what_happens_and_when(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with deployed(tmp_path, monkeypatch, support_address="help@hub.example") as hub:
        office, now = await opened_office(hub), clock()
        await office.post("/settings/domains", domain="acme.example")
        page = "/settings/domains/acme.example"
        assert (await office.post(f"{page}/mark")).status == 303
        assert b"marked as proved without a record" in (await office.get(page)).body
        await set_to(office, state=DomainState.FAILING, failing_since=now - DAY, development=False)
        failing = (await office.get(page)).body
        assert b"Everything works until" in failing and b"We look again every hour" in failing
        assert b"New members stop" in (await office.get("/settings/domains")).body
        await set_to(office, state=DomainState.LAPSED, failing_since=now - 8 * DAY, checked_at=now)
        assert b"New members and new links have stopped" in (await office.get(page)).body
        await set_to(office, state=DomainState.CONTESTED)
        contested = (await office.get(page)).body
        assert b"It stays yours" in contested and b"Ask help@hub.example" in contested
        await set_to(office, proved_at=None)
        assert b"It does nothing here until" in (await office.get(page)).body


async def test_marking_is_refused_where_the_deployment_is_not_for_development(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with deployed(tmp_path, monkeypatch) as hub:
        office, serving = await opened_office(hub), hub.serving._hub
        assert serving is not None
        object.__setattr__(serving.domain_desk, "base_url", "https://hub.example")
        await office.post("/settings/domains", domain="acme.example")
        page = "/settings/domains/acme.example"
        assert b"Mark as proved" not in (await office.get(page)).body
        refused = await office.post(f"{page}/mark")
        assert refused.status == 409 and b"is proved by its record" in refused.body
        assert (await kept(office)).proved_at is None


async def test_domains_of_another_organization_and_of_no_administrator_stay_closed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with deployed(tmp_path, monkeypatch) as hub:
        beta = await opened_office(hub, "Beta")
        await beta.post("/settings/domains", domain="beta.example")
        rows = [row for row in ROUTES if row.path.startswith("/settings/domains")]
        assert MEMBER not in {row.guard for row in rows}
        office = await opened_office(hub)
        user = await office.member("user@acme.example")
        for row in rows:
            path = row.path.replace("{domain}", "beta.example")
            if "{domain}" in row.path:
                answer = await (office.get(path) if row.method == "GET" else office.post(path))
                assert answer.status == 404, row.path
        assert b"beta.example" not in (await office.get("/settings/domains")).body
        office.sign_in(user)
        for row in rows:
            path = row.path.replace("{domain}", "beta.example")
            assert (await (office.get(path) if row.method == "GET" else office.post(path))).status == 403, row.path
        await kept(beta, "beta.example")

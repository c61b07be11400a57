"""What comes by mail: links that prove an address, used once, by whoever reads that mailbox."""

import asyncio
import re
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

import pytest

from hallway.accounts.model import Realm
from hallway.hub.organizations.model import Plan
from tests.rooms.opened import OPERATOR
from tests.web.browsing import PASSWORD, Browser, joined
from tests.web.deployment import Deployment, deployed

ORIGIN = "http://hub.localhost:8000"


async def mailed(hub: Deployment, to: str, subject: str) -> str:
    """The text of the newest mail to an address whose subject has these words."""
    folder = hub.hub.settings.kept_mail
    assert folder is not None
    for _ in range(100):
        for file in sorted(folder.glob("*.eml"), reverse=True):
            read: Any = message_from_bytes(file.read_bytes(), policy=policy.default)
            if to in str(read["to"]) and subject in str(read["subject"]):
                return str(read.get_content())
        await asyncio.sleep(0.05)
    raise AssertionError(f"no mail to {to} about {subject}: {[one.name for one in folder.glob('*')]}")


def path_in(text: str) -> str:
    """The path of the first link to us."""
    found = re.search(re.escape(ORIGIN) + r"(/\S+)", text)
    assert found is not None, text
    return found[1]


async def test_an_organization_is_registered_behind_the_mailed_link(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with deployed(tmp_path, monkeypatch) as hub:
        browser = Browser(hub.app)
        wrong = await browser.post("/register", email="nonsense", organization=" ")
        assert wrong.status == 422 and browser.text.count("Enter") >= 2
        assert (await browser.post("/register", email="ada@acme.example", organization="Acme")).status == 200
        assert await hub.hub.stores.accounts.by_email(Realm.CONSOLE, "ada@acme.example") is None
        path = path_in(await mailed(hub, "ada@acme.example", "Confirm your address"))
        for _ in range(2):
            assert (await browser.get(path)).status == 200
        short = await browser.submit("/register/confirm", name="Ada", password="short")
        assert short.status == 422 and "15 characters" in browser.text
        await browser.submit("/register/confirm", name="Ada", password=PASSWORD)
        await browser.follow()
        assert browser.path == "/directories" and "Acme" in browser.text
        assert (await Browser(hub.app).get(path)).status == 404


async def test_a_known_address_learns_by_mail_that_it_is_known(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with deployed(tmp_path, monkeypatch) as hub:
        owner = await hub.hub.registrar.create("Acme", Plan.ENTERPRISE, None, OPERATOR)
        await joined(hub.hub, Browser(hub.app), owner, "ada@acme.example")
        browser = Browser(hub.app)
        await browser.post("/register", email="ada@acme.example", organization="Beta")
        text = await mailed(hub, "ada@acme.example", "You have an account")
        assert "/register/confirm" not in text
        await browser.post("/reset", email="nobody@acme.example")
        assert "has no account" in await mailed(hub, "nobody@acme.example", "No account")


async def test_a_forgotten_password_is_chosen_anew_by_mail(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with deployed(tmp_path, monkeypatch) as hub:
        owner = await hub.hub.registrar.create("Acme", Plan.ENTERPRISE, None, OPERATOR)
        before = await joined(hub.hub, Browser(hub.app), owner, "ada@acme.example")
        browser = Browser(hub.app)
        await browser.post("/reset", email="ADA@acme.example")
        path = path_in(await mailed(hub, "ada@acme.example", "Choose a new password"))
        await browser.get(path)
        assert (await browser.submit("/reset/confirm", password="the heron flew away")).status == 303
        assert (await before.get("/account")).status == 303
        assert "was changed just now" in await mailed(hub, "ada@acme.example", "was changed")


async def test_an_address_changes_once_the_new_one_is_proved(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with deployed(tmp_path, monkeypatch) as hub:
        owner = await hub.hub.registrar.create("Acme", Plan.ENTERPRISE, None, OPERATOR)
        browser = await joined(hub.hub, Browser(hub.app), owner, "ada@acme.example")
        other = await joined(hub.hub, Browser(hub.app), owner, "bea@acme.example")
        for wrong in ("ada@acme.example", "x"):
            assert (await browser.post("/account/address", email=wrong)).status == 422
        assert (await browser.post("/account/address", email="ada@new.example")).status == 200
        path = path_in(await mailed(hub, "ada@new.example", "Confirm your new address"))
        assert "wants ada@new.example" in await mailed(hub, "ada@acme.example", "about to change")
        assert (await other.get(path)).status == 404, "only she who asked"
        assert (await browser.get(path)).status == 200
        assert (await browser.submit("/account/address/confirm")).status == 303
        assert (await browser.get(path)).status == 404
        fresh = Browser(hub.app)
        assert (await fresh.post("/sign-in", email="ada@acme.example", password=PASSWORD)).status == 422
        assert (await fresh.post("/sign-in", email="ada@new.example", password=PASSWORD)).status == 303
        await browser.post("/account/address", email="bea@acme.example")
        taken = path_in(await mailed(hub, "bea@acme.example", "Confirm your new address"))
        await browser.get(taken)
        assert (await browser.submit("/account/address/confirm")).status == 409


async def test_an_unknown_address_costs_as_much_as_a_known_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with deployed(tmp_path, monkeypatch) as hub:
        owner = await hub.hub.registrar.create("Acme", Plan.ENTERPRISE, None, OPERATOR)
        await joined(hub.hub, Browser(hub.app), owner, "ada@acme.example")
        served = hub.serving._hub
        assert served is not None
        asked: list[bool] = []
        hasher = served.people.desk.means.hasher
        fits = hasher.fits

        async def counted(kept: str | None, password: str) -> bool:
            asked.append(kept is not None)
            return await fits(kept, password)

        monkeypatch.setattr(hasher, "fits", counted)
        for email in ("ada@acme.example", "nobody@acme.example"):
            await Browser(hub.app).post("/sign-in", email=email, password="not the password")
        assert asked == [True, False], "one hash each, whoever asks"


async def test_mails_to_one_address_are_few_whoever_asks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with deployed(tmp_path, monkeypatch) as hub:
        for place in range(8):
            browser = Browser(hub.app, address=f"192.0.2.{place + 1}")
            assert (await browser.post("/reset", email="ada@acme.example")).status == 200
        await mailed(hub, "ada@acme.example", "No account")
        await asyncio.sleep(1.2)
        folder = hub.hub.settings.kept_mail
        assert folder is not None and len(list(folder.glob("*.eml"))) == 4


async def test_where_no_mail_is_sent_the_pages_say_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    without = {"base_url": "https://hub.example", "allowed_hosts": "hub.localhost", "registration": "open"}
    async with deployed(tmp_path, monkeypatch, **without) as hub:
        browser = Browser(hub.app)
        assert (await browser.post("/register", email="a@b.example", organization="B")).status == 503
        assert (await browser.post("/reset", email="a@b.example")).status == 503

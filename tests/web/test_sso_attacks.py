"""The attack catalogue over HTTP: what comes to the address of a connection, and what stays as it was."""

import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from hallway.hub.connections.addresses import acs_url, entity_id
from hallway.hub.organizations.model import Organization, Plan
from hallway.saml.problem import SamlProblem
from hallway.saml.response import judged
from tests.rooms.opened import OPERATOR
from tests.saml.attacks import catalogue
from tests.saml.sender import Scene, expectation, message, played
from tests.store.content import Content, content_of
from tests.web.browsing import Browser
from tests.web.deployment import Deployment, deployed
from tests.web.federation import Federation, federated, packed

CPU_SECONDS = 0.25
"""A refusal of a megabyte takes some 0.1 s where coverage traces every line, as in CI."""
TRIES = 3
"""One of them keeps the limit: what else the machine does may slow the others."""
ATTACKS = catalogue()
GROUPS = ("wrapped", "signature", "octets", "sealed", "wrong")
TOLD = {"attempt", "refused_stranger", "deployment"}
"""Tables in which a refusal may leave something; `deployment` has when upkeep is due."""


@dataclass
class Target:
    """A connection that makes members by itself, so that whatever were believed would leave a trace."""

    hub: Deployment
    owner: Organization
    there: Federation

    async def scene(self, browser: Browser) -> Scene:
        """A sign-in of this browser waits for an answer from now."""
        base, one = self.there.base, self.there.connection
        asked = await self.there.asked(browser)
        return Scene(entity_id(base, one), acs_url(base, one), asked, datetime.now(UTC).replace(microsecond=0))

    async def placed(self) -> None:
        """Until all that happened has its place in the feed."""
        while await self.hub.hub.stores.feed.place():
            pass

    def content(self) -> Content:
        """Every row there is, but for what tells of refusals."""
        found = content_of(f"sqlite:///{self.hub.folder / 'hallway.db'}")
        return {table: rows for table, rows in found.items() if table not in TOLD}

    async def codes(self) -> Counter[str]:
        """Codes of what was refused: of strangers, and of attempts."""
        sso = self.hub.serving._sso
        assert sso is not None
        await sso.flush()
        owner, one = self.owner.id, self.there.connection.id
        sign_ins = self.hub.hub.stores.sign_ins
        found = Counter(f"stranger {each.code}" for each in await sign_ins.strangers(owner, one))
        found.update(f"attempt {each.code}" for each in await sign_ins.attempts(owner, one, "", None, 500))
        return found


@asynccontextmanager
async def target(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, **changes: Any) -> AsyncIterator[Target]:
    async with deployed(tmp_path, monkeypatch) as hub:
        owner = await hub.hub.registrar.create("Acme", Plan.ENTERPRISE, None, OPERATOR)
        yield Target(hub, owner, await federated(hub.hub, owner, **{"just_in_time": True, **changes}))


OTHER = {"wrong: an answer to another request": "attempt no_request"}
"""What the pure judge, who is told which request waits, refuses by another code."""


def expected_code(name: str, octets: bytes) -> str:
    """Why the pure judge refuses it in this scene, and whether it is kept as an attempt."""
    if name in OTHER:
        return OTHER[name]
    with pytest.raises(SamlProblem) as caught:
        judged(octets, expectation())
    return f"{'attempt' if caught.value.signed else 'stranger'} {caught.value.code}"


@pytest.mark.parametrize("group", GROUPS)
async def test_the_catalogue_leaves_nothing_but_its_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, group: str
) -> None:
    async with target(tmp_path, monkeypatch) as here:
        victim = Browser(here.hub.app)
        with played(await here.scene(victim)):
            await here.placed()
            was, known = here.content(), await here.codes()
            for number, name in enumerate(name for name in ATTACKS if name.startswith(group)):
                octets = ATTACKS[name]()
                response, sender = packed(octets), Browser(here.hub.app, address=f"192.0.2.{number}")
                for _ in range(TRIES):
                    began = time.thread_time()
                    answer = await here.there.posted(sender, response)
                    spent = time.thread_time() - began
                    assert 400 <= answer.status < 500, (name, answer.status)
                    assert not answer.cookies, (name, answer.cookies)
                    codes = await here.codes()
                    wanted = Counter() if answer.status == 413 else Counter([expected_code(name, octets)])
                    assert codes - known == wanted, name
                    known = codes
                    if spent < CPU_SECONDS:
                        break
                assert spent < CPU_SECONDS, (name, spent)
            await here.placed()
            assert here.content() == was
            assert (await here.there.posted(victim, packed(message()))).status == 303, "the genuine one still counts"
            assert here.content() != was

"""`python -m bench.saml_request`: a signed response posted to the application, beside reading and judging it alone.

CPU time of this process, the thread that commits to SQLite included, all in turn within each round. The least of many
rounds counts: what else runs on the machine can only add. Beginning the sign-ins and signing the responses is not
measured.
"""

import argparse
import cProfile
import pstats
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from urllib.parse import urlencode

import uvloop

from bench.saml_message import ADA, posted, usual_login
from hallway.hub.connections.addresses import acs_url, entity_id
from hallway.hub.connections.model import Identity, NewIdentity
from hallway.hub.organizations.inviting import Wish, invite
from hallway.hub.organizations.members import Member
from hallway.hub.organizations.model import Plan
from hallway.hub.sign_in.desk import Purpose, SignInDesk, subject_hash
from hallway.hub.sign_in.saml import subject_of, trust_of
from hallway.journal.model import Change
from hallway.saml.response import Expectation, judged
from hallway.saml.xml import decoded_base64
from hallway.web.app import application_of
from hallway.web.edge import Edge
from hallway.web.wiring import clock, sign_in_desk
from tests.rooms.opened import OPERATOR, opened, settings_in
from tests.web.asgi import call
from tests.web.federation import IDP, STRANGER, Federation, federated

AIM: Final = 3.0
SAID: Final = {
    "read": "read and judged, one after the other",
    "between": "read and judged between two requests",
    "posted": "posted to the application, committed to SQLite",
}


@dataclass
class Station:
    """The application, and a connection whose provider signs what is posted."""

    app: Edge
    desk: SignInDesk
    there: Federation
    made: int = field(default=0)
    posts: int = field(default=0)

    async def responses(self, number: int) -> list[tuple[str, bytes]]:
        """So many sign-ins that wait, and the responses that answer them, each by its request's ID."""
        base, connection = self.there.base, self.there.connection
        found = []
        for _ in range(number):
            token = self.desk.fresh_token("_")
            await self.desk.begin(connection, Purpose(bytes(32)), token, {})
            self.made += 1
            acs = acs_url(base, connection)
            login = usual_login(
                assertion_id=f"_a{self.made}", response_id=f"_r{self.made}", issuer=IDP, response_issuer=IDP,
                audience=(entity_id(base, connection),), recipient=acs, destination=acs,
                in_response_to=token, confirmed_for=token, name_id=ADA,
            )  # fmt: skip
            found.append((token, posted(login)))
        return found

    async def take(self, form: bytes) -> None:
        """Post one, from an address of its own."""
        self.posts += 1
        address = f"10.{self.posts >> 16 & 255}.{self.posts >> 8 & 255}.{self.posts & 255}"
        answer = await call(self.app, "POST", f"{self.there.path}/acs", STRANGER, form, address)
        if answer.status != 303 or "/resume?at=" not in answer.headers["location"]:
            raise RuntimeError(f"a genuine response was refused: {answer.status}")

    def expected(self, token: str) -> Expectation:
        """What the response to this request is held to."""
        base, connection = self.there.base, self.there.connection
        return Expectation(
            issuer=connection.saml.idp_entity_id,
            entity_id=entity_id(base, connection),
            acs_url=acs_url(base, connection),
            trust=trust_of(connection),
            now=clock(),
            request_id=token,
        )

    async def link(self, member: Member) -> None:
        """Let her have signed in before."""
        ((token, text),) = await self.responses(1)
        connection, name = self.there.connection, judged(decoded_base64(text), self.expected(token)).name_id
        subject = subject_hash(connection.id, subject_of(name))
        linked = Identity(connection.id, subject, ADA, member.id, "match:email", clock())
        await self.desk.ledger.commit(Change(connection.organization_id, (NewIdentity(linked),)))


@asynccontextmanager
async def station(folder: Path) -> AsyncIterator[Station]:
    """A Hub on SQLite with one organization, in which Ada has signed in before."""
    app = application_of(settings_in(folder))
    await app.lifespan.start()
    try:
        async with opened(folder) as hub:
            owner = await hub.registrar.create("Acme", Plan.ENTERPRISE, None, OPERATOR)
            there, desk = await federated(hub, owner), sign_in_desk(hub)
            await invite(hub.roster, owner, Wish(ADA), OPERATOR)
            (member,) = await hub.stores.members.by_email(owner.id, ADA)
            found = Station(app, desk, there)
            await found.link(member)
            yield found
    finally:
        await app.lifespan.stop()


async def measured(rounds: int, times: int, profile: cProfile.Profile | None = None) -> dict[str, list[float]]:
    """Microseconds of CPU for one response, by what is done, round after round."""
    found: dict[str, list[float]] = {name: [] for name in SAID}
    with tempfile.TemporaryDirectory() as folder:
        async with station(Path(folder)) as there:
            for number in range(rounds + 1):
                spent = await _round(there, times, profile)
                # The first round fills caches.
                if number:
                    for name, seconds in spent.items():
                        found[name].append(seconds / times * 1e6)
    return found


async def _round(there: Station, times: int, profile: cProfile.Profile | None) -> dict[str, float]:
    spent = dict.fromkeys(SAID, 0.0)
    responses = await there.responses(times)
    judging = [(there.expected(token), text) for token, text in responses]
    began = time.process_time()
    for expected, text in judging:
        _read(expected, text)
    spent["read"] = time.process_time() - began
    for expected, text in judging:
        form = urlencode({"SAMLResponse": text.decode()}).encode()
        began = time.process_time()
        _read(expected, text)
        between = time.process_time()
        if profile is not None:
            profile.enable()
        await there.take(form)
        if profile is not None:
            profile.disable()
        spent["between"] += between - began
        spent["posted"] += time.process_time() - between
    return spent


def _read(expected: Expectation, text: bytes) -> None:
    if judged(decoded_base64(text), expected).name_id.value != ADA:
        raise RuntimeError("another name")


def as_markdown(found: Mapping[str, list[float]]) -> str:
    """The table."""
    lines = ["| | CPU µs, least | median |", "|---|--:|--:|"]
    for name, said in SAID.items():
        lines.append(f"| {said} | {min(found[name]):,.0f} | {statistics.median(found[name]):,.0f} |")
    return "\n".join(lines)


def main() -> int:
    """Measure and print; a missed aim is told."""
    parser = argparse.ArgumentParser(prog="python -m bench.saml_request", description=__doc__)
    parser.add_argument("--rounds", type=int, default=40)
    parser.add_argument("--times", type=int, default=50, help="responses in each round")
    parser.add_argument("--profile", action="store_true", help="say instead where the time of a request goes")
    asked = parser.parse_args()
    profile = cProfile.Profile() if asked.profile else None
    found = uvloop.run(measured(asked.rounds, asked.times, profile))
    if profile is not None:
        pstats.Stats(profile).sort_stats("cumulative").print_stats(60)
        return 0
    print(as_markdown(found))
    least = {name: min(figures) for name, figures in found.items()}
    alone, between = least["posted"] / least["read"], least["posted"] / least["between"]
    print(f"The request is {alone:.1f} times the reading in a row, {between:.1f} times the one between two requests.")
    if alone > AIM:
        print(f"Aimed at is {AIM:.0f} times.")
    return 0


if __name__ == "__main__":
    sys.exit(main())

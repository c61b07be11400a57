"""Domains: claimed, proved by DNS, contested, failing, given up; names that nobody can own."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from hallway.dns import DnsRecords, PublicSuffixes
from hallway.hub.organizations.domains import (
    DAY,
    GRACE,
    HOUR,
    Domain,
    DomainState,
    Finding,
    checked_domain,
    domain_name,
    domain_of,
)
from hallway.hub.organizations.model import Organization, Plan
from hallway.hub.organizations.proving import (
    DomainDesk,
    add,
    award,
    check,
    found_domain,
    is_loopback,
    mark_proved,
    recheck_due,
    remove,
)
from hallway.hub.organizations.service import Refused
from hallway.ids import CONTACT, wire
from hallway.journal.model import Row
from hallway.web.wiring import Hub
from tests.rooms.name_server import NameServer, name_server
from tests.rooms.opened import OPERATOR, opened

SUFFIXES = PublicSuffixes()


@dataclass
class Registry:
    """Two organizations, a name server, and the alarms that were promised."""

    hub: Hub
    desk: DomainDesk
    acme: Organization
    beta: Organization
    dns: NameServer
    mails: list[tuple[str, str]]
    ahead: list[int]

    async def claim(self, name: str = "acme.example", owner: Organization | None = None) -> Domain:
        return await add(self.desk, owner or self.acme, name, OPERATOR)

    async def proved(self, name: str = "acme.example", owner: Organization | None = None) -> Domain:
        claim = await self.claim(name, owner)
        self.publish(claim)
        return await check(self.desk, claim)

    def publish(self, *claims: Domain) -> None:
        self.dns.text(claims[0].record_name, *(one.record_value for one in claims))

    async def now(self, domain: Domain) -> Domain:
        return await found_domain(self.desk, domain.organization_id, domain.name)

    async def journal(self, owner: Organization) -> list[str]:
        written = await self.hub.stores.journal.after(owner.id, 0, 1000)
        return [one.entry.type for one in written][1:]


@asynccontextmanager
async def registry(folder: Path, **settings: str) -> AsyncIterator[Registry]:
    async with opened(folder, base_url="https://hub.example", **settings) as hub, name_server() as dns:
        mails: list[tuple[str, str]] = []
        ahead = [0]
        clock = hub.domain_desk.clock

        def letters(_: bytes, to: str, subject: str, text: str) -> tuple[Row, ...]:
            mails.append((to, f"{subject}\n{text}"))
            return ()

        desk = replace(
            hub.domain_desk, records=DnsRecords([("127.0.0.1", dns.port)], 0.3), letters=letters,
            clock=lambda: clock() + ahead[0],
        )  # fmt: skip
        acme, beta = [await hub.registrar.create(name, Plan.ENTERPRISE, None, OPERATOR) for name in ("Acme", "Beta")]
        yield Registry(hub, desk, acme, beta, dns, mails, ahead)


async def refused(awaitable: object) -> str:
    with pytest.raises(Refused) as problem:
        await awaitable  # type: ignore[misc]
    return problem.value.reason


async def test_an_unproved_claim_does_nothing_and_a_record_proves_it(tmp_path: Path) -> None:
    async with registry(tmp_path) as world:
        claim = await world.claim(" ACME.example. ")
        assert (claim.name, claim.record_name) == ("acme.example", "_hallway-challenge.acme.example")
        assert claim.record_value == f"hallway-domain-verification={claim.challenge}" and len(claim.challenge) == 40
        unproved = await check(world.desk, claim)
        assert (unproved.state, unproved.finding) == (DomainState.PENDING, Finding.NONE)
        assert not unproved.has_effect and await world.desk.domains.owner("acme.example") is None
        world.publish(claim)
        proved = await check(world.desk, claim)
        assert (proved.state, proved.finding, proved.has_effect) == (DomainState.PROVED, Finding.FOUND, True)
        assert await world.desk.domains.owner("acme.example") == world.acme.id
        assert (await check(world.desk, claim)).state is DomainState.PROVED
        assert await world.journal(world.acme) == ["domain.added", "domain.proved"]


async def test_a_record_on_the_domain_itself_counts_too(tmp_path: Path) -> None:
    async with registry(tmp_path) as world:
        claim = await world.claim()
        world.dns.text("acme.example", "v=spf1 -all", claim.record_value)
        assert (await check(world.desk, claim)).is_owner


async def test_a_challenge_is_an_organizations_own(tmp_path: Path) -> None:
    async with registry(tmp_path) as world:
        ours, theirs = await world.claim(), await world.claim(owner=world.beta)
        assert ours.challenge != theirs.challenge != (await world.claim("b.example")).challenge
        world.publish(theirs)
        found = await check(world.desk, ours)
        assert (found.is_owner, found.finding) == (False, Finding.OTHER)


async def test_a_subdomain_is_not_proved_with_its_domain(tmp_path: Path) -> None:
    async with registry(tmp_path) as world:
        await world.proved()
        assert not (await check(world.desk, await world.claim("mail.acme.example"))).is_owner


@pytest.mark.parametrize(
    ("answer", "finding"),
    [
        (["_hallway-challenge.acme.example CNAME evil.example.", 'evil.example TXT "{value}"'], Finding.ALIAS),
        (['_hallway-challenge.acme.example TXT "{value}x"'], Finding.OTHER),
        (['_hallway-challenge.acme.example TXT "x{value}"'], Finding.OTHER),
        (['_hallway-challenge.acme.example TXT "hallway-domain-verification="'], Finding.OTHER),
        (["_hallway-challenge.acme.example A 192.0.2.1"], Finding.NONE),
        (None, Finding.UNANSWERED),
    ],
)
async def test_a_hostile_answer_proves_nothing(tmp_path: Path, answer: list[str] | None, finding: Finding) -> None:
    async with registry(tmp_path) as world:
        claim = await world.claim()
        lines = None if answer is None else [line.format(value=claim.record_value) for line in answer]
        world.dns.zone[claim.record_name] = lines
        found = await check(world.desk, claim)
        assert (found.is_owner, found.finding) == (False, finding)


async def test_garbage_from_dns_proves_nothing(tmp_path: Path) -> None:
    async with registry(tmp_path) as world:
        claim = await world.claim()
        world.dns.zone[claim.record_name] = lambda query: query.id.to_bytes(2, "big") + b"\xff" * 30
        assert (await check(world.desk, claim)).finding is Finding.UNANSWERED


async def test_many_and_long_records_have_a_limit(tmp_path: Path) -> None:
    async with registry(tmp_path) as world:
        claim = await world.claim()
        long = '" "'.join(["x" * 250] * 8)
        world.dns.text(claim.record_name, claim.record_value, *(f"{n}{long}" for n in range(12)))
        answer = await world.desk.records.texts(claim.record_name)
        assert max(len(text) for text in answer.texts) == 1000
        assert (await check(world.desk, claim)).is_owner
        world.dns.text("many.example", *(str(number) for number in range(500)))
        assert len((await world.desk.records.texts("many.example")).texts) == 100


async def test_a_record_that_is_split_is_one(tmp_path: Path) -> None:
    async with registry(tmp_path) as world:
        claim = await world.claim()
        value = claim.record_value
        world.dns.text(claim.record_name, f'{value[:20]}" "{value[20:]}')
        assert (await check(world.desk, claim)).is_owner


async def test_of_several_resolvers_all_that_answer_have_to_agree(tmp_path: Path) -> None:
    async with registry(tmp_path) as world, name_server() as second:
        claim = await world.claim()
        world.publish(claim)
        both = DnsRecords([("127.0.0.1", world.dns.port), ("127.0.0.1", second.port)], 0.3)
        desk = replace(world.desk, records=both)
        assert not (await check(desk, claim)).is_owner
        second.zone = {claim.record_name: None, claim.name: None}
        assert (await check(desk, claim)).is_owner
        assert (await DnsRecords([("127.0.0.1", 1)], 0.2).texts("acme.example")).unanswered


async def test_a_rivals_proof_makes_it_contested_and_never_moves_it(tmp_path: Path) -> None:
    async with registry(tmp_path) as world:
        ours = await world.proved()
        await world.hub.contact_book.add(world.acme.id, "it@acme.example", "IT", OPERATOR)
        theirs = await world.claim(owner=world.beta)
        world.publish(ours, theirs)
        rival = await check(world.desk, theirs)
        assert (rival.state, rival.finding, rival.is_owner) == (DomainState.CONTESTED, Finding.OWNED, False)
        kept = await world.now(ours)
        assert (kept.state, kept.has_effect) == (DomainState.CONTESTED, True)
        assert await world.desk.domains.owner("acme.example") == world.acme.id
        [(to, text)] = world.mails
        assert to == "it@acme.example" and "Beta" not in text
        await check(world.desk, theirs)
        assert (await check(world.desk, ours)).state is DomainState.CONTESTED
        assert (await world.journal(world.beta)).count("domain.contested") == 1 and len(world.mails) == 1
        won = await award(world.desk, theirs, OPERATOR)
        assert (won.state, won.is_owner) == (DomainState.PROVED, True)
        lost = await world.now(ours)
        assert (lost.state, lost.is_owner) == (DomainState.PENDING, False)
        assert await world.desk.domains.owner("acme.example") == world.beta.id
        assert await refused(award(world.desk, won, OPERATOR)) == "conflict"


async def test_the_operator_may_leave_it_with_the_owner(tmp_path: Path) -> None:
    async with registry(tmp_path) as world:
        ours, theirs = await world.proved(), await world.claim(owner=world.beta)
        world.publish(ours, theirs)
        await check(world.desk, theirs)
        assert (await award(world.desk, ours, OPERATOR)).state is DomainState.PROVED
        assert await world.desk.domains.owner("acme.example") == world.acme.id


async def test_what_is_contested_stays_so_though_the_owners_record_goes_missing(tmp_path: Path) -> None:
    async with registry(tmp_path) as world:
        ours, theirs = await world.proved(), await world.claim(owner=world.beta)
        await world.hub.contact_book.add(world.acme.id, "it@acme.example", "", OPERATOR)
        world.publish(ours, theirs)
        await check(world.desk, theirs)
        world.publish(theirs)
        world.ahead[0] += DAY
        assert await recheck_due(world.desk) == 1
        failing = await world.now(ours)
        assert (failing.state, failing.has_effect) == (DomainState.CONTESTED, True)
        assert failing.failing_since is not None and len(world.mails) == 2
        await check(world.desk, ours)
        assert len(world.mails) == 2
        world.ahead[0] += GRACE
        assert await recheck_due(world.desk) == 1
        lapsed = await world.now(ours)
        assert (lapsed.state, lapsed.has_effect, lapsed.is_owner) == (DomainState.CONTESTED, False, True)
        assert len(world.mails) == 3 and "stopped" in world.mails[2][1]
        journal = await world.journal(world.acme)
        assert (journal.count("domain.failing"), journal.count("domain.lapsed")) == (1, 1)
        world.publish(ours, theirs)
        back = await check(world.desk, ours)
        assert (back.state, back.has_effect, back.failing_since) == (DomainState.CONTESTED, True, None)
        del world.dns.zone[ours.record_name]
        await check(world.desk, ours)
        assert (await award(world.desk, theirs, OPERATOR)).is_owner


async def test_a_rivals_proof_of_a_lapsed_name_gives_it_no_new_effect(tmp_path: Path) -> None:
    async with registry(tmp_path) as world:
        ours, theirs = await world.proved(), await world.claim(owner=world.beta)
        world.publish(theirs)
        await check(world.desk, ours)
        world.ahead[0] += GRACE
        await check(world.desk, ours)
        await check(world.desk, theirs)
        kept = await world.now(ours)
        assert (kept.state, kept.is_owner, kept.has_effect) == (DomainState.CONTESTED, True, False)


async def test_two_who_prove_at_once_make_one_owner(tmp_path: Path) -> None:
    async with registry(tmp_path) as world:
        claims = [await world.claim(owner=one) for one in (world.acme, world.beta)]
        world.publish(*claims)
        found = await asyncio.gather(*(check(world.desk, one) for one in claims))
        assert sorted(one.is_owner for one in found) == [False, True]


async def test_a_failing_check_alarms_for_seven_days_and_then_stops_new_effects(tmp_path: Path) -> None:
    async with registry(tmp_path) as world:
        domain = await world.proved()
        await world.hub.contact_book.add(world.acme.id, "it@acme.example", "", OPERATOR)
        assert await recheck_due(world.desk) == 0
        del world.dns.zone[domain.record_name]
        world.ahead[0] += DAY
        assert await recheck_due(world.desk) == 1
        failing = await world.now(domain)
        assert (failing.state, failing.has_effect, len(world.mails)) == (DomainState.FAILING, True, 1)
        world.ahead[0] += GRACE - HOUR
        await recheck_due(world.desk)
        assert (await world.now(domain)).state is DomainState.FAILING and len(world.mails) == 1
        world.ahead[0] += HOUR
        await recheck_due(world.desk)
        lapsed = await world.now(domain)
        assert (lapsed.state, lapsed.has_effect, lapsed.is_owner) == (DomainState.LAPSED, False, True)
        assert len(world.mails) == 2 and "stopped" in world.mails[1][1]
        world.publish(domain)
        world.ahead[0] += HOUR
        await recheck_due(world.desk)
        assert (await world.now(domain)).has_effect
        assert (await world.journal(world.acme))[-3:] == ["domain.failing", "domain.lapsed", "domain.recovered"]


async def test_a_removed_domain_is_free(tmp_path: Path) -> None:
    async with registry(tmp_path) as world:
        await remove(world.desk, await world.proved(), OPERATOR)
        assert await world.desk.domains.owner("acme.example") is None
        assert (await world.proved(owner=world.beta)).is_owner


async def test_another_organizations_domain_is_not_found(tmp_path: Path) -> None:
    async with registry(tmp_path) as world:
        await world.proved()
        for text in ("acme.example", "", "nowhere.example"):
            assert await refused(found_domain(world.desk, world.beta.id, text)) == "not_found"


async def test_a_domain_is_claimed_once_and_not_without_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with registry(tmp_path) as world:
        await world.claim()
        assert await refused(world.claim("Acme.Example")) == "conflict"
        monkeypatch.setattr("hallway.hub.organizations.proving.MOST_DOMAINS", 1)
        assert await refused(world.claim("b.example")) == "conflict"


async def test_the_development_mark_is_refused_in_production_and_journaled_elsewhere(tmp_path: Path) -> None:
    async with registry(tmp_path, development_domains="dev.example") as world:
        assert await refused(mark_proved(world.desk, await world.claim(), OPERATOR)) == "forbidden"
        marked = await mark_proved(world.desk, await world.claim("dev.example"), OPERATOR)
        assert marked.has_effect and marked.development
        assert (await world.journal(world.acme))[-1] == "domain.marked_proved"
        world.ahead[0] += 30 * DAY
        assert await recheck_due(world.desk) == 0
        rival = await world.claim("dev.example", world.beta)
        assert await refused(mark_proved(world.desk, rival, OPERATOR)) == "conflict"
        local = replace(world.desk, base_url="http://hub.localhost:8000")
        assert (await mark_proved(local, await world.claim("b.example"), OPERATOR)).has_effect


@pytest.mark.parametrize(
    ("url", "answer"),
    [("http://127.0.0.1:8000", True), ("http://[::1]", True), ("http://hub.localhost:1", True),
     ("http://localhost", True), ("https://hub.example", False), ("https://localhost.example", False),
     ("http://10.0.0.1", False), ("", False)],
)  # fmt: skip
def test_loopback_is_this_machine_only(url: str, answer: bool) -> None:
    assert is_loopback(url) is answer


@pytest.mark.parametrize(
    "text",
    ["", "acme", "http://acme.example", "jo@acme.example", "acme..example", "-a.example", "a b.example", "_x.example",
     "x" * 64 + ".example", ".".join(["label"] * 50), "\x00.example", "com", "co.uk", "github.io", "kawasaki.jp",
     "xn--fiqs8s", "localhost", "127.0.0.1", "gmail.com", "GMAIL.com", "outlook.de", "xn--a.example", "*.acme.example"],
)  # fmt: skip
def test_what_nobody_can_own_is_refused(text: str) -> None:
    with pytest.raises(Refused):
        checked_domain(text, SUFFIXES)


def test_names_are_kept_in_ascii_and_look_alikes_stay_apart() -> None:
    assert checked_domain("Bücher.example", SUFFIXES) == "xn--bcher-kva.example"
    assert domain_name("ＡＣＭＥ.example") == "acme.example"  # full-width letters are the same letters
    assert domain_name("BU\u0308CHER.example") == "xn--bcher-kva.example"
    cyrillic = domain_name("аcme.example")
    assert cyrillic.startswith("xn--") and cyrillic != "acme.example"
    shown = Domain(b"", cyrillic, DomainState.PENDING, "", 0).shown  # type: ignore[arg-type]
    assert shown == f"{cyrillic} (аcme.example)"
    assert domain_of("jo@BÜCHER.example") == "xn--bcher-kva.example"
    assert (domain_of("jo"), domain_of("jo@")) == (None, None)


async def test_technical_contacts_are_added_once_and_removed(tmp_path: Path) -> None:
    async with registry(tmp_path) as world:
        book = world.hub.contact_book
        one = await book.add(world.acme.id, " it@acme.example ", " IT ", OPERATOR)
        assert (one.email, one.name) == ("it@acme.example", "IT")
        assert await refused(book.add(world.acme.id, "IT@acme.example", "", OPERATOR)) == "conflict"
        assert await refused(book.add(world.acme.id, "nobody", "", OPERATOR)) == "invalid"
        assert await refused(book.add(world.acme.id, "x@acme.example", "a\nb", OPERATOR)) == "invalid"
        assert await refused(book.remove(world.beta.id, wire(CONTACT, one.id), OPERATOR)) == "not_found"
        await book.remove(world.acme.id, wire(CONTACT, one.id), OPERATOR)
        assert list(await book.all(world.acme.id)) == []
        for number in range(20):
            await book.add(world.acme.id, f"{number}@acme.example", "", OPERATOR)
        assert await refused(book.add(world.acme.id, "more@acme.example", "", OPERATOR)) == "conflict"

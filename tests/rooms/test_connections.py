"""Connections: made, told who the provider is, keys staged and approved, metadata read again, ends told of."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, load_der_private_key

from hallway.hub.connections.desk import ConnectionDesk, found_connection
from hallway.hub.connections.given import Certificates, MetadataUrl, MetadataXml, recognised
from hallway.hub.connections.keeping import KeyBook
from hallway.hub.connections.model import (
    DAY,
    Connection,
    ConnectionState,
    KeyState,
    Mapping,
    Match,
    Protocol,
    Provider,
    ProviderKey,
)
from hallway.hub.connections.openid import Client, take_client
from hallway.hub.connections.ports import Unreachable
from hallway.hub.connections.sealing import key_context, secret_context
from hallway.hub.connections.service import ConnectionBook, Draft, Wishes, effects
from hallway.hub.connections.trusted import key_name
from hallway.hub.connections.upkeep import STEPS, CertificateEndings, MetadataRounds, ending_step
from hallway.hub.organizations.domains import DomainState
from hallway.hub.organizations.model import Organization, Plan
from hallway.hub.organizations.proving import add as add_domain
from hallway.hub.organizations.proving import mark_proved
from hallway.hub.organizations.service import Refused
from hallway.ids import CONNECTION, wire
from hallway.outbound import Answer, OutboundProblem, Question
from hallway.web.wiring import Hub, Reading, clock, connection_desk
from tests.rooms.opened import OPERATOR, opened
from tests.web.federation import certificate, metadata
from tests.web.openid import fresh_key

URL = "https://idp.example/metadata"
_PEM = Encoding.PEM


@dataclass
class Internet:
    """What addresses answer."""

    pages: dict[str, bytes] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    async def __call__(self, url: str) -> bytes:
        self.asked.append(url)
        if url not in self.pages:
            raise Unreachable("it did not answer.")
        return self.pages[url]


@dataclass
class Bench:
    """A Hub with one organization, and its connections at hand."""

    hub: Hub
    organization: Organization
    internet: Internet
    days: float = 0

    @property
    def desk(self) -> ConnectionDesk:
        later = int(self.days * DAY)
        return replace(connection_desk(self.hub), fetch=self.internet, clock=lambda: clock() + later)

    @property
    def book(self) -> ConnectionBook:
        return ConnectionBook(self.desk, OPERATOR)

    @property
    def keys(self) -> KeyBook:
        return KeyBook(self.desk, OPERATOR)

    async def draft(self, name: str = "Acme sign-in", protocol: Protocol = Protocol.SAML) -> Connection:
        return await self.book.create(self.organization, Draft(name, protocol, Provider.OKTA))

    async def by_url(self, *keys: str) -> Connection:
        """A connection whose metadata stands at an address."""
        self.internet.pages[URL] = metadata(*(keys or ("idp",)))
        return await self.book.take(await self.draft(), URL)

    async def again(self, one: Connection) -> Connection:
        found = await self.hub.stores.connections.connection(one.organization_id, one.id)
        assert found is not None
        return found

    async def types(self) -> list[str]:
        written = await self.hub.stores.journal.after(self.organization.id, 0, 1000)
        return [one.entry.type for one in written if one.entry.type.startswith("connection.")]

    async def delivered(self) -> list[str]:
        """The texts of the mails so far, newest first."""
        assert self.hub.mailing.postman is not None and self.hub.mailing.kept is not None
        await self.hub.mailing.postman.round()
        return [mail.text for mail in self.hub.mailing.kept.mails()]


@asynccontextmanager
async def bench(tmp_path: Path, plan: Plan = Plan.ENTERPRISE) -> AsyncIterator[Bench]:
    async with opened(tmp_path) as hub:
        organization = await hub.registrar.create("Acme", plan, None, OPERATOR)
        await hub.contact_book.add(organization.id, "it@acme.example", "IT", OPERATOR)
        yield Bench(hub, organization, Internet())


def states(one: Connection) -> list[KeyState]:
    return [key.state for key in one.saml.keys]


async def test_a_draft_has_a_sealed_key_of_its_own(tmp_path: Path) -> None:
    async with bench(tmp_path) as there:
        one = await there.draft()
        private = load_der_private_key(there.hub.keys.decrypt(one.sealed, key_context(one.id)), None)
        assert isinstance(private, rsa.RSAPrivateKey) and private.key_size == 2048
        own = x509.load_der_x509_certificate(one.saml.certificates[0])
        assert own.public_key() == private.public_key() and one.id.hex() in own.subject.rfc4514_string()
        assert (one.state, one.is_default, one.is_complete) == (ConnectionState.DRAFT, True, False)
        assert (await there.draft("Second")).is_default is False
        with pytest.raises(Refused, match="has this name"):
            await there.draft("acme SIGN-IN")
        with pytest.raises(Refused, match="1 to 100"):
            await there.draft(" ")
        assert await there.types() == ["connection.created"] * 2


async def test_a_plan_without_single_sign_on_makes_and_enables_nothing(tmp_path: Path) -> None:
    async with bench(tmp_path) as there:
        one = await there.by_url()
        poor = replace(there.organization, plan=Plan.FREE)
        with pytest.raises(Refused, match="plan"):
            await there.book.create(poor, Draft("x", Protocol.SAML))
        with pytest.raises(Refused, match="plan"):
            await there.book.enable(one, poor)
        await there.book.disable(one)
        await there.book.delete(one)
        assert await there.hub.stores.connections.connections(poor.id) == []


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("https://idp.example/m", MetadataUrl),
        ("\ufeff <EntityDescriptor/>", MetadataXml),
        ("HTTPS://IDP.EXAMPLE/m", MetadataUrl),
    ],
)
def test_the_box_recognises_what_it_got(text: str, kind: type) -> None:
    assert isinstance(recognised(text), kind)


def test_the_box_recognises_certificates() -> None:
    der = certificate("idp")
    pem = x509.load_der_x509_certificate(der).public_bytes(_PEM).decode()
    bare = "".join(line for line in pem.splitlines() if "-----" not in line)
    for text in (pem, bare, f"https://idp.example/sso\n{pem}", f"{bare}\n https://idp.example/sso "):
        found = recognised(text)
        assert isinstance(found, Certificates) and found.keys[0].certificate == der
        assert found.sign_in_url == ("https://idp.example/sso" if "https" in text else "")
    for wrong in ("", "hello", "ftp://x", "A" * 400, "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----"):
        with pytest.raises(Refused):
            recognised(wrong)


async def test_metadata_by_url_is_kept_and_read_again_later(tmp_path: Path) -> None:
    async with bench(tmp_path) as there:
        one = await there.by_url()
        assert (one.saml.metadata_url, one.saml.idp_entity_id) == (URL, "https://idp.example/metadata")
        assert one.is_complete and one.due_at is not None and states(one) == [KeyState.TRUSTED]
        with pytest.raises(Refused, match="did not answer"):
            await there.book.take(one, "https://elsewhere.example/")
        with pytest.raises(Refused, match="cannot be used"):
            await there.book.take(one, "<nothing/>")
        assert await there.again(one) == one, "what is refused changes nothing"
        pasted = await there.book.take(one, metadata("next").decode())
        assert (pasted.saml.metadata_url, pasted.due_at) == ("", None)
        assert [key_name(key.certificate) for key in pasted.saml.keys] == [
            key_name(certificate(name)) for name in ("next", "idp")
        ], "the key of before goes on beside the new one"
        other = await there.book.take(pasted, metadata("idp", entity="https://other.example/").decode())
        assert len(other.saml.keys) == 1, "another provider's keys are not kept"


async def test_an_address_and_a_certificate_are_enough(tmp_path: Path) -> None:
    async with bench(tmp_path) as there:
        pem = x509.load_der_x509_certificate(certificate("idp")).public_bytes(_PEM).decode()
        one = await there.book.take(await there.draft(), f"https://idp.example/sso\n{pem}")
        assert not one.is_complete, "how it names itself is missing"
        one = await there.book.take_certificate(one, "https://idp.example/sso", pem, "JumpCloud")
        assert one.is_complete and one.saml.redirect_url == "https://idp.example/sso"
        for url in ("", "javascript:alert(1)", "https://"):
            with pytest.raises(Refused):
                await there.book.take_certificate(one, url, pem, "JumpCloud")
        again = await there.book.take(one, pem)
        assert (again.saml.redirect_url, again.saml.idp_entity_id) == ("https://idp.example/sso", "JumpCloud")


async def test_it_is_enabled_once_it_is_complete(tmp_path: Path) -> None:
    async with bench(tmp_path) as there:
        with pytest.raises(Refused, match="missing"):
            await there.book.enable(await there.draft(), there.organization)
        one = await there.book.enable(
            await there.book.take((await there.hub.stores.connections.connections(there.organization.id))[0],
                                  metadata("idp").decode()),
            there.organization,
        )  # fmt: skip
        assert one.state is ConnectionState.ACTIVE
        assert (await there.book.disable(one)).state is ConnectionState.DISABLED
        assert await there.types() == [
            "connection.created", "connection.provider_set", "connection.enabled", "connection.disabled",
        ]  # fmt: skip


async def test_a_domain_is_one_connections_and_says_what_it_is_worth(tmp_path: Path) -> None:
    async with bench(tmp_path) as there:
        one, other = await there.draft(), await there.draft("Second")
        proved = await add_domain(there.hub.domain_desk, there.organization, "acme.example", OPERATOR)
        await mark_proved(there.hub.domain_desk, proved, OPERATOR)
        one = await there.book.set_domains(one, ["ACME.example", "acme.example", "", "later.example"])
        assert one.domains == ("acme.example", "later.example")
        assert await effects(there.desk, one) == {"acme.example": DomainState.PROVED, "later.example": None}
        with pytest.raises(Refused, match="belongs to the connection Acme sign-in"):
            await there.book.set_domains(other, ["later.example"])
        with pytest.raises(Refused, match="Enter a domain"):
            await there.book.set_domains(one, ["not a domain"])


async def test_one_connection_is_the_default(tmp_path: Path) -> None:
    async with bench(tmp_path) as there:
        first, second = await there.draft(), await there.draft("Second")
        await there.book.make_default(second)
        await there.book.make_default(second)
        assert [(await there.again(one)).is_default for one in (first, second)] == [False, True]
        assert (await there.types()).count("connection.made_default") == 1


async def test_settings_are_written_whole(tmp_path: Path) -> None:
    async with bench(tmp_path) as there:
        one = await there.draft()
        wishes = Wishes(
            "New name", True, True, Match.USER_NAME, True, Mapping((" mail ", "mail"), groups=("g",)),
            "urn:old-vendor", ("https://old.example/acs",),
        )  # fmt: skip
        one = await there.book.set_up(one, wishes)
        assert one == replace(await there.again(one))
        assert (one.name, one.mapping.email, one.saml.entity_id) == ("New name", ("mail",), "urn:old-vendor")
        for wrong in (replace(wishes, name=""), replace(wishes, mapping=Mapping(("x" * 300,))),
                      replace(wishes, more_acs_urls=("http:/x",)), replace(wishes, entity_id="x" * 2000)):  # fmt: skip
            with pytest.raises(Refused):
                await there.book.set_up(one, wrong)


async def test_who_changed_it_meanwhile_does_not_lose(tmp_path: Path) -> None:
    async with bench(tmp_path) as there:
        one = await there.draft()
        await asyncio.gather(
            there.book.set_domains(one, ["a.example"]), there.book.set_up(one, Wishes("Renamed")),
        )  # fmt: skip
        now = await there.again(one)
        assert (now.name, now.domains) == ("Renamed", ("a.example",))


async def test_a_new_key_is_staged_told_and_trusted_after_a_day(tmp_path: Path) -> None:
    async with bench(tmp_path) as there:
        one = await there.by_url("idp")
        there.internet.pages[URL] = metadata("idp", "next")
        await MetadataRounds(there.desk).round()
        assert states(await there.again(one)) == [KeyState.TRUSTED], "not due yet"
        there.days = 0.3
        await MetadataRounds(there.desk).round()
        assert states(await there.again(one)) == [KeyState.TRUSTED, KeyState.STAGED]
        told = await there.delivered()
        assert len(told) == 1 and wire(CONNECTION, one.id) in told[0]
        there.days = 1.0
        await MetadataRounds(there.desk).round()
        assert states(await there.again(one)) == [KeyState.TRUSTED, KeyState.STAGED], "a day is not over"
        there.days = 1.6
        await MetadataRounds(there.desk).round()
        assert states(await there.again(one)) == [KeyState.TRUSTED, KeyState.TRUSTED]
        assert len(await there.delivered()) == 1
        there.internet.pages[URL] = metadata("next")
        there.days = 2
        await MetadataRounds(there.desk).round()
        now = await there.again(one)
        assert [key.missing_since is None for key in now.saml.keys] == [False, True], "gone from it, still trusted"
        assert states(now) == [KeyState.TRUSTED, KeyState.TRUSTED]


async def test_a_rejected_key_is_never_trusted_by_itself(tmp_path: Path) -> None:
    async with bench(tmp_path) as there:
        one = await there.by_url("idp")
        there.internet.pages[URL] = metadata("idp", "next")
        there.days = 0.3
        await MetadataRounds(there.desk).round()
        await there.keys.reject(one, key_name(certificate("next")))
        there.days = 5
        await MetadataRounds(there.desk).round()
        assert states(await there.again(one)) == [KeyState.TRUSTED, KeyState.REJECTED]
        await there.keys.approve(one, key_name(certificate("next")))
        assert states(await there.again(one)) == [KeyState.TRUSTED, KeyState.TRUSTED]
        with pytest.raises(Refused, match="trusted"):
            await there.keys.reject(one, key_name(certificate("next")))


async def test_an_unknown_signer_is_offered_once_in_five_minutes(tmp_path: Path) -> None:
    async with bench(tmp_path) as there:
        one = await there.by_url("idp")
        there.internet.pages[URL] = metadata("idp", "next")
        rounds = MetadataRounds(there.desk)
        assert states(await rounds.after_stranger(one)) == [KeyState.TRUSTED], "it was read just now"
        there.days = 0.1
        now = await MetadataRounds(there.desk).after_stranger(one)
        assert states(now) == [KeyState.TRUSTED, KeyState.OFFERED]
        there.internet.pages.clear()
        there.days, there.internet.asked = 0.4, []
        for _ in range(3):
            await MetadataRounds(there.desk).after_stranger(await there.again(one))
        assert there.internet.asked == [URL], "a provider that is down is not asked again and again"
        there.internet.pages[URL] = metadata("idp", "next")
        there.days = 9
        await MetadataRounds(there.desk).round()
        assert states(await there.again(one)) == [KeyState.TRUSTED, KeyState.OFFERED], "never trusted by itself"
        assert "only once an administrator approves" in (await there.delivered())[0]


async def test_two_processes_read_once(tmp_path: Path) -> None:
    async with bench(tmp_path) as there:
        await there.by_url("idp")
        there.days, there.internet.asked = 1, []
        await asyncio.gather(*(MetadataRounds(there.desk).round() for _ in range(4)))
        assert there.internet.asked == [URL]


async def test_metadata_that_cannot_be_read_changes_nothing_but_what_is_said(tmp_path: Path) -> None:
    async with bench(tmp_path) as there:
        one = await there.by_url("idp")
        for there.days, body in ((1, None), (2, b"<html/>"), (3, metadata("x", entity="https://evil.example/"))):
            there.internet.pages = {} if body is None else {URL: body}
            await MetadataRounds(there.desk).round()
            now = await there.again(one)
            assert now.saml.metadata_finding and states(now) == [KeyState.TRUSTED]
            assert now.saml.redirect_url == one.saml.redirect_url
        assert (await there.types()).count("connection.metadata_failed") == 1
        there.internet.pages = {URL: metadata("idp")}
        there.days = 4
        await MetadataRounds(there.desk).round()
        assert (await there.again(one)).saml.metadata_finding == ""


async def test_the_last_key_of_an_active_connection_stays(tmp_path: Path) -> None:
    async with bench(tmp_path) as there:
        one = await there.book.enable(await there.by_url("idp"), there.organization)
        name = key_name(certificate("idp"))
        with pytest.raises(Refused, match="only trusted key"):
            await there.keys.remove(one, name)
        with pytest.raises(Refused, match="no such key"):
            await there.keys.remove(one, "00")
        off = await there.book.disable(one)
        assert (await there.keys.remove(off, name)).saml.keys == ()


async def test_four_keys_are_trusted_at_most(tmp_path: Path) -> None:
    async with bench(tmp_path) as there:
        one = await there.by_url("a", "b", "c", "d")
        there.internet.pages[URL] = metadata("e")
        there.days = 1
        await MetadataRounds(there.desk).round()
        with pytest.raises(Refused, match="At most 4"):
            await there.keys.approve(one, key_name(certificate("e")))
        there.days = 3
        await MetadataRounds(there.desk).round()
        now = await there.again(one)
        assert states(now) == [KeyState.TRUSTED] * 4 + [KeyState.STAGED]
        await there.keys.remove(now, key_name(certificate("a")))
        there.days = 4
        await MetadataRounds(there.desk).round()
        assert states(await there.again(one)) == [KeyState.TRUSTED] * 4


async def test_our_own_certificate_is_renewed_in_three_steps(tmp_path: Path) -> None:
    async with bench(tmp_path) as there:
        one = await there.draft()
        for early in (there.keys.switch_own, there.keys.drop_own):
            with pytest.raises(Refused, match="one certificate only"):
                await early(one)
        two = await there.keys.renew_own(one)
        assert two.saml.certificates[0] == one.saml.certificates[0] and len(two.saml.certificates) == 2
        with pytest.raises(Refused, match="two certificates already"):
            await there.keys.renew_own(two)
        after = await there.keys.switch_own(two)
        key = load_der_private_key(there.hub.keys.decrypt(after.sealed, key_context(one.id)), None)
        assert after.saml.certificates == two.saml.certificates[::-1]
        assert x509.load_der_x509_certificate(after.saml.certificates[0]).public_key() == key.public_key()
        alone = await there.keys.drop_own(after)
        assert (alone.saml.certificates, alone.saml.other_key) == (after.saml.certificates[:1], "")
        assert alone == await there.again(one)


async def test_a_deleted_connection_is_nowhere(tmp_path: Path) -> None:
    async with bench(tmp_path) as there:
        one = await there.draft()
        await there.book.delete(one)
        assert await there.hub.stores.connections.located(one.id) is None
        with pytest.raises(Refused, match="no connection"):
            await found_connection(there.desk, there.organization.id, wire(CONNECTION, one.id))
        with pytest.raises(Refused, match="was deleted"):
            await there.book.disable(one)


async def test_another_organizations_connection_is_not_found(tmp_path: Path) -> None:
    async with bench(tmp_path) as there:
        one = await there.draft()
        other = await there.hub.registrar.create("Beta", Plan.ENTERPRISE, None, OPERATOR)
        for text in (wire(CONNECTION, one.id), "conn_x", ""):
            with pytest.raises(Refused, match="no connection"):
                await found_connection(there.desk, other.id, text)


@pytest.mark.parametrize(
    ("days", "step"), [(61, None), (60, 60), (31, 60), (30, 30), (7, 7), (2, 7), (1, 1), (0, 1), (-2, None)]
)
def test_certificates_are_told_of_in_steps(days: int, step: int | None) -> None:
    assert ending_step(ProviderKey(b"", KeyState.TRUSTED, 0, 1000 * DAY + days * DAY), 1000 * DAY) == step
    assert set(STEPS) == {60, 30, 7, 1}


async def test_each_step_of_an_end_is_told_once(tmp_path: Path) -> None:
    async with bench(tmp_path) as there:
        one = await there.by_url("idp")
        count = []
        for there.days in (100, 306, 307, 340, 360, 364.5, 364.6):
            endings = CertificateEndings(there.desk, there.hub.stores.organizations, there.hub.stores.notices)
            await asyncio.gather(endings.round(), endings.round())
            count.append(len(await there.delivered()))
        assert count == [0, 1, 1, 2, 3, 4, 4]
        assert (await there.types()).count("connection.ending_told") == 4
        newer = ProviderKey(certificate("next"), KeyState.TRUSTED, 1, clock() + 4000 * DAY)
        assert one.saml.keys[0].expires_at is not None and newer.expires_at is not None


async def test_an_openid_provider_is_read_and_its_secret_sealed(tmp_path: Path) -> None:
    async with bench(tmp_path) as there:
        issuer = "https://op.example"
        says = {
            "issuer": issuer, "authorization_endpoint": f"{issuer}/a", "token_endpoint": f"{issuer}/t",
            "jwks_uri": f"{issuer}/keys", "id_token_signing_alg_values_supported": ["ES256"],
        }  # fmt: skip
        keys = json.dumps({"keys": [fresh_key("one").as_dict(private=False)]}).encode()
        there.internet.pages = {
            f"{issuer}/.well-known/openid-configuration": json.dumps(says).encode(), f"{issuer}/keys": keys,
        }  # fmt: skip
        one = await there.draft(protocol=Protocol.OIDC)
        client = Client(issuer, "me", "hush-hush")
        now = await take_client(there.desk, OPERATOR, one, client)
        assert now.is_complete and there.hub.keys.decrypt(now.sealed, secret_context(one.id)) == b"hush-hush"
        assert (await take_client(there.desk, OPERATOR, now, replace(client, secret=""))).sealed == now.sealed
        for wrong in (
            replace(client, issuer=f"{issuer}/"), replace(client, client_id=""), replace(client, authentication="x"),
            replace(client, issuer="https://nowhere.example"),
        ):  # fmt: skip
            with pytest.raises(Refused):
                await take_client(there.desk, OPERATOR, now, wrong)
        fresh = await there.draft("Third", Protocol.OIDC)
        with pytest.raises(Refused, match="secret"):
            await take_client(there.desk, OPERATOR, fresh, replace(client, secret=""))
        with pytest.raises(Refused, match="protocol"):
            await there.book.take(fresh, metadata("idp").decode())
        there.internet.pages[f"{issuer}/keys"] = b"[]"
        with pytest.raises(Refused, match="cannot be used"):
            await take_client(there.desk, OPERATOR, now, client)
        says.pop("token_endpoint")
        there.internet.pages[f"{issuer}/.well-known/openid-configuration"] = json.dumps(says).encode()
        with pytest.raises(Refused, match="token_endpoint"):
            await take_client(there.desk, OPERATOR, now, client)


@dataclass
class Answering:
    """The one way out, with one answer."""

    came: Answer | OutboundProblem

    async def ask(self, question: Question) -> Answer:
        if isinstance(self.came, OutboundProblem):
            raise self.came
        return self.came


async def test_an_address_is_read_through_the_guarded_way_out() -> None:
    assert await Reading(Answering(Answer(200, {}, b"body", URL)))(URL) == b"body"
    for came, said in ((Answer(404, {}, b"", URL), "404"), (OutboundProblem("unreachable"), "No answer came")):
        with pytest.raises(Unreachable, match=said):
            await Reading(Answering(came))(URL)


async def test_a_private_address_is_not_asked(tmp_path: Path) -> None:
    async with opened(tmp_path, base_url="https://hub.example", registration="closed") as hub:
        desk = connection_desk(hub)
        for url in ("https://127.0.0.1:1/", "https://10.0.0.1/", "https://169.254.169.254/latest"):
            with pytest.raises(Unreachable):
                await desk.fetch(url)
        await hub.outbound.aclose()

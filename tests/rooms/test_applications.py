"""Applications, their secrets, our signing keys, and what applications are told of people."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from joserfc.jwk import ECKey

from hallway.accounts.model import SSO_METHOD
from hallway.hub.applications import service
from hallway.hub.applications.clients import SecretUses, authenticated
from hallway.hub.applications.desk import ApplicationDesk
from hallway.hub.applications.model import DAY, HOUR, Addresses, ApplicationState, Kind
from hallway.hub.applications.service import Wish
from hallway.hub.applications.signing import OVERLAP
from hallway.hub.applications.telling import amr
from hallway.hub.directories.resources import DirectoryKey
from hallway.hub.organizations.proving import add as add_domain
from hallway.hub.organizations.proving import mark_proved
from hallway.hub.organizations.service import Refused
from hallway.journal.model import Stale, Unavailable
from hallway.oidc.client_authentication import Presented
from hallway.oidc.oauth_problem import OAuthProblem
from hallway.store.links import LinkStore
from hallway.web.wiring import Hub, application_desk, clock
from tests.rooms.opened import OPERATOR, canaries_in, made_place, opened

BACK = "https://app.example/callback"
WEB = Wish("Fieldbook", addresses=Addresses((BACK,)))


@asynccontextmanager
async def desk_in(folder: Path) -> AsyncIterator[tuple[Hub, ApplicationDesk, list[int]]]:
    """The services, and how far their clock is ahead."""
    async with opened(folder) as hub:
        ahead = [0]

        def now() -> int:
            return clock() + ahead[0]

        desk = replace(application_desk(hub), clock=now)
        desk.signing.clock = now
        yield hub, desk, ahead


@pytest.mark.parametrize(
    "address",
    [
        "", "x", "/callback", "http://app.example/cb", "https://app.example/a b", "https://app.example/#x",
        "https://*.app.example/", "https://u@app.example/", "https://app.example/a/../b", "https://app.example/%2e%2E/b",
        "https:///cb", "https://app.example:x/", "javascript:alert(1)", "com.example:/cb", "https://äpp.example/",
        "https://app.example/" + "a" * 1000, "https://[::1/", 'https://app.example/"', "http://hub.example.localhost.x/",
    ],
)  # fmt: skip
async def test_an_address_that_two_may_read_differently_is_not_registered(address: str, tmp_path: Path) -> None:
    async with desk_in(tmp_path) as (_, desk, _ahead):
        for addresses in (
            Addresses((address,)), Addresses((BACK,), (address,)), Addresses((BACK,), (), "", (address,)),
            Addresses((BACK,), (), address or " "),
        ):  # fmt: skip
            with pytest.raises(Refused) as refused:
                await service.create(desk, Wish("Fieldbook", addresses=addresses), OPERATOR)
            assert refused.value.reason == "invalid"


@pytest.mark.parametrize(
    ("address", "advice"),
    [
        ("example:/cb", "its domain backwards"), ("com.example.app://cb", "with one slash"),
        ("javascript:alert(1)", "a whole https address"), ("y", "a whole https address"),
        ("https://app.example/#x", "without # and *"), ("http://app.example/", "a whole https address"),
    ],
)  # fmt: skip
def test_a_refused_address_says_what_to_write(address: str, advice: str) -> None:
    told = service.faults(Wish("App", Kind.PUBLIC, Addresses((address,))), in_development=True)
    assert advice in told["redirect_uris"].detail and repr(address) in told["redirect_uris"].detail


async def test_plain_http_is_for_development_and_for_devices(tmp_path: Path) -> None:
    async with desk_in(tmp_path) as (_, desk, _ahead):
        local = Addresses(("http://fieldbook.localhost:8200/cb", "http://127.0.0.1:8200/cb", BACK, BACK))
        made = await service.create(desk, Wish("Fieldbook", addresses=local), OPERATOR)
        assert made.application.addresses.redirect_uris == local.redirect_uris[:3]
        outside = replace(desk, in_development=False)
        for kind, address, good in (
            (Kind.WEB, "http://127.0.0.1:8200/cb", False), (Kind.WEB, "http://fieldbook.localhost/cb", False),
            (Kind.PUBLIC, "http://127.0.0.1/cb", True), (Kind.PUBLIC, "http://[::1]/cb", True),
            (Kind.PUBLIC, "http://localhost/cb", False), (Kind.PUBLIC, "com.example.app:/cb", True),
            (Kind.PUBLIC, "data:x.y", False),
        ):  # fmt: skip
            wish = Wish("Fieldbook", kind, Addresses((address,)))
            if good:
                assert (await service.create(outside, wish, OPERATOR)).text == ""
            else:
                with pytest.raises(Refused):
                    await service.create(outside, wish, OPERATOR)


@pytest.mark.parametrize(
    "wish",
    [
        Wish("", addresses=WEB.addresses), Wish("Fieldbook"), replace(WEB, algorithm="HS256"),
        replace(WEB, required=("shoe size",)), replace(WEB, scopes=("events:read",)), Wish("M", Kind.MACHINE),
        Wish("M", Kind.MACHINE, WEB.addresses, scopes=("events:read",)), replace(WEB, jwks="{}"),
        replace(WEB, jwks="x"), Wish("P", Kind.PUBLIC, WEB.addresses, jwks='{"keys": []}'),
        replace(WEB, addresses=Addresses(tuple(f"{BACK}{n}" for n in range(51)))),
    ],
    ids=str,
)  # fmt: skip
async def test_a_wish_that_cannot_be_is_refused(wish: Wish, tmp_path: Path) -> None:
    async with desk_in(tmp_path) as (_, desk, _ahead):
        with pytest.raises(Refused):
            await service.create(desk, wish, OPERATOR)
        assert await desk.applications.applications() == []


def test_each_fault_is_told_by_the_field_that_it_is_about() -> None:
    bad = Addresses(("x",), ("y",), "z", ("w",))
    wish = Wish("", Kind.WEB, bad, "HS256", "{}", ("events:read",), ("shoe size",))
    told = service.faults(wish, in_development=False)
    assert set(told) == {
        "name", "algorithm", "required", "scopes", "jwks", "redirect_uris", "post_logout_uris", "logout_uri",
        "setup_return_uris",
    }  # fmt: skip
    assert "'y' cannot be registered" in told["post_logout_uris"].detail
    machine = service.faults(Wish("M", Kind.MACHINE, Addresses((BACK,), (), BACK, (BACK,)), scopes=("x",)), False)
    assert set(machine) == {"scopes", "redirect_uris", "logout_uri"}
    assert service.faults(WEB, in_development=False) == {}


async def test_a_private_key_is_not_taken_in_the_place_of_a_public_one(tmp_path: Path) -> None:
    keys = [ECKey.generate_key("P-256", {"kid": name}) for name in "ab"]
    jwks = json.dumps({"keys": [keys[0].as_dict(private=False), keys[1].as_dict(private=True)]})
    async with desk_in(tmp_path) as (_, desk, _ahead):
        with pytest.raises(Refused, match="public keys only"):
            await service.create(desk, replace(WEB, jwks=jwks), OPERATOR)


async def test_an_application_is_changed_by_whoever_read_it_last(tmp_path: Path) -> None:
    async with desk_in(tmp_path) as (_, desk, _ahead):
        was = (await service.create(desk, WEB, OPERATOR)).application
        assert await service.change(desk, was, service.wish_of(was), OPERATOR) is was, "nothing to do"
        now = await service.change(desk, was, replace(WEB, name="Logbook"), OPERATOR)
        assert (now.name, now.version) == ("Logbook", 2)
        with pytest.raises(Stale):
            await service.change(desk, was, replace(WEB, name="Other"), OPERATOR)
        with pytest.raises(Refused, match="keeps its kind"):
            await service.change(desk, now, replace(WEB, kind=Kind.PUBLIC), OPERATOR)
        off = await service.set_state(desk, was, ApplicationState.DISABLED, OPERATOR)
        assert (await service.set_state(desk, was, ApplicationState.DISABLED, OPERATOR)).version == off.version
        await service.delete(desk, was, OPERATOR)
        for act in (service.delete, service.add_secret):
            with pytest.raises(Refused, match="not there any more"):
                await act(desk, was, OPERATOR)


async def test_two_secrets_are_alive_at_most_also_at_once(tmp_path: Path) -> None:
    async with desk_in(tmp_path) as (_, desk, ahead):
        one = (await service.create(desk, WEB, OPERATOR)).application
        added = await asyncio.gather(
            *(service.add_secret(desk, one, OPERATOR) for _ in range(3)), return_exceptions=True
        )
        assert sorted(type(each).__name__ for each in added) == ["Made", "Refused", "Refused"]
        assert len(await desk.applications.secrets(one.id)) == 2
        first = (await desk.applications.secrets(one.id))[0]
        with pytest.raises(Refused, match="within"):
            await service.revoke_secret(desk, one, "secret_" + first.id.hex(), OPERATOR, 1000)
        left = await service.revoke_secret(desk, one, "secret_" + first.id.hex(), OPERATOR, 2)
        assert left is not None and left.is_alive(desk.clock() + HOUR)
        with pytest.raises(Refused, match="two secrets"):
            await service.add_secret(desk, one, OPERATOR)
        ahead[0] = 3 * HOUR
        assert (await service.add_secret(desk, one, OPERATOR)).text.startswith("hw_client_")
        public = await service.create(desk, replace(WEB, kind=Kind.PUBLIC), OPERATOR)
        with pytest.raises(Refused, match="no secret"):
            await service.add_secret(desk, public.application, OPERATOR)


async def test_a_secret_proves_its_own_application_while_it_is_alive(tmp_path: Path) -> None:
    async with desk_in(tmp_path) as (_, desk, ahead):
        one, other = [await service.create(desk, WEB, OPERATOR) for _ in range(2)]
        uses = SecretUses()

        async def proved(client_id: str, text: str) -> bool:
            try:
                found = await authenticated(desk, Presented(client_id, "client_secret_post", text), uses)
            except OAuthProblem as problem:
                assert problem.error == "invalid_client"
                return False
            return found.client_id == client_id

        assert await proved(one.application.client_id, one.text)
        assert not await proved(one.application.client_id, other.text)
        await uses.flush(desk)
        await uses.flush(desk)
        assert one.secret is not None
        (kept,) = await desk.applications.secrets(one.application.id)
        assert kept.last_used_at is not None
        await service.revoke_secret(desk, one.application, "secret_" + one.secret.id.hex(), OPERATOR, 1)
        assert await proved(one.application.client_id, one.text)
        ahead[0] = HOUR + 1
        assert not await proved(one.application.client_id, one.text)


async def test_uses_that_could_not_be_written_are_not_forgotten(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with desk_in(tmp_path) as (_, desk, _ahead):
        made, uses = await service.create(desk, WEB, OPERATOR), SecretUses()
        assert made.secret is not None
        uses.note(made.secret, 7)

        async def lost(*_: Any) -> None:
            raise Unavailable("gone")

        with monkeypatch.context() as broken:
            broken.setattr(type(desk.applications), "used", lost)
            with pytest.raises(Unavailable):
                await uses.flush(desk)
        await uses.flush(desk)
        assert (await desk.applications.secrets(made.application.id))[0].last_used_at == 7


async def test_a_key_signs_an_hour_after_it_is_published_and_stays_for_a_day(tmp_path: Path) -> None:
    async with desk_in(tmp_path) as (_, desk, ahead):
        first, signing = await desk.signing.key("ES256"), desk.signing
        assert (await signing.key("ES256")).kid == first.kid
        (made,) = await signing.rotate(OPERATOR)
        assert {str(one["kid"]) for one in await signing.public()} == {first.kid, f"sig_{made.id.hex()}"}
        assert (await signing.key("ES256")).kid == first.kid, "applications may not know the next one yet"
        ahead[0] = OVERLAP + 1_000_000
        assert (await signing.key("ES256")).kid == f"sig_{made.id.hex()}"
        assert len((await signing.key_set()).keys) == 2
        ahead[0] = OVERLAP + DAY + 1_000_000
        assert [one["kid"] for one in await signing.public()] == [f"sig_{made.id.hex()}"]


async def test_a_key_that_somebody_has_is_gone_at_once(tmp_path: Path) -> None:
    async with desk_in(tmp_path) as (_, desk, _ahead):
        first, second = await desk.signing.key("ES256"), await desk.signing.key("EdDSA")
        made = await desk.signing.rotate(OPERATOR, at_once=True)
        assert len(made) == 2
        assert (await desk.signing.key("ES256")).kid != first.kid and (
            await desk.signing.key("EdDSA")
        ).kid != second.kid
        assert len((await desk.signing.key_set()).keys) == 2


async def test_two_processes_that_sign_first_agree_on_a_key(tmp_path: Path) -> None:
    async with desk_in(tmp_path) as (hub, desk, _ahead):
        others = [application_desk(hub).signing for _ in range(3)]
        keys = await asyncio.gather(*(one.key("ES256") for one in (desk.signing, *others)))
        assert len({one.kid for one in keys}) == 1
        with pytest.raises(ValueError, match="do not sign"):
            await desk.signing.key("HS256")


async def test_nothing_verifies_where_nothing_was_signed(tmp_path: Path) -> None:
    async with desk_in(tmp_path) as (_, desk, _ahead):
        assert (await desk.signing.key_set()).keys == ()


async def test_groups_are_those_of_the_directory_also_through_others(tmp_path: Path) -> None:
    async with desk_in(tmp_path) as (hub, desk, _ahead):
        owner = (await made_place(hub)).directory.organization
        place = await made_place(hub, owner)
        await mark_proved(hub.domain_desk, await add_domain(hub.domain_desk, owner, "acme.example", OPERATOR), OPERATOR)
        object.__setattr__(hub.desk.ties, "links", LinkStore(hub.stores.database))
        user = await place.user("una@acme.example", displayName="Una")
        inner = await place.group("Inner", user)
        await place.group("Outer", groups=(inner,))
        link = await hub.stores.links.link_of(DirectoryKey(owner.id, place.directory.id), user)
        assert link is not None
        member = await hub.stores.members.by_id(owner.id, link.member_id)
        account: Any = type("Account", (), {"proved_at": None, "email": ""})
        assert member is not None
        fresh = replace(desk.circle.profiles, proved_domains=LinkStore(hub.stores.database).proved_domains)  # type: ignore[type-var]
        known = await fresh.known(owner, member, account)
        assert (known.email_verified, known.groups) == (True, ("Inner", "Outer"))
        elsewhere = replace(member, email="una@other.example", directory_id=None)
        assert await fresh.known(owner, elsewhere, account) == type(known)(False, ())
        own: Any = type("Account", (), {"proved_at": 1, "email": "UNA@other.example"})
        assert (await fresh.known(owner, elsewhere, own)).email_verified
        assert not (await fresh.known(owner, replace(elsewhere, email=""), own)).email_verified
        gone = replace(member, resource_id=type(user)(b"x" * 16))
        assert (await fresh.known(owner, gone, account)).groups == ()


def test_how_somebody_signed_in_is_told_in_the_standards_words() -> None:
    assert amr(("password",)) == ("pwd",) and amr(("password", "code")) == ("pwd", "otp", "mfa")
    assert amr((SSO_METHOD + "00" * 16,)) == ("fed",) and amr(("passkey",)) == ("pop",)
    assert amr(("code", "recovery code")) == ("otp",) and amr(("something new",)) == ("user",)


async def test_the_text_of_a_secret_is_nowhere(tmp_path: Path) -> None:
    async with desk_in(tmp_path) as (_, desk, _ahead):
        made = await service.create(desk, WEB, OPERATOR)
        await service.add_secret(desk, made.application, OPERATOR)
        assert canaries_in(tmp_path, made.text, made.text[-43:]) == []

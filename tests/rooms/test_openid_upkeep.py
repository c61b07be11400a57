"""OpenID providers read again, and the key by which a client proves itself."""

from base64 import b64decode
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from hallway.hub.connections.model import Connection, ConnectionUpdate, Protocol
from hallway.hub.connections.openid import PRIVATE_KEY, Client, take_client
from hallway.hub.connections.sealing import key_context
from hallway.hub.connections.upkeep import MetadataRounds
from hallway.hub.organizations.service import Refused
from hallway.journal.model import Change
from tests.rooms.opened import OPERATOR
from tests.rooms.test_connections import Bench, bench
from tests.web.openid import ISSUER, OpenIdProvider, fresh_key

DISCOVERY = f"{ISSUER}/.well-known/openid-configuration"


async def openid(there: Bench, provider: OpenIdProvider) -> Connection:
    """A connection to an OpenID provider, as it says of itself now."""
    published(there, provider)
    draft = await there.draft(protocol=Protocol.OIDC)
    return await take_client(there.desk, OPERATOR, draft, Client(ISSUER, "us", "hush"))


def published(there: Bench, provider: OpenIdProvider) -> None:
    there.internet.pages[DISCOVERY] = provider.discovery().encode()
    there.internet.pages[f"{ISSUER}/jwks"] = provider.jwks().encode()


async def test_an_openid_connection_has_a_sealed_key_of_its_own(tmp_path: Path) -> None:
    async with bench(tmp_path) as there:
        draft = await there.draft(protocol=Protocol.OIDC)
        pem = there.hub.keys.decrypt(b64decode(draft.oidc.own_key), key_context(draft.id))
        assert pem.startswith(b"-----BEGIN PRIVATE KEY-----") and "own_key" not in repr(draft.oidc)
        published(there, OpenIdProvider())
        one = await take_client(there.desk, OPERATOR, draft, Client(ISSUER, "us", "", PRIVATE_KEY))
        assert (one.oidc.own_public, one.sealed) == (draft.oidc.own_public, b""), "the one that was shown before"
        with pytest.raises(Refused):
            await take_client(there.desk, OPERATOR, one, Client(ISSUER, "us"))
        bare = replace(one, oidc=replace(one.oidc, own_key="", own_public=""), version=one.version + 1)
        await there.hub.stores.database.commit(Change(one.organization_id, (ConnectionUpdate(one, bare),)))
        again = await take_client(there.desk, OPERATOR, bare, Client(ISSUER, "us", "", PRIVATE_KEY))
        assert again.oidc.own_public not in ("", one.oidc.own_public), "one of before keys were made gets its own"


async def test_an_openid_provider_is_read_again_with_its_keys(tmp_path: Path) -> None:
    async with bench(tmp_path) as there:
        provider = OpenIdProvider()
        one = await openid(there, provider)
        provider.published = [fresh_key("two")]
        provider.says = {"claims_supported": ["sub"], "scopes_supported": ["openid"]}
        published(there, provider)
        there.days = 0.3
        await MetadataRounds(there.desk).round()
        now = await there.again(one)
        assert now.oidc.jwks == provider.jwks() and now.oidc.discovery == provider.discovery()
        assert (now.oidc.staged, now.oidc.finding) == ("", "") and not await there.delivered()
        assert (await there.types())[-1] == "connection.provider_set", "nothing that matters changed"


async def test_other_addresses_of_an_openid_provider_count_after_a_day(tmp_path: Path) -> None:
    async with bench(tmp_path) as there:
        provider = OpenIdProvider()
        one = await openid(there, provider)
        provider.says = {"token_endpoint": "https://new.example/token", "jwks_uri": "https://new.example/jwks"}
        there.internet.pages[DISCOVERY] = provider.discovery().encode()
        for days in (0.3, 0.6, 1.2):
            there.days = days
            await MetadataRounds(there.desk).round()
            now = await there.again(one)
            assert now.oidc.discovery == one.oidc.discovery and now.oidc.staged == provider.discovery()
        (told,) = await there.delivered()
        assert "jwks_uri" in told and "24 hours" in told
        assert f"{ISSUER}/jwks" in there.internet.asked and "https://new.example/jwks" not in there.internet.asked
        there.days = 1.6
        await MetadataRounds(there.desk).round()
        now = await there.again(one)
        assert (now.oidc.discovery, now.oidc.staged, now.oidc.staged_at) == (provider.discovery(), "", None)
        assert (await there.types())[-2:] == ["connection.metadata_changed"] * 2
        assert len(await there.delivered()) == 1


async def test_addresses_that_change_while_they_wait_wait_anew(tmp_path: Path) -> None:
    async with bench(tmp_path) as there:
        provider = OpenIdProvider()
        one = await openid(there, provider)
        for days, host in ((0.3, "a"), (0.6, "b"), (1.4, "b")):
            provider.says = {"token_endpoint": f"https://{host}.example/token"}
            there.days = days
            there.internet.pages[DISCOVERY] = provider.discovery().encode()
            await MetadataRounds(there.desk).round()
            now = await there.again(one)
            assert now.oidc.discovery == one.oidc.discovery and now.oidc.staged == provider.discovery()
        provider.says = {}
        published(there, provider)
        there.days = 3
        await MetadataRounds(there.desk).round()
        assert (await there.again(one)).oidc.staged == "", "it went back"


@pytest.mark.parametrize(
    "says",
    [
        {"authorization_response_iss_parameter_supported": False},
        {"id_token_signing_alg_values_supported": ["ES256", "RS256"]},
    ],
)
async def test_what_would_judge_less_strictly_waits_for_an_administrator(tmp_path: Path, says: dict[str, Any]) -> None:
    async with bench(tmp_path) as there:
        provider = OpenIdProvider()
        one = await openid(there, provider)
        provider.says = says
        there.internet.pages[DISCOVERY] = provider.discovery().encode()
        for days in (0.3, 1.6, 9):
            there.days = days
            await MetadataRounds(there.desk).round()
            now = await there.again(one)
            assert now.oidc.discovery == one.oidc.discovery and now.oidc.staged == provider.discovery()
        assert "only once an administrator" in (await there.delivered())[0]
        now = await take_client(there.desk, OPERATOR, now, Client(ISSUER, "us"))
        assert (now.oidc.discovery, now.oidc.staged) == (provider.discovery(), "")


@pytest.mark.parametrize("fault", ["unreachable", "another issuer", "not JSON", "keys"])
async def test_what_cannot_be_read_of_an_openid_provider_changes_nothing(tmp_path: Path, fault: str) -> None:
    async with bench(tmp_path) as there:
        provider = OpenIdProvider()
        one = await openid(there, provider)
        provider.says = {"issuer": "https://evil.example"}
        there.days = 0.3
        match fault:
            case "unreachable":
                del there.internet.pages[DISCOVERY]
            case "another issuer":
                there.internet.pages[DISCOVERY] = provider.discovery().encode()
            case "not JSON":
                there.internet.pages[DISCOVERY] = b"<html>"
            case _:
                there.internet.pages[f"{ISSUER}/jwks"] = b'{"keys": []}'
        for _ in range(2):
            await MetadataRounds(there.desk).round()
            there.days += 0.1
        now = await there.again(one)
        assert (now.oidc.discovery, now.oidc.jwks) == (one.oidc.discovery, one.oidc.jwks)
        assert bool(now.oidc.finding) == (fault != "keys")
        assert (await there.types()).count("connection.metadata_failed") == (fault != "keys"), "said once"
        published(there, OpenIdProvider(provider.key))
        there.days += 1
        await MetadataRounds(there.desk).round()
        assert (await there.again(one)).oidc.finding == ""


async def test_an_openid_draft_is_not_read(tmp_path: Path) -> None:
    async with bench(tmp_path) as there:
        draft = await there.draft(protocol=Protocol.OIDC)
        due = replace(draft, due_at=0, version=draft.version + 1)
        await there.hub.stores.database.commit(Change(draft.organization_id, (ConnectionUpdate(draft, due),)))
        await MetadataRounds(there.desk).round()
        assert (await there.again(draft)).due_at is None and not there.internet.asked

"""Directory tokens: made, kept as a hash, imported, revoked, used."""

import hashlib
from dataclasses import replace
from pathlib import Path

import apsw
import pytest

from hallway.hub.directories import administration as administration_module
from hallway.hub.directories.administration import People, found_token
from hallway.hub.directories.model import DirectoryState, Token
from hallway.hub.directories.tokens import DAY, PREFIX, SECRET_BYTES, token_hash, token_of
from hallway.hub.organizations.service import Refused
from hallway.ids import TOKEN, wire
from hallway.settings import Settings
from hallway.web.wiring import Hub, clock
from tests.rooms.opened import Place, administration, canaries_in, journal, made_place, opened, parting
from tests.web.deployment import deployed


async def test_a_token_has_a_prefix_an_id_and_256_random_bits(tmp_path: Path) -> None:
    async with opened(tmp_path) as hub:
        place = await made_place(hub)
        texts = {(await administration(hub).add_token(place.directory, 1)).text for _ in range(10)}
        assert len(texts) == 10
        for text in texts:
            assert text.startswith(PREFIX)
            token_id, _, secret = text.removeprefix(PREFIX).partition("_")
            assert len(token_id) == 32
            assert set(secret) <= set("abcdefghijklmnopqrstuvwxyz234567")
            assert len(secret) * 5 >= 256
        assert SECRET_BYTES * 8 == 256
        assert len({text[-52:-26] for text in texts}) == 10


async def test_the_text_of_a_token_is_nowhere_in_the_database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "deployment"
    folder.mkdir()
    async with deployed(folder, monkeypatch) as served:
        place = await served.place()
        second = await administration(served.hub).add_token(place.directory, 1, "for tests")
        for text in (place.made.text, second.text):
            client = served.client(place, text)
            assert (await client.user(f"user-{text[-4:]}")).status == 201
            assert (await client.user("")).status == 400
            assert (await served.client(place, f"{text}x").get("/Users")).status == 401
        await served.written()
        texts = [place.made.text, second.text]
        assert canaries_in(folder, *texts, *(text.rpartition("_")[2] for text in texts)) == []
    assert canaries_in(folder, *texts, *(text.rpartition("_")[2] for text in texts)) == []
    assert canaries_in(folder, "for tests") == ["for tests"]


async def test_several_tokens_live_at_once_and_each_ends_alone(tmp_path: Path) -> None:
    async with opened(tmp_path) as hub:
        place = await made_place(hub)
        made = [place.made, *[await administration(hub).add_token(place.directory, 30) for _ in range(2)]]
        for one in made:
            assert await token_of(hub.stores.directories, one.text, clock()) == one.token
        await administration(hub).revoke_token(made[1].token)
        alive = [await token_of(hub.stores.directories, one.text, clock()) for one in made]
        assert alive == [made[0].token, None, made[2].token]
        listed = {one.id: one.revoked_at is None for one in await hub.stores.directories.tokens(place.key)}
        assert listed == {one.token.id: one is not made[1] for one in made}


async def test_a_token_lives_a_year_unless_chosen(tmp_path: Path) -> None:
    async with opened(tmp_path) as hub:
        place = await made_place(hub)
        token = place.made.token
        assert token.expires_at - token.created_at == 365 * DAY
        assert Settings().tokens_default_days == 365
        short = (await administration(hub).add_token(place.directory, 7)).token
        assert short.expires_at - short.created_at == 7 * DAY


async def test_an_expired_token_is_no_token(tmp_path: Path) -> None:
    async with opened(tmp_path) as hub:
        place = await made_place(hub)
        end = place.made.token.expires_at
        assert await token_of(hub.stores.directories, place.made.text, end - 1) == place.made.token
        assert await token_of(hub.stores.directories, place.made.text, end) is None


async def test_revoking_removes_the_way_to_the_token_and_is_journaled_once(tmp_path: Path) -> None:
    async with opened(tmp_path) as hub:
        place = await made_place(hub)
        token = place.made.token
        await administration(hub).revoke_token(await found_token(hub.desk, wire(TOKEN, token.id)))
        assert await hub.stores.directories.token_by_id(token.id) is None
        with pytest.raises(Refused, match="no living token"):
            await found_token(hub.desk, wire(TOKEN, token.id))
        with pytest.raises(Refused, match="revoked already"):
            await administration(hub).revoke_token(token)
        entries = [one.entry for one in await journal(hub, place.directory)]
        assert [entry.type for entry in entries[1:]] == ["directory.created", "token.created", "token.revoked"]
        assert (entries[3].subject_id, entries[3].directory_id) == (token.id, place.directory.id)
        assert locators(tmp_path, "token") == 0


def locators(folder: Path, kind: str) -> int:
    connection = apsw.Connection(str(folder / "hallway.db"))
    (count,) = next(iter(connection.execute("SELECT COUNT(*) FROM locator WHERE kind = ?", (kind,))))
    connection.close()
    return int(count)


async def test_an_imported_token_is_found_by_its_hash_and_by_nothing_else(tmp_path: Path) -> None:
    async with opened(tmp_path) as hub:
        place, other = await made_place(hub), await made_place(hub)
        digest = hashlib.sha256(b"their-own").digest()
        token = await administration(hub).import_token(place.directory, digest, 30)
        assert token.imported
        found = await token_of(hub.stores.directories, "their-own", clock())
        assert found is not None
        assert (found.id, found.directory_id) == (token.id, place.directory.id)
        assert await token_of(hub.stores.directories, "their-own ", clock()) is None
        for directory in (place.directory, other.directory):
            with pytest.raises(Refused, match="has this token already"):
                await administration(hub).import_token(directory, digest, 30)
        await administration(hub).revoke_token(token)
        assert await token_of(hub.stores.directories, "their-own", clock()) is None
        again = await administration(hub).import_token(other.directory, digest, 30)
        found = await token_of(hub.stores.directories, "their-own", clock())
        assert found is not None and found.id == again.id


async def test_a_token_of_another_deployment_of_ours_can_be_imported(tmp_path: Path) -> None:
    async with opened(tmp_path) as hub:
        place, elsewhere = await made_place(hub), f"{PREFIX}{'0' * 32}_{'a' * 52}"
        token = await administration(hub).import_token(place.directory, token_hash(elsewhere), 30)
        found = await token_of(hub.stores.directories, elsewhere, clock())
        assert found is not None and found.id == token.id


async def test_there_is_a_limit_to_living_tokens(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(administration_module, "MAX_TOKENS", 3)
    async with opened(tmp_path) as hub:
        place = await made_place(hub)
        made = [await administration(hub).add_token(place.directory, 1) for _ in range(2)]
        for attempt in (
            administration(hub).add_token(place.directory, 1),
            administration(hub).import_token(place.directory, bytes(32), 1),
        ):
            with pytest.raises(Refused, match="at most 3"):
                await attempt
        await administration(hub).revoke_token(made[0].token)
        await administration(hub).add_token(place.directory, 1)


async def test_a_deleted_directory_gets_no_token(tmp_path: Path) -> None:
    async with opened(tmp_path) as hub:
        place = await made_place(hub)
        await administration(hub).delete(place.directory, parting(People.KEEP))
        ended = replace(place.directory, state=DirectoryState.DELETED)
        with pytest.raises(Refused, match="was deleted"):
            await administration(hub).add_token(ended, 1)
        for act in (administration(hub).disable, administration(hub).enable):
            with pytest.raises(Refused, match="was deleted"):
                await act(ended)


async def test_the_last_use_of_a_token_is_recorded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with deployed(tmp_path, monkeypatch) as served:
        place = await served.place()
        client = served.client(place)
        client.address = "192.0.2.9"
        before = clock()
        await client.send("GET", "/Users", b"", {"user-agent": "Sender/1 \0canary"})
        await client.send("GET", "/Users", b"", {"user-agent": "Sender/2"})
        assert (await used(served.hub, place)).last_used_at is None
        await served.written()
        token = await used(served.hub, place)
        assert token.last_used_at is not None and before <= token.last_used_at <= clock()
        assert (token.last_address, token.last_client) == ("192.0.2.9", "Sender/2")
        standing = await served.hub.stores.directories.standing(place.key)
        assert standing.last_request_at == token.last_used_at
        assert standing.reads == 2


async def used(hub: Hub, place: Place) -> Token:
    (token,) = await hub.stores.directories.tokens(place.key)
    return token

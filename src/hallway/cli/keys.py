"""`hallway keys …`."""

import os
import secrets
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from hallway.cli.printing import say, show_json, table
from hallway.cli.running import AsJson, BaseUrl, Database, actor, run_with_hub, settings_of
from hallway.cli.shapes import instant
from hallway.hub.applications.model import KeptKey
from hallway.hub.organizations.service import Refused
from hallway.ids import SIGNING_KEY, wire
from hallway.key_file import make_master_key, read_or_make_master_key
from hallway.keys import service
from hallway.keys.model import KeyRecord
from hallway.keys.ring import current
from hallway.scim.json import Json, JsonObject
from hallway.setting_values import SqliteLocation
from hallway.settings import Settings
from hallway.web.wiring import Hub, application_desk, clock

app = typer.Typer(help="The keys that encrypt what has to be read back.", no_args_is_help=True)


@app.command()
def check(as_json: AsJson = False, database: Database = None, base_url: BaseUrl = None) -> None:
    """Open every data key with the master key, and list them."""
    settings = settings_of({"database": database, "base_url": base_url})

    async def act(hub: Hub) -> KeyRecord:
        return await service.check(hub.stores.keys, read_or_make_master_key(settings))

    shapes = _shapes(run_with_hub(settings, act))
    if as_json:
        listed: list[Json] = list(shapes)
        show_json({"master_key": "fits", "data_keys": listed})
        return
    say("The master key fits, and opens every data key:")
    columns = ("id", "state", "created_at", "retired_at")
    table(columns, [tuple("" if one[column] is None else str(one[column]) for column in columns) for one in shapes])


@app.command()
def rotate(as_json: AsJson = False, database: Database = None, base_url: BaseUrl = None) -> None:
    """Make a new data key; what was encrypted before stays readable."""
    settings = settings_of({"database": database, "base_url": base_url})

    async def act(hub: Hub) -> KeyRecord:
        master = read_or_make_master_key(settings)
        await service.rotate(hub.stores.keys, master, clock())
        return await service.check(hub.stores.keys, master)

    shapes = _shapes(run_with_hub(settings, act))
    if as_json:
        listed: list[Json] = list(shapes)
        show_json({"data_keys": listed})
        return
    say(f"Data key {shapes[-1]['id']} encrypts from now on; {len(shapes) - 1} before it still decrypt.")
    say("Servers that run take it up within ten seconds.")


@app.command("rotate-signing")
def rotate_signing(
    at_once: Annotated[
        bool, typer.Option("--at-once", help="For keys that somebody else may have: nothing they signed counts.")
    ] = False,
    as_json: AsJson = False,
    database: Database = None,
    base_url: BaseUrl = None,
) -> None:
    """Make new keys to sign tokens with; they are published an hour before they sign, the old ones a day after."""

    async def act(hub: Hub) -> list[KeptKey]:
        return await application_desk(hub).signing.rotate(actor(), at_once)

    made = run_with_hub(settings_of({"database": database, "base_url": base_url}), act)
    shapes: list[Json] = [
        {"id": wire(SIGNING_KEY, one.id), "algorithm": one.algorithm, "signs_from": instant(one.signs_from)}
        for one in made
    ]
    if as_json:
        show_json({"signing_keys": shapes})
        return
    say(f"{len(made)} new signing keys." if made else "No key has signed anything yet; the first use makes one.")
    for one in made:
        say(f"{wire(SIGNING_KEY, one.id)} signs by {one.algorithm} from {instant(one.signs_from)} on.")


@app.command("change-master")
def change_master(
    new_key_file: Annotated[
        Path,
        typer.Option("--new-key-file", metavar="FILE", help="The file of the new master key; made if it is not there."),
    ],
    as_json: AsJson = False,
    database: Database = None,
    base_url: BaseUrl = None,
) -> None:
    """Wrap every data key with another master key; the old one is still needed for backups made before."""
    settings = settings_of({"database": database, "base_url": base_url})

    async def act(hub: Hub) -> KeyRecord:
        master, new_master = read_or_make_master_key(settings), _made(new_key_file)
        if master == new_master:
            raise Refused(
                "conflict", f"{new_key_file} holds the master key that is in use; name a file of another one."
            )
        await service.change_master(hub.stores.keys, master, new_master)
        return await service.check(hub.stores.keys, new_master)

    record = run_with_hub(settings, act)
    installed = _install(settings, new_key_file)
    if as_json:
        shape: JsonObject = {"data_keys": len(record.keys), "new_key_file": str(new_key_file)}
        show_json({**shape, **installed})
        return
    say(f"{len(record.keys)} data keys are wrapped with the key in {new_key_file}.")
    if installed:
        say(f"It was copied to {installed['key_file']}; the old key is kept as {installed['old_key_file']}.")
    else:
        say(f"Set HALLWAY_MASTER_KEY_FILE={new_key_file} (and unset HALLWAY_MASTER_KEY) before the next start.")
    say("Keep the old key as long as you keep backups that were made before now.")


def _made(path: Path) -> bytes:
    try:
        return make_master_key(path)
    except OSError as fault:
        raise Refused("invalid", f"The key file {path} cannot be made ({fault.strerror}).") from None


def _install(settings: Settings, new: Path) -> dict[str, Json]:
    """Where the key file is the one beside an SQLite database: put the new key there, and keep the old one."""
    path = settings.key_file
    beside = settings.master_key is None and settings.master_key_file is None
    if path is None or not beside or not isinstance(settings.database, SqliteLocation):
        return {}
    kept = path.with_name(f"{path.name}.before-{datetime.now(UTC):%Y%m%dt%H%M%Sz}")
    draft = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
    with suppress(FileExistsError):
        kept.hardlink_to(path)
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(new.read_bytes())
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
    return {"key_file": str(path), "old_key_file": str(kept)}


def _shapes(record: KeyRecord) -> list[JsonObject]:
    now = current(record).id
    return [
        {
            "id": key.id,
            "state": "current" if key.id == now else "decrypts only",
            "created_at": instant(key.created_at),
            "retired_at": instant(key.retired_at),
        }
        for key in record.keys
    ]

"""`hallway migrate`."""

from hallway.cli.printing import say, show_json
from hallway.cli.running import AsJson, BaseUrl, Database, run, settings_of
from hallway.key_file import read_or_make_master_key
from hallway.scim.json import Json
from hallway.store.opening import migrate as migrated
from hallway.web.wiring import opening_of


def migrate(as_json: AsJson = False, database: Database = None, base_url: BaseUrl = None) -> None:
    """Bring the database to this program's schema; one that is not there is made. Make a backup first."""
    settings = settings_of({"database": database, "base_url": base_url})

    async def act() -> list[str]:
        # On SQLite the key is made before the database: a database without a key could not be opened.
        read_or_make_master_key(settings)
        return await migrated(opening_of(settings))

    ran = run(act)
    if as_json:
        listed: list[Json] = list(ran)
        show_json({"database": settings.database.shown, "migrations": listed})
        return
    for step in ran:
        say(f"Ran {step}.")
    say(f"{settings.database.shown} is up to date." if ran else f"{settings.database.shown} was up to date.")

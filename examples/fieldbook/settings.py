"""What Fieldbook is told from outside: its own addresses, and the credentials that the Hub gave it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

CREDENTIALS: Final = Path("var/fieldbook.json")
"""In development: made by `make run`, readable by its owner only."""


@dataclass(frozen=True, slots=True)
class Settings:
    """`FIELDBOOK_…` of the environment, else the file of credentials. With `webhook_secrets` no feed is read."""

    hub: str
    client_id: str
    client_secret: str = field(repr=False)
    api_key: str = field(repr=False)
    cookie_secret: str = field(repr=False)
    base_url: str
    database: str
    webhook_secrets: tuple[str, ...] = field(default=(), repr=False)


def settings_of(environ: Mapping[str, str]) -> Settings:
    """The settings. Raises `KeyError` with the name of what is missing."""
    file = Path(environ.get("FIELDBOOK_CREDENTIALS", str(CREDENTIALS)))
    kept = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}

    def one(name: str, otherwise: str | None = None) -> str:
        found = environ.get(f"FIELDBOOK_{name.upper()}", kept.get(name, otherwise))
        if found is None:
            raise KeyError(f"FIELDBOOK_{name.upper()}, or {name} in {file}")
        return str(found)

    return Settings(
        hub=one("hub"),
        client_id=one("client_id"),
        client_secret=one("client_secret"),
        api_key=one("api_key"),
        cookie_secret=one("cookie_secret"),
        base_url=one("base_url", "http://fieldbook.localhost:8200"),
        database=one("database", "var/fieldbook.db"),
        webhook_secrets=tuple(one("webhook_secrets", "").split()),
    )

"""Fieldbook's own database: one SQLite file. Each block of `with database` is one transaction."""

import sqlite3
from pathlib import Path

SCHEMA = """
CREATE TABLE IF NOT EXISTS customer (
    id TEXT PRIMARY KEY, external_id TEXT, name TEXT NOT NULL, state TEXT NOT NULL, sequence INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS account (
    iss TEXT NOT NULL, sub TEXT NOT NULL, customer TEXT NOT NULL, name TEXT NOT NULL, email TEXT NOT NULL,
    role TEXT NOT NULL, state TEXT NOT NULL, groups TEXT NOT NULL, sequence INTEGER NOT NULL,
    why TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (iss, sub));
CREATE TABLE IF NOT EXISTS session (
    key TEXT PRIMARY KEY, iss TEXT NOT NULL, sub TEXT NOT NULL, hub_session TEXT NOT NULL, id_token TEXT NOT NULL,
    began_at TEXT NOT NULL, why_ended TEXT);
CREATE INDEX IF NOT EXISTS session_of ON session (iss, sub);
CREATE TABLE IF NOT EXISTS news (
    event TEXT PRIMARY KEY, customer TEXT NOT NULL, at TEXT NOT NULL, came_at TEXT NOT NULL, type TEXT NOT NULL,
    who TEXT NOT NULL, cause TEXT NOT NULL, did TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS receipt (event TEXT PRIMARY KEY, document BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS progress (one INTEGER PRIMARY KEY CHECK (one = 1), cursor TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS visit (
    id INTEGER PRIMARY KEY, customer TEXT NOT NULL, site TEXT NOT NULL, note TEXT NOT NULL, at TEXT NOT NULL,
    iss TEXT NOT NULL, sub TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS visit_of ON visit (customer, id);
"""


def opened(path: str) -> sqlite3.Connection:
    """The database, with its tables."""
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    database = sqlite3.connect(path)
    database.row_factory = sqlite3.Row
    database.execute("PRAGMA journal_mode = WAL")
    database.executescript(SCHEMA)
    if "why" not in [row["name"] for row in database.execute("PRAGMA table_info(account)")]:  # made before it was kept
        database.execute("ALTER TABLE account ADD COLUMN why TEXT NOT NULL DEFAULT ''")
    return database

"""What a deployment decides, as one frozen value.

Rules: a command-line flag beats the environment, which beats the file; every mistake is reported at once,
with the name of the setting and what to write; the fields of `Settings` are the only table of settings, and
`docs/reference/settings.md` has a heading for each.
"""

# ruff: noqa: RUF009 - the function called in the defaults is the field specifier

import difflib
import ipaddress
import tomllib
from collections.abc import Callable, Iterator, Mapping, Set
from dataclasses import Field, dataclass, field, fields
from pathlib import Path
from typing import Any, TypeAlias, TypeVar
from urllib.parse import urlsplit

from hallway import setting_values as values
from hallway.setting_values import DatabaseLocation, Network, PostgresLocation, SmtpServer, SqliteLocation

T = TypeVar("T")

PREFIX = "HALLWAY_"
CONFIG_VARIABLE = "HALLWAY_CONFIG"
CONFIG_FILE = "hallway.toml"

_KIB = 1024
_MIB = 1024 * 1024


class SettingsProblem(Exception):
    """The settings cannot be used; `mistakes` has one sentence for each, and no secret in any."""

    def __init__(self, mistakes: list[str]) -> None:
        super().__init__("\n".join(mistakes))
        self.mistakes = mistakes


@dataclass(frozen=True, slots=True)
class Setting:
    """One row of the table: `default` is text as a deployment would write it, "" where none is needed."""

    name: str
    parse: Callable[[str], object]
    default: str
    summary: str
    secret: bool

    @property
    def variable(self) -> str:
        """The name in the environment."""
        return PREFIX + self.name.upper()

    @property
    def flag(self) -> str:
        """The name on the command line."""
        return "--" + self.name.replace("_", "-")


def _setting(parse: Callable[[str], T], default: str, summary: str, secret: bool = False) -> T:
    """A field of `Settings`; type checkers see the value, `dataclass` sees the field."""
    metadata = {"parse": parse, "default": default, "summary": summary, "secret": secret}
    return field(default_factory=lambda: parse(default), repr=not secret, metadata=metadata)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """All settings, each with its parser, its default and one line of explanation.

    `Settings()` holds the defaults; `load_settings` is for everything else.
    """

    database: DatabaseLocation = _setting(
        values.database_location,
        "sqlite:///var/hallway.db",
        "Where everything is kept: sqlite:///path or postgresql://user:password@host/name.",
    )
    host: str = _setting(values.bind_address, "127.0.0.1", "The address to listen on.")
    port: int = _setting(values.whole_number(1, 65535), "8000", "The port to listen on.")
    base_url: str = _setting(
        lambda text: values.base_url(text) if text else "",
        "",
        "The address under which others reach the Hub; every absolute link begins with it.",
    )
    operator_base_url: str = _setting(
        lambda text: values.base_url(text) if text else "",
        "",
        "The address of the operators' console, where it has a host of its own.",
    )
    workers: int = _setting(values.whole_number(1, 64), "1", "Server processes; more than one needs PostgreSQL.")
    master_key: bytes | None = _setting(
        values.optional(values.master_key), "", "The key that all other keys are wrapped with.", secret=True
    )
    master_key_file: Path | None = _setting(
        values.optional(Path), "", "A file that holds the master key; on SQLite made beside the database."
    )
    trusted_proxies: tuple[Network, ...] = _setting(
        values.list_of(values.network), "", "Proxies whose X-Forwarded-For is believed."
    )
    allowed_hosts: tuple[str, ...] = _setting(
        values.list_of(values.host_name), "", "Names besides the base URL's that a Host header may carry."
    )
    log_level: str = _setting(
        values.one_of("debug", "info", "warning", "error"), "info", "The least severe line that is written."
    )
    log_format: str = _setting(values.one_of("text", "json"), "text", "Lines for people, or for programs.")
    metrics_token: str | None = _setting(
        values.optional(values.bearer_secret), "", "The bearer token that /metrics asks for.", secret=True
    )
    scim_schemas: tuple[Path, ...] = _setting(
        values.list_of(Path), "", "JSON files with extension schemas that directories may switch on."
    )
    scim_body_limit_bytes: int = _setting(
        values.size_bytes(16 * _KIB, 256 * _MIB), "1 MiB", "The largest body of a SCIM request except Bulk."
    )
    bulk_max_operations: int = _setting(
        values.whole_number(1, 100_000), "1000", "The most operations in one Bulk request."
    )
    bulk_max_payload_bytes: int = _setting(
        values.size_bytes(16 * _KIB, 256 * _MIB), "4 MiB", "The largest body of a Bulk request."
    )
    page_size_default: int = _setting(
        values.whole_number(1, 10_000), "100", "Resources on a page when the client does not say."
    )
    page_size_max: int = _setting(
        values.whole_number(1, 10_000), "1000", "The most resources on a page, whatever the client asks."
    )
    rate_limit_per_second: int = _setting(
        values.whole_number(0, 1_000_000), "50", "Requests a second that a token may keep up; 0: no limit."
    )
    rate_limit_burst: int = _setting(
        values.whole_number(1, 1_000_000), "1000", "Requests that a rested token may send at once."
    )
    failed_authentication_per_minute: int = _setting(
        values.whole_number(0, 1_000_000), "60", "Wrong or missing tokens from one address; 0: no limit."
    )
    retry_after_seconds: int = _setting(
        values.whole_number(1, 3600), "5", "The Retry-After of a 503, when nothing better is known."
    )
    tokens_default_days: int = _setting(
        values.whole_number(1, 3650), "365", "How long a directory token lives when nobody chose."
    )
    exchange_retention_days: int = _setting(values.whole_number(1, 3650), "30", "How long recorded exchanges are kept.")
    feed_retention_days: int = _setting(
        values.whole_number(1, 3650), "90", "How long the feed tells an event; who has not read for longer begins anew."
    )
    delivery_retention_days: int = _setting(
        values.whole_number(1, 3650), "30", "How long it is kept what webhooks were sent, and what they answered."
    )
    deliveries: str = _setting(
        values.one_of("serving", "apart"),
        "serving",
        "Who delivers to webhooks: the processes that serve, or `hallway hub worker` apart from them.",
    )
    exchange_body_limit_bytes: int = _setting(
        values.size_bytes(0, 16 * _MIB), "64 KiB", "How much of a body an exchange keeps; the rest is cut."
    )
    scan_time_limit_ms: int = _setting(
        values.whole_number(10, 600_000), "5000", "How long a filter that no index answers may take."
    )
    sqlite_cache_mib: int = _setting(
        values.whole_number(1, 65_536), "32", "Memory that SQLite may use for pages of the database."
    )
    postgres_connections: int = _setting(
        values.whole_number(1, 200), "8", "Connections for reading that each process keeps open."
    )
    dns_resolvers: tuple[tuple[str, int], ...] = _setting(
        values.list_of(values.resolver), "", "DNS servers that are asked for proofs of domains; the machine's if none."
    )
    outbound_allow: tuple[str, ...] = _setting(
        values.list_of(values.host_name), "", "Hosts that we may ask over http and at private addresses."
    )
    development_domains: tuple[str, ...] = _setting(
        values.list_of(values.host_name), "", "Domains that may be marked as proved without a record."
    )
    profile_custom: tuple[tuple[str, str], ...] = _setting(
        values.named_paths, "", "Attributes of people that the API gives as custom ones: name=SCIM path, with commas."
    )
    setup_return_urls: tuple[str, ...] = _setting(
        values.list_of(values.return_url), "", "Where a set-up link may lead back to: the application's own pages."
    )
    registration: str = _setting(
        values.one_of("", "open", "invited", "closed"),
        "",
        "Who may register: anybody (open), who was invited, or nobody; open only on loopback, if nothing is said.",
    )
    organizations_per_person: str = _setting(
        values.one_of("many", "one"), "many", "Whether a person may be a member of several organizations."
    )
    registration_plan: str = _setting(
        values.one_of("free", "enterprise"), "enterprise", "The plan of an organization that somebody registers."
    )
    breached_passwords: Path | None = _setting(
        values.optional(Path), "", "A sorted file of SHA-1 digests of passwords that nobody may choose."
    )
    smtp_url: SmtpServer | None = _setting(
        values.optional(values.smtp_server),
        "",
        "The server that takes mails on: smtps://user:password@host, or smtp:// for STARTTLS.",
        secret=True,
    )
    mail_from: str = _setting(
        lambda text: values.mail_address(text) if text else "", "", "The address that mails come from."
    )
    mail_folder: Path | None = _setting(
        values.optional(Path), "", "In development, where no server is set: the folder that mails are kept in."
    )
    product_name: str = _setting(values.short_line(60), "Hallway", "The name that pages and mails call the product by.")
    product_logo: Path | None = _setting(
        values.optional(Path), "", "A picture file (.svg, .png, .webp, .jpg) that pages show beside the name."
    )
    product_colour: tuple[int, int, int] = _setting(
        values.colour, "#0b6477", "The colour of buttons and links; shades that can be read are made from it."
    )
    support_address: str = _setting(
        lambda text: values.contact(text) if text else "", "", "Where people ask for help: a mail address or a page."
    )

    def __post_init__(self) -> None:
        # The default of one setting that follows another.
        if not self.base_url:
            object.__setattr__(self, "base_url", f"http://hub.localhost:{self.port}")
        if not self.registration:
            object.__setattr__(self, "registration", "open" if self.is_on_loopback else "closed")

    @property
    def hosts(self) -> frozenset[str]:
        """Every name that a `Host` header may carry, lower-case and without port."""
        parts = urlsplit(self.base_url)
        own = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname or ""
        loopback = {"localhost", "127.0.0.1", "[::1]"} if _is_loopback(own) else set()
        operators = {self.operator_host} if self.operator_host else set()
        return frozenset({own, *loopback, *operators, *self.allowed_hosts})

    @property
    def operator_host(self) -> str:
        """The host of the operators' console alone, "" where it has none."""
        return urlsplit(self.operator_base_url).hostname or ""

    @property
    def is_on_loopback(self) -> bool:
        """Whether the base URL reaches nobody but this machine: a deployment for development."""
        return _is_loopback(urlsplit(self.base_url).hostname or "")

    @property
    def local_url(self) -> str:
        """The address for programs on this machine that cannot resolve `*.localhost`."""
        wildcard = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - compared, not bound
        host = wildcard.get(self.host, self.host)
        return f"http://{f'[{host}]' if ':' in host else host}:{self.port}"

    @property
    def scim_base_url(self) -> str:
        """What SCIM addresses begin with: the base URL, except that command-line clients cannot resolve
        `*.localhost` and get the loopback address instead.
        """
        parts = urlsplit(self.base_url)
        if not (parts.hostname or "").endswith(".localhost"):
            return self.base_url.rstrip("/")
        port = f":{parts.port}" if parts.port else ""
        return f"{parts.scheme}://127.0.0.1{port}{parts.path.rstrip('/')}"

    @property
    def key_file(self) -> Path | None:
        """The file of the master key: the named one, or on SQLite the one beside the database."""
        if self.master_key_file is not None or not isinstance(self.database, SqliteLocation):
            return self.master_key_file
        return self.database.path.with_name(self.database.path.name + ".key")

    @property
    def kept_mail(self) -> Path | None:
        """The folder that mails are kept in: in development, where no server takes them on."""
        if self.smtp_url is not None or not self.is_on_loopback:
            return None
        if self.mail_folder is not None:
            return self.mail_folder
        return self.database.path.parent / "mail" if isinstance(self.database, SqliteLocation) else Path("var/mail")

    @property
    def mail_sender(self) -> str:
        """The address that mails come from; of kept ones it hardly matters."""
        return self.mail_from or "hallway@localhost"


def _is_loopback(name: str) -> bool:
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(name.strip("[]")).is_loopback
    except ValueError:
        return False


def _row(of: "Field[Any]") -> Setting:
    kept = of.metadata
    return Setting(of.name, kept["parse"], kept["default"], kept["summary"], kept["secret"])


SETTINGS: Mapping[str, Setting] = {of.name: _row(of) for of in fields(Settings)}
"""The table of settings by name, in the order of the documentation."""

Override: TypeAlias = str | int | Path | None


def configuration_file(environ: Mapping[str, str], directory: Path) -> Path | None:
    """The file to read: what HALLWAY_CONFIG names, else `hallway.toml` in `directory` if it is there."""
    named = environ.get(CONFIG_VARIABLE, "")
    if named:
        return Path(named)
    usual = directory / CONFIG_FILE
    return usual if usual.is_file() else None


def load_settings(
    environ: Mapping[str, str], toml_path: Path | None = None, overrides: Mapping[str, Override] | None = None
) -> Settings:
    """The settings of this deployment.

    `overrides` holds command-line flags by setting name, `None` where one was not given. An empty variable
    counts as not set. Raises `SettingsProblem` with every mistake found.
    """
    mistakes: list[str] = []
    texts: dict[str, tuple[str, str]] = {}
    for name, source, text in (
        *_from_file(toml_path, mistakes),
        *_from_environment(environ, mistakes),
        *_from_flags(overrides or {}),
    ):
        texts[name] = (source, text)
    parsed = _parsed(texts, mistakes)
    settings = Settings(**parsed)
    mistakes.extend(_contradictions(settings, texts.keys()))
    if mistakes:
        raise SettingsProblem(mistakes)
    return settings


_Found: TypeAlias = Iterator[tuple[str, str, str]]
"""Setting name, where it was found (as a reader would look for it), and its text."""


def _from_file(path: Path | None, mistakes: list[str]) -> _Found:
    if path is None:
        return
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        mistakes.append(f"{path}: cannot be read ({error.strerror}); set {CONFIG_VARIABLE} to a readable file")
        return
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        mistakes.append(f"{path}: is not TOML: {error}")
        return
    for name, value in table.items():
        source = f"{name} in {path.name}"
        text = _text(value)
        if name not in SETTINGS:
            mistakes.append(f"{source}: there is no such setting{_meant(name, SETTINGS)}")
        elif text is None:
            mistakes.append(f"{source}: write a text, a number, or an array of texts")
        else:
            yield name, source, text


def _text(value: object) -> str | None:
    """The text of a TOML value as a variable would carry it; `None` for tables, dates and truth values."""
    match value:
        case bool():
            return None
        case str():
            return value
        case int():
            return str(value)
        case list():
            items = [item for item in value if isinstance(item, str) and "," not in item]
            return ",".join(items) if len(items) == len(value) else None
        case _:
            return None


def _from_environment(environ: Mapping[str, str], mistakes: list[str]) -> _Found:
    known = {setting.variable: name for name, setting in SETTINGS.items()}
    for variable in sorted(environ):
        if not variable.startswith(PREFIX) or variable == CONFIG_VARIABLE:
            continue
        if variable not in known:
            mistakes.append(f"{variable}: there is no such setting{_meant(variable, known)}")
        elif environ[variable]:
            yield known[variable], variable, environ[variable]


def _from_flags(overrides: Mapping[str, Override]) -> _Found:
    for name, value in overrides.items():
        if value is not None:
            yield name, SETTINGS[name].flag, str(value)


def _meant(name: str, known: Mapping[str, object]) -> str:
    # Every variable begins alike: what they share makes none of them alike.
    shared = len(PREFIX) if name.startswith(PREFIX) else 0
    near = difflib.get_close_matches(name[shared:], [one[shared:] for one in known], n=1, cutoff=0.7)
    return f"; did you mean {name[:shared]}{near[0]}?" if near else "; docs/reference/settings.md lists all"


def _parsed(texts: Mapping[str, tuple[str, str]], mistakes: list[str]) -> dict[str, Any]:
    parsed: dict[str, Any] = {}
    for name, (source, text) in texts.items():
        try:
            parsed[name] = SETTINGS[name].parse(text)
        except ValueError as error:
            mistakes.append(f"{source}: {error}")
    return parsed


def _contradictions(settings: Settings, given: Set[str]) -> Iterator[str]:
    """What each setting allows by itself, but not together; `given` names those that somebody wrote."""
    if settings.workers > 1 and isinstance(settings.database, SqliteLocation):
        yield (
            f"workers: {settings.workers} processes cannot share an SQLite database; "
            "write 1, or set database to postgresql://…"
        )
    if settings.deliveries == "apart" and isinstance(settings.database, SqliteLocation):
        yield "deliveries: on SQLite the one process that serves delivers too; write serving, or use PostgreSQL"
    if {"master_key", "master_key_file"} <= given:
        yield "master_key: set either master_key or master_key_file, not both"
    if isinstance(settings.database, PostgresLocation) and not {"master_key", "master_key_file"} & given:
        yield (
            "master_key: a PostgreSQL database needs one; run `openssl rand -hex 32` once, keep the result "
            "outside the database, and set HALLWAY_MASTER_KEY or HALLWAY_MASTER_KEY_FILE"
        )
    own, theirs = urlsplit(settings.base_url), urlsplit(settings.operator_base_url)
    if settings.operator_base_url and (theirs.scheme != own.scheme or theirs.hostname == own.hostname or theirs.path):
        yield "operator_base_url: write a host other than base_url's, with the same scheme and no path"
    if settings.smtp_url is not None and not settings.mail_from:
        yield "mail_from: write the address that mails come from, one that smtp_url's server may send for"
    if settings.mail_folder is not None and settings.kept_mail is None:
        yield "mail_folder: a folder is only for development: base_url is to be a loopback address, smtp_url not set"
    if settings.page_size_default > settings.page_size_max:
        yield "page_size_default: write a number that is not above page_size_max"

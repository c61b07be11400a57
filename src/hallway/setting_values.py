"""What may stand behind each setting: text in, a value that cannot be wrong out.

Rules: every function takes the text of one setting and raises `ValueError` with a sentence that says what to
write; no sentence repeats the text, because it may be a secret.
"""

import base64
import binascii
import ipaddress
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, TypeAlias, TypeVar
from urllib.parse import unquote, urlsplit

T = TypeVar("T")

Network: TypeAlias = ipaddress.IPv4Network | ipaddress.IPv6Network

MASTER_KEY_BYTES = 32
_UNITS = {"": 1, "b": 1, "kib": 1024, "mib": 1024**2, "gib": 1024**3}
_SIZE = re.compile(r"(\d{1,12})\s*([A-Za-z]*)")
_NAME = re.compile(r"[a-z][a-z0-9_]{0,62}")
_HOST_NAME = re.compile(r"(?=.{1,253}$)[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?)*")


@dataclass(frozen=True, slots=True)
class SqliteLocation:
    """A database file; a relative path counts from the working directory."""

    path: Path

    @property
    def shown(self) -> str:
        """The address as it may be printed."""
        return f"sqlite:///{self.path}"


@dataclass(frozen=True, slots=True)
class PostgresLocation:
    """A PostgreSQL database by its URL, whose password is never printed."""

    url: str = field(repr=False)

    @property
    def shown(self) -> str:
        """The address as it may be printed: without user, password and parameters."""
        parts = urlsplit(self.url)
        return f"postgresql://{parts.netloc.rpartition('@')[2]}{parts.path}"


@dataclass(frozen=True, slots=True)
class SmtpServer:
    """A server that takes mails on; `tls` is `implicit`, `starttls` or `none`."""

    host: str
    port: int
    tls: str
    user: str = field(repr=False, default="")
    password: str = field(repr=False, default="")

    @property
    def shown(self) -> str:
        """The address as it may be printed: without user and password."""
        scheme = {"implicit": "smtps", "starttls": "smtp", "none": "smtp+plain"}[self.tls]
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{scheme}://{host}:{self.port}"


DatabaseLocation: TypeAlias = SqliteLocation | PostgresLocation


def database_location(text: str) -> DatabaseLocation:
    """`sqlite:///relative`, `sqlite:////absolute` or `postgresql://…` as a location."""
    if text.startswith("sqlite:///") and len(text) > len("sqlite:///"):
        path = text.removeprefix("sqlite:///")
        if path == ":memory:":
            raise ValueError("write the path of a file: a database in memory would lose everything")
        return SqliteLocation(Path(path))
    if text.startswith(("postgresql://", "postgres://")):
        return _postgres_location(text)
    raise ValueError("write sqlite:///path/to/file.db or postgresql://user:password@host/name")


def _postgres_location(text: str) -> PostgresLocation:
    url = "postgresql://" + text.partition("://")[2]
    try:
        parts = urlsplit(url)
        valid = parts.path.strip("/") != "" and parts.port != 0
    except ValueError:
        valid = False
    if not valid:
        raise ValueError("write postgresql://user:password@host:port/name, with the name of the database")
    return PostgresLocation(url)


_SMTP: Final = {"smtps": ("implicit", 465), "smtp": ("starttls", 587), "smtp+plain": ("none", 25)}


def smtp_server(text: str) -> SmtpServer:
    """`smtps://user:password@host`, `smtp://…` (STARTTLS) or `smtp+plain://host` (no TLS, so no password either)."""
    sentence = "write smtps://user:password@host or smtp://user:password@host:587, with %40 for an @ in a password"
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        raise ValueError(sentence) from None
    if parts.scheme not in _SMTP or not parts.hostname or port == 0 or parts.path.strip("/") or parts.query:
        raise ValueError(sentence)
    host = host_name(f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname).strip("[]")
    tls, usual = _SMTP[parts.scheme]
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    if bool(user) != bool(password) or not (user + password).isprintable():
        raise ValueError("write both user and password, or neither")
    if tls == "none" and user:
        raise ValueError("smtp+plain has no TLS, so a password would be readable on its way; write smtp:// or smtps://")
    return SmtpServer(host, port or usual, tls, user, password)


def mail_address(text: str) -> str:
    """One e-mail address, without a name."""
    if not text.isascii() or not re.fullmatch(r"[A-Za-z0-9._%+=~'-]{1,64}@[A-Za-z0-9.-]{1,253}", text):
        raise ValueError("write one address, such as hallway@example.com")
    return text


def whole_number(least: int, most: int) -> Callable[[str], int]:
    """A parser for a number from `least` to `most`."""

    def parse(text: str) -> int:
        if re.fullmatch(r"-?[0-9]{1,12}", text) and least <= int(text) <= most:
            return int(text)
        raise ValueError(f"write a whole number from {least} to {most}")

    return parse


def size_bytes(least: int, most: int) -> Callable[[str], int]:
    """A parser for a size: a number of bytes, or one with KiB, MiB or GiB behind it."""

    def parse(text: str) -> int:
        found = _SIZE.fullmatch(text)
        unit = _UNITS.get(found[2].lower()) if found else None
        if found is None or unit is None or not least <= int(found[1]) * unit <= most:
            raise ValueError(f"write a size from {shown_size(least)} to {shown_size(most)}, such as 65536 or 64 KiB")
        return int(found[1]) * unit

    return parse


def shown_size(size: int) -> str:
    """A size in the largest unit that leaves it whole."""
    for unit, name in ((1024**3, "GiB"), (1024**2, "MiB"), (1024, "KiB")):
        if size and size % unit == 0:
            return f"{size // unit} {name}"
    return f"{size} bytes"


def one_of(*words: str) -> Callable[[str], str]:
    """A parser for one of a few words, in any case."""

    def parse(text: str) -> str:
        if text.lower() in words:
            return text.lower()
        raise ValueError(f"write one of: {', '.join(words)}")

    return parse


def list_of(item: Callable[[str], T]) -> Callable[[str], tuple[T, ...]]:
    """A parser for values separated by commas (in a file also: an array of texts)."""

    def parse(text: str) -> tuple[T, ...]:
        return tuple(item(part) for part in (piece.strip() for piece in text.split(",")) if part)

    return parse


def optional(parse_given: Callable[[str], T]) -> Callable[[str], T | None]:
    """A parser for a setting that may be left out: empty text is `None`."""

    def parse(text: str) -> T | None:
        return parse_given(text) if text else None

    return parse


def bind_address(text: str) -> str:
    """A host name or an IP address to listen on."""
    try:
        return str(ipaddress.ip_address(text.strip("[]")))
    except ValueError:
        return host_name(text)


def host_name(text: str) -> str:
    """The name in a `Host` header, lower-case, without port; an IPv6 address keeps its brackets."""
    name = text.lower()
    if name.startswith("[") and name.endswith("]"):
        return f"[{ipaddress.IPv6Address(name[1:-1])}]" if _is_ipv6(name[1:-1]) else _not_a_host()
    return name if _HOST_NAME.fullmatch(name) else _not_a_host()


def _is_ipv6(text: str) -> bool:
    try:
        ipaddress.IPv6Address(text)
    except ValueError:
        return False
    return True


def _not_a_host() -> str:
    raise ValueError("write host names without scheme and port, such as hallway.example.com")


def base_url(text: str) -> str:
    """The absolute address without a slash at its end."""
    sentence = "write an absolute address, such as https://hallway.example.com, without a query"
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        raise ValueError(sentence) from None
    plain = not (parts.query or parts.fragment or parts.username or parts.password or "\\" in text)
    if parts.scheme not in ("http", "https") or not parts.hostname or port == 0 or not plain:
        raise ValueError(sentence)
    name = host_name(f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname)
    return f"{parts.scheme}://{name}{f':{port}' if port else ''}{parts.path.rstrip('/')}"


def return_url(text: str) -> str:
    """An absolute address that a browser may be led back to, without query and fragment."""
    sentence = "write absolute addresses, such as https://app.example.com/settings/sso, without a query"
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        raise ValueError(sentence) from None
    plain = not (parts.query or parts.fragment or parts.username or parts.password or "\\" in text)
    if parts.scheme not in ("http", "https") or not parts.hostname or port == 0 or not plain or not text.isprintable():
        raise ValueError(sentence)
    name = host_name(f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname)
    return f"{parts.scheme}://{name}{f':{port}' if port else ''}{parts.path or '/'}"


def named_paths(text: str) -> tuple[tuple[str, str], ...]:
    """Names with paths, `name=path`, with commas; a name has lower-case letters, digits and underscores."""
    found: dict[str, str] = {}
    for piece in filter(None, (part.strip() for part in text.split(","))):
        name, equals, path = (part.strip() for part in piece.partition("="))
        if not equals or not path or not _NAME.fullmatch(name) or name in found:
            raise ValueError("write name=path, such as cost_center=urn:…:User:costCenter, each name once")
        found[name] = path
    return tuple(found.items())


def network(text: str) -> Network:
    """An address or a range of addresses in CIDR form."""
    try:
        return ipaddress.ip_network(text, strict=False)
    except ValueError:
        raise ValueError("write addresses or ranges such as 10.0.0.0/8 or ::1, with commas") from None


def resolver(text: str) -> tuple[str, int]:
    """The address and port of a DNS server: `192.0.2.53`, `192.0.2.53:5353`, `2001:db8::53`, `[2001:db8::53]:5353`."""
    address, port = text, "53"
    if text.startswith("[") and "]:" in text:
        address, _, port = text[1:].rpartition("]:")
    elif text.count(":") == 1:
        address, _, port = text.partition(":")
    try:
        named = str(ipaddress.ip_address(address))
    except ValueError:
        named = ""
    if not named or not port.isdecimal() or not 1 <= int(port) <= 65535:
        raise ValueError("write the address of a DNS server, such as 192.0.2.53 or [2001:db8::53]:5353")
    return named, int(port)


def bearer_secret(text: str) -> str:
    """A secret that a caller presents: long enough not to be guessed, and sendable in a header."""
    if len(text) < 16 or not text.isascii() or not text.isprintable() or " " in text:
        raise ValueError("write at least 16 characters of printable ASCII, without spaces")
    return text


def master_key(text: str) -> bytes:
    """32 bytes, written as 64 hexadecimal digits or as Base64 (either alphabet, padded or not)."""
    stripped = text.strip()
    if re.fullmatch(r"[0-9A-Fa-f]{64}", stripped):
        return bytes.fromhex(stripped)
    plain = stripped.replace("-", "+").replace("_", "/").rstrip("=")
    try:
        key = base64.b64decode(plain + "=" * (-len(plain) % 4), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if len(key) != MASTER_KEY_BYTES:
        raise ValueError("write 32 random bytes as 64 hexadecimal digits, as `openssl rand -hex 32` prints")
    return key


_COLOUR = re.compile(r"#([0-9a-fA-F]{2})([0-9a-fA-F]{2})([0-9a-fA-F]{2})")


def colour(text: str) -> tuple[int, int, int]:
    """A colour as red, green and blue."""
    found = _COLOUR.fullmatch(text)
    if found is None:
        raise ValueError("write a colour as six hexadecimal digits, such as #0b6477")
    red, green, blue = (int(part, 16) for part in found.groups())
    return red, green, blue


def short_line(most: int) -> Callable[[str], str]:
    """A parser for one line of text."""

    def parse(text: str) -> str:
        if text.strip() and len(text) <= most and text.isprintable():
            return text.strip()
        raise ValueError(f"write one line of at most {most} characters")

    return parse


def contact(text: str) -> str:
    """An e-mail address, or the address of a page that begins with https://."""
    is_page = text.startswith("https://") and len(text) > len("https://")
    if text.isprintable() and " " not in text and (is_page or re.fullmatch(r"[^@:/]+@[^@:/]+", text)):
        return text
    raise ValueError("write an e-mail address, or the address of a page that begins with https://")

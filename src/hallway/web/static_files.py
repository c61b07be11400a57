"""Style sheets, scripts and pictures, held in memory.

Rules: the name of a file has the hash of its content, so it may be kept for ever; all style sheets are one file, all
scripts of every page are one file, in the order of their names; nothing is built, nothing is read from disk later.
"""

import gzip
import hashlib
import mimetypes
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from hallway.web.branding import Brand
from hallway.web.http import EdgeProblem, Header, Request, Response

FOLDER: Final = Path(__file__).parent / "static"
LAYERS: Final = ("reset", "tokens", "base", "components", "pages", "utilities")
"""Files or folders of `static/css`, in the order in which they follow each other."""

_KEPT: Final[Header] = (b"cache-control", b"public, max-age=31536000, immutable")
_SAFE: Final[Header] = (b"content-security-policy", b"default-src 'none'; style-src 'unsafe-inline'; sandbox")
"""A picture that somebody opens by itself runs nothing."""


@dataclass(frozen=True, slots=True)
class _File:
    octets: bytes
    packed: bytes
    kind: bytes


class StaticFiles:
    """Files by their hashed names; `address` gives the name that a page links to."""

    def __init__(self, brand: Brand) -> None:
        self._files: dict[str, _File] = {}
        self._addresses: dict[str, str] = {}
        for name, octets in (*_shipped().items(), ("brand.css", brand.css())):
            self._add(name, octets, mimetypes.guess_type(name)[0] or "application/octet-stream")
        if brand.logo:
            self._add("logo", brand.logo, brand.logo_type)

    def _add(self, name: str, octets: bytes, kind: str) -> None:
        stem, dot, ending = name.partition(".")
        hashed = f"{stem}.{hashlib.sha256(octets).hexdigest()[:12]}{dot}{ending}"
        text = kind.startswith("text/") or kind == "image/svg+xml"
        shown = f"{kind}; charset=utf-8" if text else kind
        self._files[hashed] = _File(octets, gzip.compress(octets, 9, mtime=0) if text else b"", shown.encode())
        self._addresses[name] = f"/static/{hashed}"

    def address(self, name: str) -> str:
        """The address of a file by its plain name; raises `KeyError`."""
        return self._addresses[name]

    async def serve(self, request: Request) -> Response:
        """The file of a hashed name."""
        file = self._files.get(request.params["file"])
        if file is None:
            raise EdgeProblem(404, "There is no such file.")
        headers = ((b"content-type", file.kind), _KEPT, _SAFE, (b"vary", b"accept-encoding"))
        if file.packed and b"gzip" in request.headers.get(b"accept-encoding", b""):
            return Response(200, file.packed, (*headers, (b"content-encoding", b"gzip")))
        return Response(200, file.octets, headers)


@cache
def _shipped() -> dict[str, bytes]:
    """What comes with the program: one style sheet, one script, and what pages load by itself."""
    scripts = b"".join(path.read_bytes() for path in sorted((FOLDER / "scripts").glob("*.js")))
    alone = {path.name: path.read_bytes() for path in sorted((FOLDER / "alone").glob("*"))}
    return {"hallway.css": _style_sheet(), "hallway.js": scripts, **alone}


def _style_sheet() -> bytes:
    parts = []
    for layer in LAYERS:
        whole = FOLDER / "css" / layer
        files = sorted(whole.glob("*.css")) if whole.is_dir() else [whole.with_suffix(".css")]
        parts += [path.read_bytes() for path in files]
    return b"".join(parts)

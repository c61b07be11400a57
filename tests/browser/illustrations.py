"""The pictures of the docs: what each one is taken of, and how it is made small. `make screenshots` renews them.

Rules: every picture is as wide as the others, so that text is as large in each; it shows an address that its reader
has, not the port of a test; at most 256 colours, which is why it is small.
"""

import base64
import os
import struct
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from playwright.sync_api import Page

DOCS: Final = Path(__file__).parents[2] / "docs"
WIDTH: Final = 1080
MAX_BYTES: Final = 120_000
LOCAL: Final = "hub.localhost:8000"
PUBLIC: Final = "hallway.example"


@dataclass(frozen=True, slots=True)
class Illustration:
    """Where a picture stands under `docs/`, how high it is, and at whose address the Hub seems to be."""

    path: str
    height: int
    host: str = LOCAL


_TUTORIAL: Final = "tutorials/images/"
_HOW_TO: Final = "how-to/images/"
ILLUSTRATIONS: Final[Mapping[str, Illustration]] = {
    "journey-register": Illustration(f"{_TUTORIAL}register.png", 640),
    "journey-make-account": Illustration(f"{_TUTORIAL}make-account.png", 720),
    "journey-add-directory": Illustration(f"{_TUTORIAL}add-directory.png", 720),
    "journey-token-once": Illustration(f"{_TUTORIAL}token-once.png", 700),
    "journey-guide": Illustration(f"{_TUTORIAL}guide.png", 880),
    "journey-first-request": Illustration(f"{_TUTORIAL}first-request.png", 700),
    "journey-exchange": Illustration(f"{_TUTORIAL}exchange.png", 860),
    "journey-invite": Illustration(f"{_TUTORIAL}invite.png", 720),
    "journey-rotated": Illustration(f"{_TUTORIAL}rotated.png", 700),
    "journey-in-use": Illustration(f"{_TUTORIAL}directory.png", 830),
    "fieldbook-light-ended": Illustration(f"{_TUTORIAL}fieldbook-ended.png", 420),
    "guide-jumpcloud": Illustration(f"{_HOW_TO}guide-jumpcloud.png", 970, PUBLIC),
    "guide-okta": Illustration(f"{_HOW_TO}guide-okta.png", 935, PUBLIC),
    "guide-entra": Illustration(f"{_HOW_TO}guide-entra.png", 945, PUBLIC),
    "guide-onelogin": Illustration(f"{_HOW_TO}guide-onelogin.png", 880, PUBLIC),
    "guide-ping": Illustration(f"{_HOW_TO}guide-ping.png", 960, PUBLIC),
    "guide-cyberark": Illustration(f"{_HOW_TO}guide-cyberark.png", 960, PUBLIC),
    "guide-sso-okta": Illustration(f"{_HOW_TO}guide-sso.png", 752, PUBLIC),
}
"""By the name of the picture that a journey takes."""


def illustrate(page: Page, name: str) -> None:
    """Renew the picture of the docs that shows this page; nothing, unless `ILLUSTRATE` is set and there is one."""
    one = ILLUSTRATIONS.get(name)
    if one is None or "ILLUSTRATE" not in os.environ:
        return
    before = page.viewport_size
    assert before is not None
    page.set_viewport_size({"width": WIDTH, "height": one.height})
    page.evaluate("document.activeElement.blur(); window.scrollTo(0, 0)")
    page.evaluate(_RENAMED, one.host)
    shot = page.screenshot()
    page.evaluate(_RENAMED, "")
    page.set_viewport_size(before)  # type: ignore[arg-type]
    target = DOCS / one.path
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(_indexed(page.evaluate(_COUNTED, base64.b64encode(shot).decode())))


def size_of(picture: bytes) -> tuple[int, int]:
    """Width and height of a PNG."""
    width, height = struct.unpack(">II", picture[16:24])
    return width, height


def _indexed(counted: Mapping[str, Any]) -> bytes:
    """A PNG of one octet for each pixel, which names a colour of the palette."""
    width, height = counted["width"], counted["height"]
    pixels = base64.b64decode(counted["pixels"])
    lines = b"".join(b"\0" + pixels[start : start + width] for start in range(0, width * height, width))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        _chunk(kind, body)
        for kind, body in (
            (b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)),
            (b"PLTE", bytes(counted["palette"])),
            (b"IDAT", zlib.compress(lines, 9)),
            (b"IEND", b""),
        )
    )


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


_RENAMED: Final = """(host) => {
  for (const one of document.querySelectorAll("main input, main code, main .code")) {
    const field = one instanceof HTMLInputElement ? "value" : "textContent";
    if (host && one.childElementCount === 0 && one.dataset.was === undefined) {
      one.dataset.was = one[field];
      const secure = host.includes(":") ? "http" : "https";
      const loopback = host.replace("hub.localhost", "127.0.0.1");
      one[field] = one[field].replace(/http:..127.0.0.1:[0-9]+/g, `${secure}://${loopback}`)
        .replace(/http:..hub.localhost:[0-9]+/g, `${secure}://${host}`);
    } else if (one.dataset.was !== undefined) {
      one[field] = one.dataset.was;
      delete one.dataset.was;
    }
  }
}"""
_COUNTED: Final = """async (png) => {
  const octets = Uint8Array.from(atob(png), (one) => one.charCodeAt(0));
  const image = await createImageBitmap(new Blob([octets], {type: "image/png"}));
  const {width, height} = image;
  const canvas = new OffscreenCanvas(width, height).getContext("2d");
  canvas.drawImage(image, 0, 0);
  const {data} = canvas.getImageData(0, 0, width, height);
  const counts = new Map();
  for (let at = 0; at < data.length; at += 4) {
    const colour = data[at] << 16 | data[at + 1] << 8 | data[at + 2];
    counts.set(colour, (counts.get(colour) || 0) + 1);
  }
  const often = [...counts].sort((one, other) => other[1] - one[1]).map(([colour]) => colour);
  const palette = often.slice(0, 256);
  const apart = (one, other) => [16, 8, 0].reduce((sum, by) => sum + ((one >> by & 255) - (other >> by & 255)) ** 2, 0);
  const nearest = new Map(palette.map((colour, index) => [colour, index]));
  for (const colour of often.slice(256)) {
    let best = 0;
    for (let index = 1; index < 256; index += 1) {
      if (apart(colour, palette[index]) < apart(colour, palette[best])) best = index;
    }
    nearest.set(colour, best);
  }
  const pixels = new Uint8Array(width * height);
  for (let at = 0; at < data.length; at += 4) {
    pixels[at / 4] = nearest.get(data[at] << 16 | data[at + 1] << 8 | data[at + 2]);
  }
  let text = "";
  for (let at = 0; at < pixels.length; at += 8192) text += String.fromCharCode(...pixels.subarray(at, at + 8192));
  return {width, height, palette: palette.flatMap((one) => [one >> 16, one >> 8 & 255, one & 255]), pixels: btoa(text)};
}"""

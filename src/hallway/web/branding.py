"""How a deployment looks: its name, its logo, and one colour, from which readable ones are made."""

import colorsys
import mimetypes
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeAlias

from hallway.settings import Settings, SettingsProblem

Colour: TypeAlias = tuple[int, int, int]

LOGO_TYPES: Final = frozenset({"image/svg+xml", "image/png", "image/webp", "image/jpeg"})
_LOGO_LIMIT_BYTES: Final = 512 * 1024
_READABLE: Final = 4.5
"""The contrast of text that WCAG 2.2 asks for (1.4.3)."""

_WHITE: Final[Colour] = (255, 255, 255)
_BLACK: Final[Colour] = (17, 20, 22)
_LIGHT_GROUND: Final[Colour] = (243, 245, 245)
_DARK_GROUND: Final[Colour] = (36, 41, 43)


@dataclass(frozen=True, slots=True)
class Brand:
    """The product as its pages show it; `logo` is "" or the file's content and type."""

    name: str
    support: str
    colour: Colour
    logo: bytes = b""
    logo_type: str = ""

    @property
    def support_link(self) -> str:
        """Where support is reached; "" where nobody said."""
        return f"mailto:{self.support}" if "@" in self.support and "://" not in self.support else self.support

    def css(self) -> bytes:
        """The colours of the brand as variables, readable on light and on dark."""
        light, on_light = _fill(self.colour)
        dark, on_dark = _fill(_until_readable(self.colour, _DARK_GROUND, _WHITE))
        light_text = _until_readable(self.colour, _LIGHT_GROUND, (0, 0, 0))
        return (
            ":root {"
            f"--accent: light-dark({_hex(light)}, {_hex(dark)});"
            f"--on-accent: light-dark({_hex(on_light)}, {_hex(on_dark)});"
            f"--accent-text: light-dark({_hex(light_text)}, {_hex(dark)});"
            "}\n"
        ).encode()


def brand_of(settings: Settings) -> Brand:
    """The brand by the settings; raises `SettingsProblem` where the logo cannot be used."""
    logo, kind = _logo(settings.product_logo) if settings.product_logo else (b"", "")
    return Brand(settings.product_name, settings.support_address, settings.product_colour, logo, kind)


def _logo(path: Path) -> tuple[bytes, str]:
    kind = mimetypes.guess_type(path.name)[0] or ""
    if kind not in LOGO_TYPES:
        raise SettingsProblem([f"product_logo: {path} is to be an .svg, .png, .webp or .jpg file"])
    try:
        octets = path.read_bytes()
    except OSError as fault:
        raise SettingsProblem([f"product_logo: {path} cannot be read ({fault.strerror})"]) from fault
    if len(octets) > _LOGO_LIMIT_BYTES:
        raise SettingsProblem([f"product_logo: {path} may have at most {_LOGO_LIMIT_BYTES // 1024} KiB"])
    return octets, kind


def contrast(one: Colour, other: Colour) -> float:
    """How far two colours are apart, from 1 to 21 (WCAG 2.2)."""
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _luminance(colour: Colour) -> float:
    parts = [value / 255 for value in colour]
    red, green, blue = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _fill(colour: Colour) -> tuple[Colour, Colour]:
    """A colour for areas, and the one of text on it."""
    if contrast(colour, _WHITE) >= _READABLE:
        return colour, _WHITE
    if contrast(colour, _BLACK) >= _READABLE:
        return colour, _BLACK
    return _until_readable(colour, _WHITE, (0, 0, 0)), _WHITE


def _until_readable(colour: Colour, ground: Colour, towards: Colour) -> Colour:
    """The colour itself, or the nearest shade of it on the way to black or white that can be read on this ground."""
    red, green, blue = (value / 255 for value in colour)
    hue, lightness, saturation = colorsys.rgb_to_hls(red, green, blue)
    end = towards[0] / 255
    for step in range(100):
        # Less colour on the way: a dark shade made light would shine.
        shade = _rgb(hue, lightness + (end - lightness) * step / 100, saturation * (1 - step / 100) ** 2)
        if contrast(shade, ground) >= _READABLE:
            return shade
    return towards


def _rgb(hue: float, lightness: float, saturation: float) -> Colour:
    red, green, blue = (round(part * 255) for part in colorsys.hls_to_rgb(hue, lightness, saturation))
    return red, green, blue


def _hex(colour: Colour) -> str:
    return "#{:02x}{:02x}{:02x}".format(*colour)

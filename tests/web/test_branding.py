"""The colour of a deployment: whatever it is, text in it and on it can be read."""

import re

from hypothesis import given
from hypothesis import strategies as st

from hallway.web.branding import Brand, contrast

CHANNEL = st.integers(0, 255)
LIGHT, DARK = ((255, 255, 255), (243, 245, 245)), ((27, 31, 32), (36, 41, 43))
READABLE = 4.49
"""4.5, less what is lost where colours are rounded to whole steps."""


def colours(brand: Brand) -> dict[str, tuple[tuple[int, int, int], tuple[int, int, int]]]:
    """Each variable's colour on light and on dark."""
    found = re.findall(r"--([a-z-]+): light-dark\(#([0-9a-f]{6}), #([0-9a-f]{6})\);", brand.css().decode())
    return {name: (channels(light), channels(dark)) for name, light, dark in found}


def channels(digits: str) -> tuple[int, int, int]:
    red, green, blue = bytes.fromhex(digits)
    return red, green, blue


@given(st.tuples(CHANNEL, CHANNEL, CHANNEL))
def test_every_colour_is_made_readable_in_both_themes(colour: tuple[int, int, int]) -> None:
    made = colours(Brand("Hallway", "", colour))
    for theme in (0, 1):
        assert contrast(made["on-accent"][theme], made["accent"][theme]) >= READABLE
    assert all(contrast(made["accent-text"][0], ground) >= READABLE for ground in LIGHT)
    assert all(contrast(made["accent-text"][1], ground) >= READABLE for ground in DARK)


def test_a_colour_that_can_be_read_stays_as_it_is() -> None:
    made = colours(Brand("Hallway", "", (11, 100, 119)))
    assert made["accent"][0] == made["accent-text"][0] == (11, 100, 119)


def test_support_is_reached_by_mail_or_on_a_page() -> None:
    assert Brand("", "help@acme.example", (0, 0, 0)).support_link == "mailto:help@acme.example"
    assert Brand("", "https://acme.example/help", (0, 0, 0)).support_link == "https://acme.example/help"
    assert Brand("", "", (0, 0, 0)).support_link == ""

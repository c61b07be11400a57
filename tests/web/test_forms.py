"""Forms, the words of a language, and what a person is offered at the side."""

import pytest

from hallway.web.forms import FormErrors, form_of
from hallway.web.http import MalformedRequest
from hallway.web.language import languages
from hallway.web.navigation import CONSOLE, Navigation


def test_a_form_gives_lines_exact_texts_boxes_and_lists() -> None:
    form = form_of(b"name=+Ada%20&secret=+s+&box=on&tag=a&tag=b&empty=")
    assert (form["name"], form.line("name"), form.exact("secret")) == ("Ada", "Ada", " s ")
    assert form.ticked("box") and not form.ticked("other")
    assert form.all("tag") == ("a", "b") and form["tag"] == "a" and form.all("none") == ()
    assert form["none"] == form["empty"] == ""
    assert list(form) == ["name", "secret", "box", "tag", "empty"] and len(form) == 5


@pytest.mark.parametrize("body", [b"a=%ff", b"%00=1", b"a=%00", "ä=1".encode(), b"&".join([b"a=1"] * 501)])
def test_a_form_of_no_meaning_is_refused(body: bytes) -> None:
    with pytest.raises(MalformedRequest):
        form_of(body)


def test_the_first_error_of_a_field_stands_in_the_language_of_the_page() -> None:
    errors = FormErrors()
    assert not errors and "name" not in errors
    errors.add("name", "Enter a name for this directory")
    errors.add("name", "Never seen")
    errors.add("", "No group here has “%(asked)s” in its name.", asked="<b>")
    assert errors and "name" in errors
    assert errors.said(languages()["de"]) == {
        "name": "Geben Sie diesem Verzeichnis einen Namen", "": "Hier hat keine Gruppe „<b>“ im Namen.",
    }  # fmt: skip


def test_numbers_and_times_are_written_as_the_language_writes_them() -> None:
    english, german = languages()["en"], languages()["de"]
    at = 1_795_442_531_000_000
    assert (english.number(12345.6), german.number(12345.6)) == ("12,345.6", "12.345,6")
    assert (english.instant(at), german.instant(at)) == ("23 Nov 2026, 14:02 UTC", "23. Nov. 2026, 14:02 UTC")
    assert (english.day(at), german.day(at)) == ("23 Nov 2026", "23. Nov. 2026")
    assert (english.since(at, at + 7200 * 1_000_000), german.since(at, at - 60_000_000)) == (
        "2 hours ago", "in 1 Minute",
    )  # fmt: skip
    assert german.plural("There is a problem", "There are %(num)s problems", 1000) == "Es gibt 1.000 Probleme"
    assert (english.name, german.name) == ("English", "Deutsch")


def test_only_what_is_served_and_open_to_the_role_is_listed() -> None:
    served = frozenset({"/directories", "/settings/general", "/settings/members"})
    shown = Navigation(served).shown(CONSOLE, "/settings/members/new", "guest", languages()["de"])
    assert [(label, [(one.label, one.current) for one in entries]) for label, entries in shown] == [
        ("Einstellungen der Organisation", [("Mitglieder", True)])
    ]
    admin = Navigation(served).shown(CONSOLE, "/directories-of-others", "admin", languages()["en"])
    assert [one.path for _, entries in admin for one in entries] == [
        "/directories", "/settings/general", "/settings/members",
    ]  # fmt: skip
    assert not any(one.current for _, entries in admin for one in entries)


@pytest.mark.parametrize(
    ("path", "current"),
    [
        ("/settings/sso/enforcement", "/settings/sso"),
        ("/connections/conn_1/guide", "/settings/sso"),
        ("/connections/attempts/att_1", "/connections/attempts"),
    ],
)
def test_a_page_that_stands_elsewhere_has_its_entry(path: str, current: str) -> None:
    served = frozenset({"/directories", "/settings/sso", "/connections/attempts"})
    shown = Navigation(served).shown(CONSOLE, path, "admin", languages()["en"])
    assert [one.path for _, entries in shown for one in entries if one.current] == [current]

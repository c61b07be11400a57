"""Catalogues are brought up to date without losing a translation."""

from pathlib import Path

import pytest

from hallway.web import extracting, language


def test_what_is_said_no_more_goes_and_what_is_known_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "de"
    folder.mkdir()
    (folder / "frame.po").write_text('msgid "Sign out"\nmsgstr "Abmelden"\n\nmsgid "Gone"\nmsgstr "Weg"\n')
    (folder / "operator.po").write_text('msgid "Gone"\nmsgstr "Weg"\n')
    monkeypatch.setattr(extracting, "CATALOGUES", tmp_path)
    monkeypatch.setattr(extracting, "AREAS", (*extracting.AREAS, "nowhere"))
    (folder / "nowhere.po").write_text('msgid "Gone too"\nmsgstr "Auch weg"\n')
    extracting.main()
    whole = language.catalogue(folder / "frame.po")
    kept = whole.get("Sign out")
    assert kept is not None and kept.string == "Abmelden"
    assert whole.get("Gone") is None and not (folder / "nowhere.po").exists()
    assert whole.get("Theme") is not None
    several = whole.get("There is a problem")
    assert several is not None and several.id == ("There is a problem", "There are %(num)s problems")


@pytest.mark.parametrize(
    ("file", "area"),
    [
        ("web/templates/components.html", "frame"),
        ("web/templates/directories/list.html", "directories"),
        ("web/console/directories/tokens.py", "directories"),
        ("hub/directories/tokens.py", "directories"),
        ("web/console/settings/members.py", "settings"),
        ("hub/organizations/members.py", "settings"),
        ("accounts/registration.py", "account"),
        ("web/account/sign_in.py", "account"),
        ("web/operator/pages.py", "operator"),
    ],
)
def test_each_file_speaks_in_the_catalogue_of_its_area(file: str, area: str) -> None:
    assert extracting.area_of(file) == area

"""The guides of the pages and the how-to pages say the same."""

import pytest

from hallway.hub.directories.model import Provider
from hallway.web.console.directories.guides import GUIDES
from tests.house.source import ROOT


@pytest.mark.parametrize("provider", Provider, ids=lambda one: one.value)
def test_a_guide_and_its_how_to_name_the_same_fields(provider: Provider) -> None:
    guide = GUIDES[provider]
    text = " ".join((ROOT / "docs" / "how-to" / f"{guide.page}.md").read_text(encoding="utf-8").split()).lower()
    fields = [paste.field for step in guide.steps for paste in step.pastes]
    assert fields and [field for field in fields if field.lower() not in text] == []


@pytest.mark.parametrize("provider", Provider, ids=lambda one: one.value)
def test_a_guide_has_an_address_a_token_what_one_sees_and_what_goes_wrong(provider: Provider) -> None:
    guide = GUIDES[provider]
    assert {"base_url", "token"} <= {paste.what for step in guide.steps for paste in step.pastes}
    assert guide.worked and guide.traps and all(step.acts for step in guide.steps)

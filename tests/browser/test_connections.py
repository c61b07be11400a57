"""Connections in a real browser: what only a script does."""

from pathlib import Path

from tests.browser.conftest import WIDE, OpenWindow
from tests.browser.test_every_page import town
from tests.furnished import House
from tests.running import RunningHub
from tests.web.federation import metadata

__all__ = ["town"]


def test_a_file_of_metadata_fills_the_box(town: tuple[RunningHub, House], window: OpenWindow, tmp_path: Path) -> None:
    running, house = town
    visitor = window(WIDE, "light")
    visitor.base = f"http://hub.localhost:{running.port}"
    visitor.page.context.add_cookies(
        [{"name": name, "value": value, "url": visitor.base} for name, value in house.cookies["admin"].items()]
    )
    file = tmp_path / "metadata.xml"
    file.write_bytes(metadata("idp"))
    visitor.open(house.path("/connections/{connection}/metadata"))
    visitor.page.set_input_files("#file", file)
    visitor.page.wait_for_function("document.getElementById('given').value.startsWith('<EntityDescriptor')")
    visitor.page.get_by_role("button", name="Save").click()
    visitor.page.wait_for_url(f"**/connections/{house.values['connection']}")

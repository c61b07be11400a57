"""Every page in both themes, narrow and wide, without scripts, and by keyboard alone."""

import re

import pytest

from tests.browser.conftest import NARROW, WIDE, OpenWindow

PAGES = {
    "patterns": ("/patterns", 200),
    "patterns-wrong": ("/patterns?wrong=1", 422),
    "nothing-here": ("/nothing-here", 404),
}
"""Pages that everybody may open, by the name of their picture: path and status."""


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"])
@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_accessible_and_stays_within_its_window(
    window: OpenWindow, name: str, size: tuple[int, int], theme: str
) -> None:
    path, status = PAGES[name]
    visitor = window(size, theme)
    assert visitor.open(path) == status
    visitor.picture(f"{name}-{theme}-{size[0]}")
    assert visitor.findings() == []
    assert visitor.is_within()


def test_axe_finds_what_is_wrong(window: OpenWindow) -> None:
    visitor = window()
    visitor.open("/patterns")
    visitor.page.evaluate("document.querySelector('label[for=name]').remove()")
    assert [finding for finding in visitor.findings() if finding.startswith("label:")] != []


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_an_open_question_is_accessible(window: OpenWindow, theme: str) -> None:
    visitor = window(theme=theme)
    visitor.open("/patterns")
    visitor.page.click("text=Delete directory")
    assert visitor.page.locator("dialog.confirm").is_visible()
    visitor.picture(f"patterns-question-{theme}")
    assert visitor.findings() == []


@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"])
def test_nothing_needs_a_script(window: OpenWindow, size: tuple[int, int]) -> None:
    visitor = window(size, scripts=False)
    visitor.open("/patterns")
    page = visitor.page
    assert not page.locator("[data-copy]").first.is_visible()
    page.get_by_role("button", name="Delete directory").first.click()
    dialog = page.locator("dialog.confirm")
    assert dialog.is_visible()
    visitor.picture(f"patterns-question-without-scripts-{size[0]}")
    dialog.get_by_role("button", name="Not now").click()
    assert not dialog.is_visible()
    page.get_by_label("Search people").fill("ada")
    page.get_by_role("button", name="Search").click()
    assert page.url.endswith("/patterns?q=ada") and page.locator("tbody tr", has_text="@acme").count() == 1
    if size == NARROW:
        page.get_by_text("Menu", exact=True).click()
    page.get_by_role("button", name="Dark").locator("visible=true").click()
    assert page.locator("html").get_attribute("data-theme") == "dark"
    assert page.url.endswith("/patterns?q=ada")


def test_the_theme_switches_at_once_and_stays(window: OpenWindow) -> None:
    visitor = window(theme="light")
    visitor.open("/patterns")
    page = visitor.page
    light = page.evaluate("getComputedStyle(document.body).backgroundColor")
    with page.expect_response(re.compile("/preferences$")):
        page.get_by_role("button", name="Dark").locator("visible=true").click()
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") != light
    visitor.open("/patterns")
    assert page.locator("html").get_attribute("data-theme") == "dark"
    assert page.get_by_role("button", name="Dark").locator("visible=true").get_attribute("aria-pressed") == "true"


def test_german_is_a_click_away(window: OpenWindow) -> None:
    visitor = window()
    visitor.open("/nothing-here")
    visitor.page.get_by_role("button", name="Deutsch").click()
    visitor.open("/nothing-here")
    assert visitor.page.locator("h1").inner_text() == "Unter dieser Adresse gibt es nichts"


def test_a_value_is_copied(window: OpenWindow) -> None:
    visitor = window()
    visitor.page.context.grant_permissions(["clipboard-read", "clipboard-write"], origin=visitor.base)
    visitor.open("/patterns")
    visitor.page.get_by_role("button", name="Copy Base URL").first.click()
    assert visitor.page.get_by_text("Copied").first.is_visible()
    copied = visitor.page.evaluate("navigator.clipboard.readText()")
    assert copied == visitor.page.get_by_label("Base URL").first.input_value()


def test_the_errors_of_a_form_have_the_focus_and_lead_to_their_fields(window: OpenWindow) -> None:
    visitor = window()
    visitor.open("/patterns?wrong=1")
    page = visitor.page
    assert page.title().startswith("Error: ")
    assert page.evaluate("document.activeElement.className") == "error-summary"
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "name"
    assert page.evaluate("document.activeElement.getAttribute('aria-invalid')") == "true"


def test_a_search_answers_while_one_types(window: OpenWindow) -> None:
    visitor = window()
    visitor.open("/patterns")
    page = visitor.page
    with page.expect_response(re.compile(r"/patterns\?q=wolfe$")) as answered:
        page.get_by_label("Search people").press_sequentially("wolfe")
    assert answered.value.request.headers["hx-request"] == "true"
    page.locator("#found tbody tr", has_text="Ada").wait_for(state="detached")
    assert page.locator("#found tbody tr").count() == 1
    assert page.evaluate("document.activeElement.id") == "q"


def test_times_are_in_the_zone_of_the_reader(window: OpenWindow) -> None:
    visitor = window()
    visitor.open("/patterns")
    time = visitor.page.locator("time").first
    assert time.inner_text() == "23 Nov 2026, 15:02 CET"
    assert time.get_attribute("title") == "23 Nov 2026, 14:02 UTC"
    assert time.get_attribute("datetime") == "2026-11-23T14:02:11Z"


def test_a_page_is_walked_by_keyboard_alone(window: OpenWindow) -> None:
    """Every stop is seen: it has an outline, it is in the window, and Tab never gets caught."""
    visitor = window()
    visitor.open("/patterns")
    page = visitor.page
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"
    stops = []
    for _ in range(80):
        page.keyboard.press("Tab")
        stop = page.evaluate(SEEN)
        if stop is None:
            break
        stops.append(stop)
    else:
        raise AssertionError("the walk does not end")
    assert len(stops) > 20
    assert [stop["what"] for stop in stops if not stop["outlined"] or not stop["inside"]] == []
    page.get_by_role("button", name="Delete directory").first.focus()
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.innerText") == "Not now"
    page.keyboard.press("Escape")
    assert not page.locator("dialog.confirm").is_visible()
    assert page.evaluate("document.activeElement.innerText") == "Delete directory"


SEEN = """() => {
  const one = document.activeElement;
  if (one === document.body) return null;
  const box = one.getBoundingClientRect();
  const outlined = [one, one.querySelector("::after")].some(() =>
    getComputedStyle(one).outlineStyle !== "none" || getComputedStyle(one, "::after").outlineStyle !== "none");
  return {
    what: one.outerHTML.slice(0, 120),
    outlined,
    inside: box.bottom > 0 && box.top < innerHeight,
  };
}"""


def test_what_can_be_hit_is_large_enough(window: OpenWindow) -> None:
    """24 pixels each way (WCAG 2.2, 2.5.8), but for links within a sentence."""
    visitor = window(NARROW)
    visitor.open("/patterns")
    small = visitor.page.evaluate(
        """() => [...document.querySelectorAll("button, summary, input, select, nav a, .button")]
          .filter((one) => one.checkVisibility({visibilityProperty: true}))
          .filter((one) => !one.closest("label") && one.type !== "hidden")
          .map((one) => [one.outerHTML.slice(0, 100), one.getBoundingClientRect()])
          .filter(([_, box]) => box.width && (box.width < 24 || box.height < 24))
          .map(([what]) => what)"""
    )
    assert small == []


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_menu_of_a_narrow_window_opens_below_its_bar(window: OpenWindow, theme: str) -> None:
    visitor = window(NARROW, theme)
    visitor.open("/patterns")
    menu = visitor.page.locator("details.menu")
    before = menu.bounding_box()
    menu.locator("summary").click()
    assert menu.locator("nav").count() == 1 and menu.get_by_role("button", name="Dark").is_visible()
    assert menu.locator("summary").bounding_box() == before
    assert visitor.is_within() and visitor.findings() == []
    visitor.picture(f"patterns-menu-{theme}")

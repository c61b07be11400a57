"""Applications in a real browser: the first one, its secret, a wrong address, the next secret, the end."""

import pytest

from hallway.accounts.model import DEPLOYMENT, Realm
from hallway.hub.operators.model import NewOperator, Operator, OperatorRole, OperatorState
from hallway.journal.model import Change
from hallway.web.wiring import Hub, operator_desk
from tests.browser.conftest import NARROW, WIDE, OpenWindow, Window
from tests.furnished import person
from tests.running import RunningHub

BACK = "https://fieldbook.example/callback"


def owner(hub: RunningHub, email: str) -> dict[str, str]:
    """The cookies of an owner who signed in just now."""

    async def make(opened: Hub) -> dict[str, str]:
        account, cookies = await person(opened, email, "Olga Berg", Realm.OPERATOR)
        now = operator_desk(opened).clock()
        made = Operator(account.id, OperatorRole.OWNER, OperatorState.ACTIVE, now, 0)
        await opened.stores.database.commit(Change(DEPLOYMENT, (NewOperator(made),)))
        return cookies

    return hub.act(make)


def looked_at(visitor: Window, name: str) -> None:
    """A picture, nothing for axe to find, nothing that stands out."""
    visitor.picture(name)
    assert visitor.findings() == []
    assert visitor.is_within()


@pytest.mark.parametrize(
    ("size", "theme", "scripts"), [(WIDE, "light", True), (NARROW, "dark", True), (WIDE, "dark", False)],
    ids=["wide", "narrow", "without scripts"],
)  # fmt: skip
def test_an_owner_makes_an_application_and_changes_its_secret(
    hub: RunningHub, window: OpenWindow, size: tuple[int, int], theme: str, scripts: bool
) -> None:
    mark = f"{theme}-{size[0]}"
    visitor = window(size, theme, scripts)
    page = visitor.page
    for name, value in owner(hub, f"olga-{mark}@apps.example").items():
        page.context.add_cookies([{"name": name, "value": value, "url": visitor.base}])

    visitor.open("/operator/applications")
    if scripts:
        looked_at(visitor, f"operator-applications-empty-{mark}")
    page.get_by_role("link", name="Add an application").click()
    page.get_by_label("On your servers").check()
    page.get_by_role("button", name="Continue").click()
    page.get_by_label("Name", exact=True).first.fill("Fieldbook")
    page.get_by_label("Redirect addresses").fill("http://fieldbook.example/callback")
    page.get_by_role("button", name="Make application").click()
    page.get_by_role("link", name="cannot be registered").click()
    assert page.get_by_label("Redirect addresses").input_value() == "http://fieldbook.example/callback"
    if scripts:
        looked_at(visitor, f"operator-application-wrong-{mark}")
    page.get_by_label("Redirect addresses").fill(BACK)
    page.get_by_role("button", name="Make application").click()
    page.get_by_role("heading", name="New secret").wait_for()
    first = page.get_by_label("Secret of Fieldbook").input_value()
    assert first.startswith("hw_client_")
    if scripts:
        looked_at(visitor, f"operator-application-once-{mark}")
    page.get_by_role("link", name="I have stored it").click()

    page.get_by_role("button", name="Add a secret").click()
    assert page.get_by_label("Secret of Fieldbook").input_value() != first
    page.get_by_role("link", name="I have stored it").click()
    page.get_by_role("button", name="End in a day").first.click()
    if scripts:
        looked_at(visitor, f"operator-application-ending-{mark}")
    page.get_by_role("button", name="End secret in a day").click()
    page.get_by_text("Ends soon").locator("visible=true").wait_for()
    page.get_by_role("button", name="Revoke", exact=True).first.click()
    page.get_by_role("button", name="Revoke secret").click()
    page.get_by_text("The secret has ended.").wait_for()

    page.get_by_role("button", name="Delete", exact=True).click()
    if scripts:
        looked_at(visitor, f"operator-application-deleting-{mark}")
    page.get_by_role("button", name="Delete application").click()
    page.get_by_text("Fieldbook was deleted.").wait_for()
    page.get_by_role("heading", name="No application yet").wait_for()

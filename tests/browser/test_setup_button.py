"""The way from the application's *Set up SSO* button and back, in a real browser: no policy of ours stands in it."""

from collections.abc import Iterator

import pytest

from hallway.hub.organizations.model import Plan
from hallway.hub.organizations.proving import add, mark_proved
from hallway.hub.setup.model import Task
from hallway.hub.setup.returning import Returns
from hallway.hub.setup.service import MINUTE, Wish, create
from hallway.web.wiring import Hub, setup_desk
from tests.browser.conftest import WIDE, OpenWindow
from tests.running import ACTOR, RunningHub, sqlite_url


@pytest.fixture(scope="module")
def leading(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningHub]:
    """A Hub whose set-up leads back to another origin: the same server under another name."""
    running = RunningHub(sqlite_url(tmp_path_factory.mktemp("leading")))
    running.environ["HALLWAY_BASE_URL"] = f"http://hub.localhost:{running.port}"
    running.environ["HALLWAY_SETUP_RETURN_URLS"] = f"http://127.0.0.1:{running.port}/patterns"
    running.start()
    yield running
    running.stop()


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no-scripts"])
def test_the_browser_is_led_back_once_all_is_done(leading: RunningHub, window: OpenWindow, scripts: bool) -> None:
    back = f"http://127.0.0.1:{leading.port}/patterns?tenant=4711"

    async def make(hub: Hub) -> str:
        owner = await hub.registrar.create("Acme", Plan.ENTERPRISE, None, ACTOR)
        name = f"acme-{scripts}.example".lower()
        await mark_proved(hub.domain_desk, await add(hub.domain_desk, owner, name, ACTOR), ACTOR)
        wish = Wish((Task.DOMAIN,), lifetime=5 * MINUTE, returns=Returns(back, back), single_use=True)
        return (await create(setup_desk(hub, hub.mailing.letters), owner, wish, ACTOR)).address

    visitor = window(WIDE, "light", scripts=scripts)
    visitor.base = f"http://hub.localhost:{leading.port}"
    assert visitor.open("/setup/open?" + leading.act(make).partition("?")[2]) == 200
    page = visitor.page
    page.get_by_role("button", name="Open the set-up").click()
    assert page.get_by_role("link", name="Back to 127.0.0.1").get_attribute("href") == back
    page.get_by_role("button", name="Finish and go back to 127.0.0.1").click()
    page.get_by_role("link", name="Back to 127.0.0.1").wait_for()
    page.wait_for_url(back)

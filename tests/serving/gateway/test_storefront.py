"""The pages in a browser: what can be done with them, by keyboard too, and what axe finds."""

import pathlib
import re
import shutil

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Error, Page, expect, sync_playwright

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))),
                None)
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking",
             "--disable-component-update", "--disable-sync"]

pytestmark = pytest.mark.skipif(
    CHROMIUM is None, reason="no Chromium is on the PATH: install the package `chromium`")


@pytest.fixture(scope="module")
def browser():
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture(params=["light", "dark"])
def scheme(request) -> str:
    return request.param


@pytest.fixture
def open_page(browser, gateway):
    """Opens pages in which any error of a script, and any foreign request, fails the test."""
    faults = []
    contexts = []

    def open_page(path: str, **options) -> Page:
        context = browser.new_context(reduced_motion="reduce", **options)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(30_000)
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on("console", lambda message: message.type == "error" and faults.append(message.text))
        page.on("request", lambda request: request.url.startswith((gateway, "data:"))
                or faults.append(request.url))
        page.goto(f"{gateway}{path}")
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert faults == []


def _findings(page: Page) -> list[tuple[str, str]]:
    return [
        (violation["id"], violation["nodes"][0]["html"][:200])
        for violation in Axe().run(page).response["violations"]
        if violation["impact"] != "minor"]


@pytest.mark.parametrize(("path", "there"), [
    ("/", ".card"), ("/?q=steel", ".card"), ("/?product=p8", ".product"),
    ("/?view=basket", "h1"), ("/?q=x&brand=none", ".notice"), ("/operator", "table")])
@pytest.mark.parametrize("width", [1280, 390])
def test_axe_finds_nothing(open_page, scheme, path, there, width):
    page = open_page(path, color_scheme=scheme, viewport={"width": width, "height": 800})
    expect(page.locator(there).first).to_be_visible()
    assert _findings(page) == []


def test_axe_finds_nothing_in_the_why_panel(open_page, scheme):
    page = open_page("/?q=steel", color_scheme=scheme)
    page.get_by_role("button", name="Why this?").first.click()
    expect(page.get_by_role("dialog").locator("li").first).to_be_visible()
    assert _findings(page) == []


def test_search_as_you_type(open_page):
    page = open_page("/")
    page.get_by_role("searchbox").press_sequentially("garden hose", delay=20)
    expect(page.get_by_role("heading", level=1)).to_have_text("“garden hose”")
    expect(page.locator(".card .name").first).to_have_text("Garden Hose")
    expect(page.get_by_role("status")).to_have_text("6 products for “garden hose”")
    assert page.url.endswith("/?q=garden+hose")
    assert page.title() == "garden hose – Emporium"


def test_the_last_answer_wins(open_page):
    page = open_page("/")

    def hold_first(route):
        if "q=drill" in route.request.url:
            page.wait_for_timeout(500)
        try:
            route.continue_()
        except Error:
            assert "q=drill" in route.request.url  # broken off by the page

    page.route("**/search?*", hold_first)
    box = page.get_by_role("searchbox")
    box.fill("drill")
    page.wait_for_timeout(200)
    box.fill("hose")
    expect(page.locator(".card .name").first).to_have_text("Garden Hose")
    page.wait_for_timeout(800)
    expect(page.get_by_role("heading", level=1)).to_have_text("“hose”")


def test_keyboard_only_search_open_and_back(open_page):
    page = open_page("/")
    expect(page.locator(".card").first).to_be_visible()
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to products")).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    expect(page.get_by_role("searchbox")).to_be_focused()
    page.keyboard.type("kitchen faucet")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("“kitchen faucet”")
    link = page.get_by_role("link", name="Kitchen Faucet Steel")
    for _ in range(60):
        page.keyboard.press("Tab")
        if link.evaluate("link => link === document.activeElement"):
            break
    expect(link).to_be_focused()
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"/\?product=p8$"))
    heading = page.get_by_role("heading", level=1, name="Kitchen Faucet Steel")
    expect(heading).to_be_focused()
    page.go_back()
    expect(page.get_by_role("heading", level=1)).to_have_text("“kitchen faucet”")
    expect(link).to_be_focused()
    page.go_back()
    expect(page.get_by_role("heading", level=1)).to_have_text("Find what you came for")


def test_filters_are_in_the_address_and_keep_the_focus(open_page):
    page = open_page("/?q=steel")
    acme = page.get_by_role("checkbox", name=re.compile("Acme"))
    acme.focus()
    page.keyboard.press("Space")
    expect(page).to_have_url(re.compile("brand=Acme"))
    expect(page.locator(".card")).to_have_count(3)
    expect(acme).to_be_checked()
    expect(acme).to_be_focused()
    page.get_by_label("To", exact=True).fill("70")
    page.keyboard.press("Enter")
    expect(page.locator(".card")).to_have_count(2)
    page.reload()
    expect(page.locator(".card")).to_have_count(2)
    page.get_by_role("button", name="Clear filters").click()
    expect(page.locator(".card")).to_have_count(6)


def test_a_department_and_the_way_back_up(open_page):
    page = open_page("/")
    page.get_by_role("link", name="Garden", exact=True).click()
    expect(page.locator(".card")).to_have_count(2)
    page.get_by_role("button", name=re.compile("^Tools")).click()
    expect(page).to_have_url(re.compile("Garden"))
    page.get_by_role("button", name="‹ Garden").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Garden")


def test_shoppers_and_what_they_get(open_page):
    page = open_page("/")
    expect(page.get_by_role("heading", name="Popular now")).to_be_visible()
    page.get_by_label("Shopping as").select_option("Shopper 1")
    expect(page.get_by_role("heading", name="Recommended")).to_be_visible()
    expect(page.get_by_text("likes steel, write to [e-mail]")).to_be_visible()
    page.get_by_role("button", name="Why this?").first.click()
    panel = page.get_by_role("dialog")
    expect(panel.get_by_text("What the place depends on")).to_be_visible()
    page.keyboard.press("Escape")
    expect(panel).to_be_hidden()


def test_what_was_looked_at_decides_the_home_page(open_page):
    page = open_page("/?product=p5")
    expect(page.get_by_role("heading", level=1, name="Cordless Drill")).to_be_visible()
    page.get_by_role("link", name="Emporium").click()
    shelf = page.get_by_role("region", name="Recommended")
    # Cordless drill and drill bits share a word; the drill itself was looked at.
    expect(shelf.locator(".card .name").first).to_have_text("Drill Bits Steel")


def test_basket(open_page):
    page = open_page("/?product=p5")
    page.get_by_role("button", name="Add to basket").click()
    basket = page.get_by_role("link", name=re.compile("Basket"))
    expect(basket).to_contain_text("1")
    expect(page.get_by_role("status")).to_contain_text("is in the basket")
    basket.click()
    expect(page.get_by_text("Total")).to_contain_text("50.00")
    page.get_by_role("button", name="Order").click()
    expect(page.get_by_text("Nothing is in it yet.")).to_be_visible()


def test_what_a_catalogue_says_is_text_and_no_markup(open_page):
    page = open_page("/?q=%3Cimg src=x onerror=alert(1)%3E")
    expect(page.get_by_role("heading", level=1)).to_have_text("“<img src=x onerror=alert(1)>”")
    assert page.locator("main img").count() == 0


def test_nothing_is_wider_than_a_telephone(open_page):
    for path in ("/", "/?q=steel", "/?product=p8", "/operator"):
        page = open_page(path, viewport={"width": 360, "height": 700})
        expect(page.locator("h1").first).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth") <= 360, path


def test_files_of_the_pages_are_data_of_the_package():
    folder = pathlib.Path(__file__).parents[3] / "serving/gateway/static"
    setup = (folder.parents[2] / "setup.py").read_text(encoding="utf-8")
    assert all(f'"**/*{suffix}"' in setup for suffix in {file.suffix for file in folder.iterdir()})

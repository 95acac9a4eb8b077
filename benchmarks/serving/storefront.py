"""How soon the storefront shows results: `python -m benchmarks.serving.storefront`.

Drives Chromium against a running gateway. Two times, each from what a shopper does until the
browser has painted the first results:

  typed   from the last letter in the search box (the page waits 80 ms for a further one)
  opened  from the start of a navigation to a page of results, nothing in the browser's cache

Prints the median, the quartiles, the 95th percentile and the slowest; ends with status 1 where a
median is above --budget-ms.
"""

from __future__ import annotations

import argparse
import json
import pathlib
import platform
import statistics

from playwright.sync_api import Page, sync_playwright

ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking",
             "--disable-component-update", "--disable-sync"]
QUERIES = [
    "usb c charger", "desk lamp", "hdmi lead 2 m", "running shoes", "phone case crimson",
    "dog bed", "garden hose", "wood screws brass", "crew neck tee navy", "fountain pen ink",
    "yoga mat", "chef knife", "poster paints", "radio control buggy", "height adjustable desk",
    "knitted gloves", "face cream", "rechargeable cells", "sleeping bag", "bookshelf oak"]

# Notes when results of the query that is in the box are painted: two frames after they are there.
WATCH = """
  window.shown = {};
  new MutationObserver(() => {
    const title = document.querySelector("#results h1")?.textContent;
    if (title && !window.shown[title] && document.querySelector("#results .card")) {
      window.shown[title] = Infinity;
      const note = () => { window.shown[title] = performance.now(); };
      requestAnimationFrame(() => requestAnimationFrame(note));
    }
  }).observe(document, { childList: true, subtree: true });
"""
TYPE = """
  (query) => {
    const box = document.getElementById("q");
    box.focus();
    box.value = query;
    window.shown = {};
    window.typed = performance.now();
    box.dispatchEvent(new Event("input", { bubbles: true }));
  }
"""
PAINTED = "(title) => Number.isFinite(window.shown[title])"


def main() -> int:
    """Measures, prints and, when asked, writes the figures."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--gateway", default="http://127.0.0.1:8080", metavar="URL")
    parser.add_argument("--rounds", type=int, default=3, help="of the 20 queries")
    parser.add_argument("--budget-ms", type=float, default=300.0)
    parser.add_argument("--chromium", default="/usr/bin/chromium", metavar="PATH")
    parser.add_argument("--output", type=pathlib.Path, metavar="FILE")
    args = parser.parse_args()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=args.chromium, args=ARGUMENTS)
        times = {"typed": typed(browser, args.gateway, args.rounds),
                 "opened": opened(browser, args.gateway, args.rounds)}
        version = browser.version
        browser.close()
    results = {name: summary(values) for name, values in times.items()}
    for name, figures in results.items():
        print(f"{name:7}" + "  ".join(f"{key} {value:.0f}" for key, value in figures.items()))
    if args.output:
        args.output.parent.mkdir(parents=True, exist_ok=True)
        args.output.write_text(json.dumps({
            "milliseconds": results, "chromium": version, "machine": platform.platform(),
            "budget_ms": args.budget_ms}, indent=1) + "\n", encoding="utf-8")
    return int(any(figures["median"] > args.budget_ms for figures in results.values()))


def typed(browser, gateway: str, rounds: int) -> list[float]:
    """Milliseconds from the last letter to painted results; the first round warms up."""
    page = new_page(browser)
    page.goto(gateway)
    page.wait_for_selector(".card")
    times = []
    for number in range(rounds + 1):
        for query in QUERIES:
            page.evaluate(TYPE, query)
            page.wait_for_function(PAINTED, arg=f"“{query}”")
            if number:
                times.append(page.evaluate(
                    "(title) => window.shown[title] - window.typed", f"“{query}”"))
    return times


def opened(browser, gateway: str, rounds: int) -> list[float]:
    """Milliseconds from the start of a navigation to painted results."""
    times = []
    for _ in range(rounds):
        for query in QUERIES:
            page = new_page(browser)  # in a context of its own: with an empty cache
            page.goto(f"{gateway}/?q={query.replace(' ', '+')}")
            page.wait_for_function(PAINTED, arg=f"“{query}”")
            times.append(page.evaluate("(title) => window.shown[title]", f"“{query}”"))
            page.context.close()
    return times


def new_page(browser) -> Page:
    """A page that notes when results are painted."""
    page = browser.new_context(viewport={"width": 1280, "height": 860}).new_page()
    page.add_init_script(WATCH)
    return page


def summary(values: list[float]) -> dict[str, float]:
    """Median and spread."""
    ordered = sorted(values)
    first, median, third = statistics.quantiles(ordered, n=4)
    return {"n": len(ordered), "median": median, "first quartile": first,
            "third quartile": third, "95th": ordered[int(0.95 * (len(ordered) - 1))],
            "slowest": ordered[-1]}


if __name__ == "__main__":
    raise SystemExit(main())

"""That the browser of the tests tells what a page does: else no test of pages would mean much."""

from __future__ import annotations

from pathlib import Path

from browser import Visit


def test_a_page_that_is_in_order_has_nothing_to_tell(visit: Visit, tmp_path: Path) -> None:
    file = tmp_path / "page.html"
    file.write_text("<!doctype html><title>in order</title><p>hello", encoding="utf-8")
    page = visit.open(file)
    assert page.inner_text("p") == "hello"
    assert visit.requests == [file.as_uri()]
    assert visit.asked_elsewhere(file.as_uri()) == []


def test_what_goes_wrong_in_a_page_is_told(visit: Visit, tmp_path: Path) -> None:
    file = tmp_path / "page.html"
    file.write_text(
        "<!doctype html><img src='http://127.0.0.1:9/picture.png'>"
        "<script>console.warn('careful'); thrown()</script>",
        encoding="utf-8",
    )
    visit.open(file)
    assert visit.asked_elsewhere(file.as_uri()) == ["http://127.0.0.1:9/picture.png"]
    assert "warning: careful" in visit.errors
    assert any("thrown is not defined" in error for error in visit.errors)
    assert any("ERR_" in error for error in visit.errors)
    visit.errors.clear()


def test_pages_are_seen_light_and_dark_and_narrow(visit: Visit, tmp_path: Path) -> None:
    file = tmp_path / "page.html"
    file.write_text(
        "<!doctype html><style>@media (prefers-color-scheme: dark) { p { color: red } }</style>"
        "<p>hello",
        encoding="utf-8",
    )
    visit.open(file)
    color = "getComputedStyle(document.querySelector('p')).color"
    assert visit.page.evaluate(color) == "rgb(0, 0, 0)"
    visit.again(dark=True, width=320)
    visit.open(file)
    assert visit.page.evaluate(color) == "rgb(255, 0, 0)"
    assert visit.page.evaluate("innerWidth") == 320

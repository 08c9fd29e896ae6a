"""The shell of pages: whatever stands in one is text, and nothing but our own scripts runs."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree

from attacks import ATTACKS, JOINED
from browser import Visit
from places import ROOT

from proto2net.page import element, json_text, page, table, visible

MARKUP = (
    "</script><script>window.canary = 1</script>",
    "</style><script>window.canary = 1</script>",
    "<!--<script>",
    "]]>",
    "<img src=x onerror='window.canary = 1'>",
    "\"onmouseover='window.canary = 1'",
    "&lt;b&gt; & &amp; &#0;",
    "javascript:window.canary=1",
    "\u202eright to left\u2066",
    "\ud800 half a pair",
)
HOSTILE = (*MARKUP, *ATTACKS)


class Texts(HTMLParser):
    """The tags of a page, and the texts by the tag before them."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags = [""]
        self.texts: list[tuple[str, str]] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.tags.append(tag)

    def handle_data(self, data: str) -> None:
        self.texts.append((self.tags[-1], data))


def test_the_policy_names_each_style_and_script_and_allows_nothing_else() -> None:
    text = page("t", styles=["p {}"], scripts=["make('b');"], data={"net": {"a": 1}})
    (policy,) = re.findall(r'Content-Security-Policy" content="([^"]+)"', text)
    rules = dict(rule.strip().split(" ", 1) for rule in policy.replace("&#39;", "'").split(";"))
    assert rules["default-src"] == rules["base-uri"] == rules["form-action"] == "'none'"
    for tag, rule in (("style", "style-src"), ("script", "script-src")):
        found = re.findall(rf"<{tag}>(.*?)</{tag}>", text, re.DOTALL)
        digests = (hashlib.sha256(each.encode()).digest() for each in found)
        assert [f"'sha256-{base64.b64encode(each).decode()}'" for each in digests] == (
            rules[rule].split()
        )


def test_our_styles_and_scripts_end_no_element_that_they_stand_in() -> None:
    files = [file for end in ("css", "js") for file in (ROOT / "proto2net").rglob(f"*.{end}")]
    assert files
    for file in files:
        text = file.read_text(encoding="utf-8").lower()
        assert [end for end in ("</style", "</script", "<!--") if end in text] == [], file


def test_a_text_in_the_body_is_that_text_and_no_tag() -> None:
    rows = [[element("td", text), text] for text in HOSTILE]
    body = [*(element("b", text, title=text) for text in HOSTILE), table(HOSTILE, rows)]
    found = Texts(page(JOINED, body))
    plain = [element("b", "b"), *[element("b")] * (len(HOSTILE) - 1)]
    empty = table(["h"] * len(HOSTILE), [[element("td"), "c"]] * len(HOSTILE))
    assert found.tags == Texts(page("t", [*plain, empty])).tags
    assert [text for tag, text in found.texts if tag == "b" and text != "\n"] == [
        *map(visible, HOSTILE)
    ]
    assert next(text for tag, text in found.texts if tag == "title") == visible(JOINED)


def test_an_element_is_well_formed_xml_whatever_it_holds() -> None:
    for text in HOSTILE:
        root = ElementTree.fromstring(str(element("text", text, title=text)))  # noqa: S314  # ours
        assert root.text == visible(text)
        assert root.attrib.keys() == {"title"}


def test_data_end_no_script_and_are_read_back_as_they_were() -> None:
    for text in HOSTILE:
        written = json_text({text: [text, float("inf"), 1.5]})
        assert written.isascii()
        assert not set("<>&") & set(written)
        assert json.loads(written) == {text: [text, "inf", 1.5]}


def test_a_browser_shows_hostile_texts_and_runs_nothing(visit: Visit, tmp_path: Path) -> None:
    script = """
      for (const text of told("texts")) {
        document.body.append(make("b", {title: text}, text));
        document.body.append(makeSvg("svg", {}, makeSvg("text", {}, text)));
      }
    """
    given = [text for text in HOSTILE if "\ud800" not in text]
    body = [element("p", text, title=text) for text in given]
    (tmp_path / "page.html").write_text(
        page("hostile", body, scripts=[script], data={"texts": given}), encoding="utf-8"
    )
    shown = visit.open(tmp_path / "page.html")
    assert shown.locator("b").all_text_contents() == given
    assert shown.locator("p").count() == shown.locator("svg text").count() == len(given)
    assert shown.evaluate("window.canary") is None
    assert visit.requests == [(tmp_path / "page.html").as_uri()]
    assert visit.errors == []


def test_what_is_put_into_a_page_past_the_shell_does_not_run(visit: Visit, tmp_path: Path) -> None:
    """If one of us forgot to escape: the policy is there for that."""
    hole = "<img src=x onerror='window.canary = 1'><script>window.canary = 1</script>"
    text = page("t", [element("p", "here")]).replace("here", hole)
    (tmp_path / "page.html").write_text(text, encoding="utf-8")
    shown = visit.open(tmp_path / "page.html")
    assert shown.evaluate("window.canary") is None
    assert any("Content Security Policy" in error for error in visit.errors)
    visit.errors.clear()

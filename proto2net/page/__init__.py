"""The shell of every page of HTML that is written: one file, which asks nobody for anything.

Styles and scripts are files of ours that are put into the page. A policy (Content-Security-Policy)
names them by their hashes, so a browser runs nothing else: nothing that a definition could say.
What the scripts show is data beside them, in JSON.
"""

from __future__ import annotations

import base64
import hashlib
import json
import math
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from proto2net.page.elements import Child, Element, element, table, visible

__all__ = ["STYLE", "Child", "Element", "asset", "element", "json_text", "page", "table", "visible"]

_IN_JSON = {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026"}
"""What could end the element that JSON stands in, or begin a comment there."""


def asset(module: str, name: str) -> str:
    """A style or a script that stands beside the module of this `__file__`."""
    return Path(module).with_name(name).read_text(encoding="utf-8")


STYLE = asset(__file__, "style.css")
"""The style that every page has: colours, of families of layers too, type, tables and buttons."""


def page(
    title: str,
    body: Iterable[Element] = (),
    *,
    styles: Iterable[str] = (),
    scripts: Iterable[str] = (),
    data: Mapping[str, object] | None = None,
) -> str:
    """The text of a page. Scripts run in order, behind page.js, once all else is there.

    A script gets what `data` has by a name with `told(name)`, which page.js defines. Text in the
    body is text, whatever it has in it.
    """
    shown, run = [STYLE, *styles], [asset(__file__, "page.js"), *scripts]
    policy = [
        "default-src 'none'",
        "img-src data:",  # the icon, for which a browser would ask the server
        f"style-src {_hashes(shown)}",
        f"script-src {_hashes(run)}",
        "base-uri 'none'",
        "form-action 'none'",
    ]
    head = [
        element("meta", charset="utf-8"),
        element("meta", http_equiv="Content-Security-Policy", content="; ".join(policy)),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", name="color-scheme", content="light dark"),
        element("link", rel="icon", href="data:,"),
        element("title", title),
    ]
    lines = [
        "<!DOCTYPE html>",
        '<html lang="en">',
        "<head>",
        *map(str, head),
        *(f"<style>{style}</style>" for style in shown),
        "</head>",
        "<body>",
        *map(str, body),
        *(
            f'<script type="application/json" id="{name}">{json_text(value)}</script>'
            for name, value in (data or {}).items()
        ),
        *(f"<script>{script}</script>" for script in run),
        "</body>",
        "</html>",
    ]
    return "\n".join(lines) + "\n"


def json_text(value: object) -> str:
    """JSON that can stand in a page. What is no finite number is a text: "nan", "inf", "-inf"."""
    try:
        text = _dumped(value)
    except ValueError:
        text = _dumped(_finite(value))
    for char, escape in _IN_JSON.items():
        text = text.replace(char, escape)
    return text


def _dumped(value: object) -> str:
    """Only ASCII, so that it is the same in any encoding."""
    return json.dumps(value, allow_nan=False, separators=(",", ":"))


def _finite(value: Any) -> Any:
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if isinstance(value, Mapping):
        return {key: _finite(each) for key, each in value.items()}
    return [*map(_finite, value)] if isinstance(value, list | tuple) else value


def _hashes(texts: Iterable[str]) -> str:
    """How a policy names styles and scripts."""
    made = (hashlib.sha256(text.encode()).digest() for text in texts)
    return " ".join(f"'sha256-{base64.b64encode(digest).decode()}'" for digest in made)

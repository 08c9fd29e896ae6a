"""Pictures of networks: a page to look around in, or a file of SVG.

`diagram` makes boxes and lines of a graph and its blocks, `layered` gives them rows and places,
`plan` has the result, and two draw it: `svg` a file, and drawing.js a page. There cards.js tells
what is known of a layer, and view.js does what a reader asks for.
"""

from __future__ import annotations

from typing import Any

from proto2net.api import Net, parse
from proto2net.errors import Proto2NetError
from proto2net.graph import Graph
from proto2net.page import asset, element, page, visible
from proto2net.picture.diagram import diagram
from proto2net.picture.plan import plan

FORMS = ("html", "svg")
"""What a picture can be."""


def view(net: Net, *, form: str = "html", opened: bool = False, **options: Any) -> str:
    """The picture of a network: a page of HTML, or a file of SVG with all blocks closed or opened.

    The page has all in it, and asks nobody for anything. The other options are those of `parse`.
    """
    if form not in FORMS:
        raise Proto2NetError(f'no form "{form}" of a picture', f"these are: {', '.join(FORMS)}")
    graph = parse(net, **options)
    if form == "svg":
        from proto2net.picture.svg import svg

        return svg(graph, plan(graph, diagram(graph)), is_open=opened)
    return _page(graph, opened=opened)


def _page(graph: Graph, *, opened: bool) -> str:
    from proto2net.picture.svg import style
    from proto2net.picture.told import told

    data = told(graph, plan(graph, diagram(graph))) | {"opened": opened}
    return page(
        visible(graph.name) or "A network",
        [element("main", id="view")],
        styles=[style(), asset(__file__, "view.css")],
        scripts=[*(asset(__file__, name) for name in SCRIPTS), _START],
        data={"net": data},
    )


SCRIPTS = ("drawing.js", "cards.js", "view.js")
"""What a page runs to show pictures, in this order, behind page.js."""

_START = 'draw(document.getElementById("view"), told("net"));'

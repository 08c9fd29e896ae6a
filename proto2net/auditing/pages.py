"""An audit as a page."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from proto2net import facts
from proto2net.auditing.files import name_of
from proto2net.errors import Issue
from proto2net.graph import Graph
from proto2net.images import prepared
from proto2net.inspection.forms import field_cells
from proto2net.outline.table import rows as table_rows
from proto2net.page import Child, Element, asset, element, page
from proto2net.picture.diagram import diagram
from proto2net.picture.plan import plan
from proto2net.picture.svg import drawing, style
from proto2net.results import results
from proto2net.shape import dims
from proto2net.text import bytes_text, counted
from proto2net.verify import Difference

if TYPE_CHECKING:
    from proto2net.auditing import Audit

_NOTHING = "Nothing was assumed, left out or ignored as it was read."

_MOST_ROWS = 20
"""So many blobs of a comparison are shown: the first that differ most."""


def page_of(audit: Audit) -> str:
    """The text of the page."""
    title = f"Audit of {short(audit.graph.name)}"
    made = f"Made by proto2net {audit.version} on {audit.date}, with Python {audit.python}."
    body = element(
        "main",
        element("h1", title),
        element("p", made, class_="pale"),
        _section("In short", _short(audit)),
        _section("Files", _files(audit)),
        _section("The network", _network(audit.graph)),
        _section("Picture", _picture(audit.graph)),
        _section("Forks of Caffe", _forks(audit)),
        _section("What was assumed", _notes(audit)),
        _section("Targets", _targets(audit)),
        _section("Comparison", _comparison(audit)),
        _section("Layers", _layers(audit.graph)),
        _section("Learned arrays", _arrays(audit)),
        _section("Licences", _licences(audit)),
    )
    return page(title, [body], styles=[style(), asset(__file__, "audit.css")])


def _section(title: str, content: Iterable[Element]) -> Element:
    name = title.lower().replace(" ", "-")
    return element("section", element("h2", title), *content, id=name)


# ---- sections -------------------------------------------------------------------------------


def _short(audit: Audit) -> Iterator[Element]:
    total = facts.totals(audit.graph)
    lacking = [each.target for each in audit.exported if each.issues]
    found = audit.verified.comparison
    if audit.arrays is None:
        arrays = "No weights were given, so nothing is known of what it has learned."
    else:
        number = len(audit.warnings)
        odd = counted(number, "warning") if number else "nothing odd"
        arrays = f"{counted(len(audit.arrays), 'learned array')}: {odd}."
    lines = [
        f"{counted(total.layers, 'layer')}, {counted(total.parameters, 'parameter')}, "
        f"{total.macs:,} multiply-adds per {audit.graph.image}.",
        f"It needs layers of {', '.join(audit.forks)}."
        if audit.forks
        else "It needs no fork: all layer types are Caffe's own.",
        f"{counted(len(audit.notes), 'note')} on what was assumed, left out or ignored."
        if audit.notes
        else _NOTHING,
        f"It does not convert to {', '.join(lacking)}."
        if lacking
        else "It converts to all targets.",
        f"{found.verdict}." if found else f"Nothing was compared: {audit.verified.why}.",
        arrays,
        f"{counted(len(audit.licences), 'text')} on licences and rights found."
        if audit.licences
        else "Nothing on licences or rights was found in the files or beside them.",
    ]
    yield element("ul", *(element("li", line) for line in lines))


def _files(audit: Audit) -> Iterator[Element]:
    if not audit.files:
        yield element("p", "The definition was given as a text, and no file was read.")
        return
    rows: list[list[Child]] = [
        [each.what, name_of(each.path), _number(f"{each.size:,}"), _hash(each.sha256)]
        for each in audit.files
    ]
    yield _table(["what", "file", "bytes", "SHA-256"], rows, numbers={2})


def _network(graph: Graph) -> Iterator[Element]:
    total, told = facts.totals(graph), results(graph)
    training = ", ".join(
        f"{bytes_text(total.training_bytes[each])} with {each}" for each in ("SGD", "Adam")
    )
    known: list[tuple[str, str]] = [("name", short(graph.name)), ("phase", graph.phase.lower())]
    known += [(f"input {short(blob.name)}", dims(graph.open_shape(blob))) for blob in graph.inputs]
    if images := prepared(graph):
        known.append(("images", f"{images.name}: {images}"))
    for blob in graph.outputs:
        meaning = f": {told[blob]}" if blob in told else ""
        known.append((f"output {short(blob.name)}", f"{dims(graph.open_shape(blob))}{meaning}"))
    batch = f"{counted(total.batch, 'image')}" + f" of {total.example}" * bool(total.example)
    known += [
        ("parameters", f"{total.parameters:,} ({bytes_text(total.parameter_bytes)} as float32)"),
        ("multiply-adds", f"{total.macs:,} per {graph.image}"),
        (
            "activations",
            f"{bytes_text(total.activation_bytes)} for {batch}, and "
            f"{bytes_text(total.activation_peak_bytes)} if each is freed after its last reader",
        ),
        ("a training takes", f"{training}, for {batch}"),
    ]
    yield _facts(known)


def _picture(graph: Graph) -> Iterator[Element]:
    shown = drawing(graph, plan(graph, diagram(graph)))
    yield element("div", shown, class_="picture", tabindex=0, role="group", aria_label="Picture")


def _forks(audit: Audit) -> Iterator[Element]:
    if not audit.forks:
        yield element("p", "All layer types are those of Caffe itself (BVLC).")
        return
    yield element("p", "These layer types are not in Caffe itself (BVLC), but in forks of it:")
    yield _table(["fork", "layer types"], [[f, ", ".join(k)] for f, k in audit.forks.items()])


def _notes(audit: Audit) -> Iterator[Element]:
    if not audit.notes:
        yield element("p", _NOTHING)
        return
    yield element("ul", *(element("li", note) for note in audit.notes))


def _targets(audit: Audit) -> Iterator[Element]:
    rows: list[list[Child]] = []
    for each in audit.exported:
        issues = [element("p", _told(issue)) for issue in each.issues]
        rows.append([each.target, element("div", *issues) if issues else "yes"])
    yield _table(["target", "converts"], rows)


def _told(issue: Issue) -> str:
    """What an issue says, without the folder of its file."""
    where = issue.where and replace(issue.where, file=name_of(issue.where.file))
    return str(replace(issue, where=where))


def _comparison(audit: Audit) -> Iterator[Element]:
    found = audit.verified.comparison
    if not found:
        yield element("p", f"Nothing was compared: {audit.verified.why}.")
        return
    on = f"{counted(audit.verified.batch, 'image')} of random numbers (seed 0)"
    learned = (
        "the weights" if audit.arrays is not None else "random numbers in the place of weights"
    )
    yield element(
        "p",
        f"Each blob was computed with {', '.join(found.targets)} and with NumPy, on {on}, with "
        f"{learned}. A relative difference is in units of the largest magnitude of the blob; "
        f"{found.tolerance:g} is the most that is allowed.",
    )
    yield element("p", f"{found.verdict}.")
    if found.not_finite:
        yield element("p", found.not_finite, class_="removed")
    worst = sorted(found.rows, key=lambda row: -row.worst)[:_MOST_ROWS]
    rows: list[list[Child]] = [
        [short(row.blob), dims(row.shape), *(_number(_said(each)) for each in row.differences)]
        for row in found.rows
        if row in worst
    ]
    if len(rows) < len(found.rows):
        yield element(
            "p", f"Of {len(found.rows):,} blobs, the {len(rows)} that differ most:", class_="pale"
        )
    head = ["blob", "shape", *(f"{target}, relative" for target in found.targets)]
    yield _table(head, rows, numbers=set(range(2, len(head))))


def _said(difference: Difference | None) -> str:
    return "" if difference is None else f"{difference.relative:.1e}"


def _layers(graph: Graph) -> Iterator[Element]:
    yield element(
        "p",
        "A block has the sums of its layers, which stand below it. A receptive field is the part "
        "of the image that one position sees, in pixels. A stride is the distance to what the "
        "next position sees.",
        class_="pale",
    )
    head = ["layer", "type", "output shape", "parameters", "multiply-adds"]
    head += ["receptive field", "stride", "line"]
    known = dict(zip(graph.nodes, facts.layers(graph), strict=True))
    shown = []
    inside = 0
    for (_, kind, shape, *sizes), nodes in table_rows(graph):
        first, last = known[nodes[0]], known[nodes[-1]]
        block = kind != nodes[0].layer.type or len(nodes) > 1
        place = "block" if block else f"{first.family}{' inside' * (inside > 0)}"
        inside = len(nodes) if block else max(inside - 1, 0)
        name = short(first.blocks[-1] if block and first.blocks else nodes[0].name)
        line = str(first.where.line) if first.where and first.where.line and not block else ""
        cells = [
            element("td", *([] if block else [element("span", class_="family")]), name),
            element("td", kind),
            _fixed(shape),
            *(element("td", size, class_="number") for size in sizes),
            *(element("td", cell, class_="number") for cell in field_cells(last.receptive)),
            element("td", line, class_="number"),
        ]
        shown.append(element("tr", *cells, class_=place))
    yield _shown(head, shown, numbers=set(range(3, len(head))))


def _arrays(audit: Audit) -> Iterator[Element]:
    if audit.arrays is None:
        yield element("p", "No weights were given.")
        return
    if audit.warnings:
        yield element(
            "ul", *(element("li", short(each), class_="removed") for each in audit.warnings)
        )
    else:
        yield element(
            "p",
            "No array has a NaN, an infinite or a denormal number. No array and no filter is all "
            "zeros.",
        )
    head = ["layer", "blob", "shape", "min", "max", "mean", "std", "zeros", "SHA-256"]
    rows: list[list[Child]] = [
        [
            short(each.layer),
            _fixed(each.blob),
            _fixed(dims(each.shape)),
            *(
                _number("" if x is None else f"{x:.4g}")
                for x in (each.min, each.max, each.mean, each.std)
            ),
            _number(f"{each.zeros:,}"),
            _hash(each.sha256),
        ]
        for each in audit.arrays
    ]
    yield _table(head, rows, numbers={3, 4, 5, 6, 7})
    yield element(
        "p",
        "A hash is that of the float32 numbers, little-endian, in Caffe's layout.",
        class_="pale",
    )


def _licences(audit: Audit) -> Iterator[Element]:
    yield element(
        "p",
        "Quoted from comments of the definition, and from files called LICENSE, COPYING or NOTICE "
        "beside the files. This page does not judge whether they hold for this network, or what "
        "they allow. Weights and data can have other licences than definitions.",
        class_="pale",
    )
    if not audit.licences:
        yield element("p", "Nothing was found.")
    for each in audit.licences:
        where = name_of(each.file) + (f", line {each.line}" if each.line else "")
        yield element("h3", where)
        more = f"\n… and {counted(each.more, 'line')} more" if each.more else ""
        yield element("pre", f"{each.text}{more}")


# ---- parts ----------------------------------------------------------------------------------


_LONGEST = 200
"""Of a text from a file so many characters are shown, which no known name has."""


def short(text: str) -> str:
    """A text from a file, or its beginning and how long it is."""
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}… ({len(text):,} characters)"


def _facts(known: Iterable[tuple[str, str]]) -> Element:
    rows = (
        element("tr", element("th", name, scope="row"), element("td", text)) for name, text in known
    )
    return element("table", element("tbody", *rows), class_="facts")


def _number(text: str) -> Element:
    return element("td", text, class_="number")


def _fixed(text: str) -> Element:
    """A cell whose text is short, and is not broken."""
    return element("td", short(text), class_="fixed")


def _hash(digest: str) -> Element:
    return element("td", element("code", digest, class_="hash"))


def _table(
    head: Sequence[str], rows: Iterable[Sequence[Child]], numbers: Iterable[int] = ()
) -> Element:
    lines = [
        element("tr", *(cell if _is_cell(cell) else element("td", cell) for cell in row))
        for row in rows
    ]
    return _shown(head, lines, numbers)


def _is_cell(child: Child) -> bool:
    return isinstance(child, Element) and child.tag == "td"


def _shown(head: Sequence[str], rows: Sequence[Element], numbers: Iterable[int] = ()) -> Element:
    flush = set(numbers)
    titles = (
        element("th", title, scope="col", class_="number" if index in flush else None)
        for index, title in enumerate(head)
    )
    table = element("table", element("thead", element("tr", *titles)), element("tbody", *rows))
    return element("div", table, class_="wide")

"""Prints docs/conformance.md from docs/conformance.json, and from nothing else."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import Any

from places import ROOT

from proto2net import output

PAGE = ROOT / "docs" / "conformance.md"
FOUND = ROOT / "docs" / "conformance.json"
COMMAND = "python benchmarks/conformance.py"

TARGETS = {"torch": "PyTorch", "tf": "Keras", "onnx": "ONNX"}
COLUMNS = {"reads": "reads", "numpy": "NumPy", **TARGETS}
SAID = {"own": "yes", "lowered": "lowered", "input": "input", "no": "no"}

_HEAD = """\
# What works

This page lists {models} models that people look for. The tables say whether proto2net reads the
definition, and how much each target differs from the right result. A command measures all of this
and prints this page (`{command}`); nobody edits it by hand.
[Limits](limits.md) says what a file may hold. [Files from the wild](forks.md) has options for files
that are not read.

{counts}

How to read the tables:

- **reads**: proto2net reads the definition, and knows the shape of every blob.
- **PyTorch**, **Keras**, **ONNX**: the network was written, built, given weights and run (ONNX in
  onnxruntime). The number is the largest difference of all its blobs, inner ones too, divided by
  the largest magnitude of that blob. ✓ means that it is at most {tolerance:g}.
- ≈ means that the difference is larger, but no more than rounding: if the last bit of each weight
  changes, NumPy's own blob moves by at least a tenth of the difference. Deep networks with drawn
  weights do that.
- **compared with**: *Caffe* means a recording of Caffe itself with the same weights and inputs. For
  each blob it has the mean, the deviation, the largest magnitude and 16 values. The other targets
  are also compared with every value of NumPy, and the larger difference counts. *numpy* means that
  there is no recording of Caffe: the other targets are compared with every value of NumPy only.
- **weights**: *trained* weights came with the model. *drawn* weights are random, and the same on
  every machine (`tests/golden/weights_rule.py`). Without a recording of Caffe, the last layers
  before probabilities and boxes are divided, so that their scores are a few units, as in trained
  networks.
- Rows of boxes may be in another order, because scores can be equal up to rounding. Pooling of
  regions rounds corners, so we chose inputs in which no corner is on the edge between two pixels.

The models were run with {versions},
on {machine}.
"""

_LAYERS = """\
## Layers and targets

These are all layer types that proto2net knows. *yes*: the target renders the layer itself.
*lowered*: the target renders other layers that compute the same. *input*: the layer reads data, and
becomes an input. *no*: the target does not support the layer, and the last column says why.
**Caffe** counts the recorded cases of Caffe with this layer, **fork** those of a fork's own code.
The tests compare every target with them. `proto2net layers` prints a similar table, with the layer
types of your own packages.
"""


def page(found: dict[str, Any]) -> str:
    """The whole page."""
    models = found["models"]
    problems: list[str] = []
    made = found["made"]
    parts = [
        _HEAD.format(
            models=len(models),
            command=COMMAND,
            counts=_counts(models),
            tolerance=made["tolerance"],
            versions=", ".join(f"{name} {version}" for name, version in made["versions"].items()),
            machine=made["machine"],
        )
    ]
    for kind, group in groupby(models, lambda model: model["kind"]):
        parts.append(f"## {kind}\n\n{_models(group, problems)}")
    if problems:
        numbered = (f"{number}. {problem}" for number, problem in enumerate(problems, start=1))
        parts.append("## Why not\n\n" + "\n".join(numbered) + "\n")
    parts += [_LAYERS, _table(_LAYER_HEAD, map(_layer, found["layers"]), "lllllrrl")]
    return "\n".join(parts)


def found() -> dict[str, Any]:
    """What the page is printed from."""
    read: dict[str, Any] = json.loads(FOUND.read_text(encoding="utf-8"))
    return read


def write(what: dict[str, Any]) -> None:
    """Write that, and the page."""
    text = json.dumps(what, indent=1, ensure_ascii=False, allow_nan=False) + "\n"
    files = {FOUND: text.encode(), PAGE: page(what).encode()}
    output.write_together(files, overwrite=True)


# ---- models ---------------------------------------------------------------------------------

_MODEL_HEAD = ("model", *COLUMNS.values(), "compared with", "weights", "parameters", "input")


def _models(models: Iterable[dict[str, Any]], problems: list[str]) -> str:
    return _table(_MODEL_HEAD, (_model(each, problems) for each in models), "llllllllrl")


def _model(model: dict[str, Any], problems: list[str]) -> Sequence[str]:
    cells = [
        _cell(model[key], f"{model['name']}, {title}", problems) if key in model else ""
        for key, title in COLUMNS.items()
    ]
    facts = model["reads"]
    parameters = f"{facts['parameters']:,}" if "parameters" in facts else ""
    inputs = ", ".join(" x ".join(map(str, shape)) for shape in facts.get("inputs", {}).values())
    told = (model["held_to"], "trained" if model["trained"] else "drawn") if cells[1] else ("", "")
    return (_link(model), *cells, *told, parameters, inputs)


def _cell(cell: dict[str, Any], of: str, problems: list[str]) -> str:
    """What a cell says. Why something does not work gets a number, and is told below the tables."""
    if works(cell):
        return said(cell)
    problems.append(f"{of}: {said(cell)}")
    return f"no ({len(problems)})"


def works(cell: dict[str, Any]) -> bool:
    """Whether a target computes what is right, as far as can be told."""
    return "problem" not in cell and (cell.get("rounding", False) or not cell.get("past"))


def said(cell: dict[str, Any]) -> str:
    """What was found, in a few words."""
    if "problem" in cell:
        return str(cell["problem"])
    if "difference" not in cell:
        return "✓"
    apart = cell["difference"]
    number = "another shape" if apart is None else f"{apart:.1e}" if apart else "0"
    if works(cell):
        return f"{'≈' if cell['past'] else '✓'} {number}"
    return f"the first blob that differs is `{cell['past']}`; the largest difference: {number}"


def _link(model: dict[str, Any]) -> str:
    if model["file"]:
        return str(model["name"])
    place = f"https://github.com/{model['repository']}/blob/{model['commit']}/{model['path']}"
    return f"[{model['name']}]({place.replace(' ', '%20')})"


def _counts(models: Sequence[dict[str, Any]]) -> str:
    """How many models work, by column."""
    rows = [
        (title, sum(key in model and works(model[key]) for model in models))
        for key, title in COLUMNS.items()
    ]
    rows.append(
        ("compared with Caffe itself", sum(each.get("held_to") == "Caffe" for each in models))
    )
    return _table(("", "models"), ((title, str(number)) for title, number in rows), "lr").rstrip()


# ---- layers ---------------------------------------------------------------------------------

_LAYER_HEAD = ("layer type", *TARGETS.values(), "NumPy", "Caffe", "fork", "from, and why not")


def _layer(row: dict[str, Any]) -> Sequence[str]:
    said = [SAID[row[target]] for target in (*TARGETS, "numpy")]
    told = ": ".join(filter(None, (row["fork"], row["why"])))
    return (f"`{row['type']}`", *said, *(str(row[each] or "") for each in ("caffe", "forks")), told)


# ---- tables ---------------------------------------------------------------------------------


def _table(head: Sequence[str], rows: Iterable[Sequence[str]], alignment: str) -> str:
    """A table of Markdown; `alignment` has an r for each column of numbers."""
    rules = ["---:" if each == "r" else "---" for each in alignment]
    return "".join(f"| {' | '.join(row)} |\n" for row in (head, rules, *map(_safe, rows)))


def _safe(row: Sequence[str]) -> Iterator[str]:
    return (cell.replace("|", "\\|") for cell in row)

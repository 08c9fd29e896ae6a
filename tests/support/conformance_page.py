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

Here are {models} models that people look for. For each the tables say whether proto2net reads its
definition, and how far the network of each target is from what is right. A command measures all of
it and prints this page (`{command}`). Nobody writes on it by hand.
[limits.md](limits.md) says what a file may hold, and [forks.md](forks.md) which options help with a
file that is not read.

{counts}

How to read the tables:

- **reads**: proto2net reads the definition, and knows the shape of every blob.
- **PyTorch**, **Keras**, **ONNX**: the network was written, built, given weights and run; ONNX in
  onnxruntime. The number is the largest difference that any of its blobs has, inside or at its end,
  in units of the largest magnitude of that blob. ✓ means that it is within {tolerance:g}.
- ≈ means that it is larger, but no more than rounding: where the last bit of each weight changes,
  NumPy's own blob moves by a tenth of it or more. Deep networks with drawn weights do that.
- **held to**: *Caffe* is what Caffe itself computed with the same weights and inputs. Of each blob
  the mean, the deviation, the largest magnitude and 16 values were recorded. The other targets are
  held to every value of NumPy too, and the larger difference counts. *numpy*: there is no record
  of Caffe, and the other targets are held to every value of NumPy alone.
- **weights**: *trained* ones came with the model. *drawn* ones are random, and the same on every
  machine (`tests/golden/weights_rule.py`). Without a record of Caffe, the last layers before
  probabilities and boxes are divided: their scores are a few units, as those of trained networks.
- Rows of boxes may stand in another order, since scores can be equal but for rounding. Pooling of
  regions rounds corners: an input was chosen in which no corner is a half but for rounding.

The models were run with {versions},
on {machine}.
"""

_LAYERS = """\
## Layers and targets

These are all the layer types that proto2net knows. *yes*: the target has the layer itself.
*lowered*: the target has other layers of Caffe that compute the same. *input*: the layer reads
data, and becomes an input. *no*: the target refuses the layer, and the last column says why.
**Caffe** is the number of recorded cases of Caffe that have it, and **fork** that of cases of
a fork's own code. The tests hold every target to them. `proto2net layers` prints the like of it,
with the layer types of your own packages.
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

_MODEL_HEAD = ("model", *COLUMNS.values(), "held to", "weights", "parameters", "input")


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
    rows.append(("held to Caffe itself", sum(each.get("held_to") == "Caffe" for each in models)))
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

"""The command that writes files: convert."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource

from proto2net import Graph, api, backends, output
from proto2net.cli.networks import STANDARD, check_weights, read_graph, uncollected
from proto2net.cli.options import (
    batch,
    class_name,
    complete_target,
    debug,
    network,
    preparing,
    target,
)
from proto2net.cli.terminal import put, say, watched
from proto2net.images import is_of_images, prepared
from proto2net.model import Model
from proto2net.shape import Sizes
from proto2net.text import counted

MEANS = ("*mean*.binaryproto", "*mean*.npy")
"""What the files of mean images are called."""

OF_SOLVER = ("net", "target", "out", "name", "inputs", "flat", "force", "debug")
"""What is asked with where a solver is converted."""


@click.command()
@network
@click.option(
    "--weights",
    metavar="FILE",
    help="Learned weights: .caffemodel, .caffemodel.h5, .npy or our own .safetensors. They are "
    "written beside OUT.",
)
@click.option("--allow-missing", is_flag=True, help="Let the fillers make what the weights lack.")
@click.option(
    "--optimize", "optimized", is_flag=True, help="Fold BatchNorm and Scale into the weights."
)
@click.option(
    "--to",
    "target",
    type=target,
    metavar="TARGET",
    required=True,
    shell_complete=complete_target,
    help=f"{', '.join(backends.BUILT_IN)}, or a target of another package.",
)
@click.option(
    "-o",
    "out",
    metavar="OUT",
    help="The file to write, or - to print. Default: the name of NET, in this folder.",
)
@click.option("--name", type=class_name, metavar="NAME", help="The name of the class or function.")
@click.option(
    "--flat", is_flag=True, help="Write layer by layer, without classes or functions for blocks."
)
@click.option(
    "--batch",
    type=batch,
    default="",
    metavar="any|N",
    help="any: let the batch size follow the input where a Reshape fixes it. A number: the batch "
    "size.",
)
@click.option(
    "--opset", type=int, metavar="N", help="The version of ONNX's operators: 13 to 21, else 17."
)
@preparing
@click.option("--force", is_flag=True, help="Replace the file if it exists.")
@debug
@uncollected()
def convert(
    net: str,
    weights: str | None,
    allow_missing: bool,
    optimized: bool,
    target: Any,
    out: str | None,
    name: str | None,
    flat: bool,
    opset: int | None,
    force: bool,
    **options: Any,
) -> None:
    """Write a network for a target, and its weights if they are given.

    \b
    proto2net convert nin.prototxt --to torch
    """
    from proto2net.weights.porting import port

    check_weights(weights)
    told = api.options_of(target, opset, options["batch"])
    if target.embeds and out == STANDARD:
        raise click.UsageError(f"an {target.suffix} file is no text: OUT cannot be -")
    if weights and out == STANDARD:
        raise click.UsageError("--weights are written to a file beside OUT, so OUT cannot be -")
    if optimized and not weights:
        raise click.UsageError("--optimize changes weights: give --weights too")
    if out:
        output.check_name(Path(out))
    if weights is None and out != STANDARD and target.trains and _is_solver(net):
        _check_solver()
        inputs = options["inputs"]
        _write_training(net, target, out, name or "", inputs, flat=flat, force=force)
        return
    graph = read_graph(net, options)
    inputs = _inputs(net, weights, graph, options)
    path = Path(out) if out else _free(graph.name if net == STANDARD else Path(net).stem, target)
    model = api.model(graph, weights, allow_missing=allow_missing, optimized=optimized)
    told |= {"name": name or "", "stem": path.stem, "flat": flat}
    ported = port(model, target, weights=weights, filled=_filled, **told)
    if out == STANDARD:
        put(ported.emitted.source)
        return
    files = ported.files(path, watched)
    output.write_together(files, overwrite=force, inputs=inputs)
    for file in files:
        if file != path:
            say(f"wrote {file}")
    number = counted(model.graph.parameters, "parameter")
    say(f"wrote {path}: {ported.emitted.entry}, {number}")
    if target.name != "summary" and graph.phase == "TEST":
        _tell_of_images(graph, None if net == STANDARD else Path(net), bool(weights))


def _is_solver(net: str) -> bool:
    """Whether NET is a solver, of which no phase of its networks is asked for."""
    phase = click.get_current_context().get_parameter_source("phase")
    if net == STANDARD or phase is not ParameterSource.DEFAULT:
        return False
    from proto2net.caffe import training

    return training.is_solver(net)


def _check_solver() -> None:
    """Refuse options that say nothing of the network that a solver trains."""
    context = click.get_current_context()
    other = [
        max(param.opts, key=len)
        for param in context.command.params
        if param.name not in OF_SOLVER
        and context.get_parameter_source(str(param.name)) is ParameterSource.COMMANDLINE
    ]
    if other:
        raise click.UsageError(
            f"a solver's training does not take {', '.join(other)}; with --phase test or "
            "--phase train its network alone is written"
        )


def _write_training(
    net: str,
    target: Any,
    out: str | None,
    name: str,
    inputs: Mapping[str, Sizes],
    *,
    flat: bool,
    force: bool,
) -> None:
    """Write the network that a solver trains, and what trains it."""
    from proto2net.caffe import training
    from proto2net.training import writing

    found, told = training.read(net)
    for note in told:
        say(f"note: {note}")
    path = Path(out) if out else _free(writing.stem(found), target)
    graph, files = writing.written(found, target, path, name=name, inputs=inputs, flat=flat)
    contents = {file: text.encode() for file, text in files.items()}
    output.write_together(contents, overwrite=force, inputs=[net, found.train.net])
    for file in files:
        if file != path:
            say(f"wrote {file}")
    say(f"wrote {path}: {counted(graph.parameters, 'parameter')}")


def _tell_of_images(graph: Graph, net: Path | None, has_weights: bool) -> None:
    """Tell what is not known about how images are prepared, and what may tell it."""
    images = prepared(graph)
    if images and images.doubt:
        say(f"note: {images.doubt}")
    if images and net and images.mean_file and not images.usage.mean:
        file = net.parent / images.mean_file
        if file.is_file():
            say(f"note: --mean {file} is the mean image, which `preprocess` asks for")
    if images or not any(map(is_of_images, graph.nodes)):
        return
    beside = sorted(net.parent.glob("*train*.prototxt")) if net else []
    means = [file for end in MEANS for file in sorted(net.parent.glob(end))] if net else []
    if net and (beside or means):
        from proto2net.caffe.offering import offered  # which most networks need not import

        if told := offered(net, beside, means):
            say(f"note: {told}")
            return
    if has_weights:
        say(
            "note: the definition does not say how images are prepared; the model's README "
            "usually does: give --mean, --scale, --channels or --resize"
        )


def _filled(model: Model) -> Model:
    """The model with values for all: those that it lacks are those that a training starts from."""
    if model.graph.parameters and not model.values:
        say("note: without --weights the network has the values that a training starts from")
    return api.filled(model)


def _free(stem: str, target: Any) -> Path:
    """The file for a network of this name, here; where the name is a module's, it gets another."""
    from proto2net.backends.source import module_name

    path = Path(module_name(stem) + target.suffix)
    module = output.takes_the_place_of(path)
    if not module:
        return path
    free = output.beside_module(path)
    say(f"note: the file is called {free}: Python would import {module}.py instead of {module}")
    return free


def _inputs(net: str, weights: str | None, graph: Graph, options: dict[str, Any]) -> frozenset[str]:
    """Every file that a network is made from, or that its images are prepared with."""
    given = (options[each] for each in ("layers", "mean", "labels", "transform_from"))
    found = {net, weights, *(each for each in given if isinstance(each, str))}
    for node in graph.nodes:
        found.add(node.where.file if node.where else None)
        for part in (node.layer, getattr(node.layer, "transform_param", None)):
            mean = getattr(part, "mean_file", None)
            if mean:
                beside = Path(net).parent
                found |= {mean, str(beside / mean), str(beside / Path(mean).name)}
    return frozenset(filter(None, found))

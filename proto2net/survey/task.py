"""What is done with each file of a survey."""

from __future__ import annotations

import re
import traceback
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from proto2net import backends, plain
from proto2net.api import load, parse
from proto2net.backends.base import Backend
from proto2net.caffe.trees import LAYER, OTHER_NAMES, content_of, holds_layers
from proto2net.errors import Issue, Location, Proto2NetError
from proto2net.frozen import dataclass
from proto2net.graph import Graph
from proto2net.shape import Shape, dims
from proto2net.survey.found import Examined, Facts, Failure, Other

KINDS = ("deploy", "train_val")
"""A network that its caller feeds, and one that reads data or needs labels somewhere."""

BUG = "bug in proto2net"

_TRAINS = re.compile(
    rb"\b(?:include|exclude)\s*(?::\s*)?\{|\btype\s*:\s*[\"']?\w*(?:data|loss|accuracy)\b",
    re.IGNORECASE,
)


def kind(content: bytes) -> str:
    """Which of KINDS a file is, as its text has it."""
    return "train_val" if _TRAINS.search(content) else "deploy"


Result = Examined | Other | None
"""What is found of a network, or what a file is instead; None: it does not count."""


@dataclass(frozen=True)
class Task:
    """What is to be done with each file."""

    targets: Sequence[str]
    options: Mapping[str, Any]
    given: Sequence[str] = ()
    """Files that were asked for by name: a solver among them is followed to its network."""
    inputs: Sequence[Mapping[str, Shape]] = ({},)
    """Shapes of inputs: the first that a file converts with counts."""
    kinds: Sequence[str] = KINDS
    run: bool = False
    """Whether networks are to be built in their frameworks."""

    def begin(self) -> None:
        """Import the frameworks, so that no file has to wait for them."""
        tiny = parse(_TINY)
        for target in self.targets if self.run else ():
            with suppress(Proto2NetError):  # then each file tells what is missing
                _build(tiny, target)

    def examine(self, file: str) -> Result:
        """The messages about a file.

        Of one that converts with none of the inputs, it is what the first of them tell.
        """
        content = content_of(file)
        if not self._counts(file, content):
            return None
        if plain.is_special(file):
            return Other(file, Issue(plain.SPECIAL))
        first = self._fed(file, content, self.inputs[0])
        for inputs in [None, *self.inputs[1:]]:
            found = first if inputs is None else self._fed(file, content, inputs)
            if isinstance(found, Other) or not found.failed:
                return found
        return first

    def _counts(self, file: str, content: bytes) -> bool:
        """Whether it is of a kind that is asked for, and a definition as far as its name tells."""
        other = file not in self.given and file.endswith(OTHER_NAMES)
        if other and not holds_layers(content):
            return False
        return kind(content) in self.kinds

    def _fed(self, file: str, content: bytes, inputs: Mapping[str, Shape]) -> Examined | Other:
        from proto2net.caffe.prototxt import NoNetwork

        try:
            if file not in self.given:
                _check_is_network(file, content)
            graph = parse(Path(file), inputs=inputs, **self._options(file, content))
        except NoNetwork as error:
            return Other(file, error.issues[0])
        except Exception as error:
            return Examined(self.failed(file, _issues(error, file)))
        shapes = tuple(f"{blob.name} {dims(blob.shape)}" for blob in graph.inputs)
        macs = graph.per_image(graph.macs)
        facts = Facts(len(graph.nodes) - len(graph.inputs), graph.parameters, macs, shapes)
        found = []
        for target in self.targets:
            try:
                backend = backends.get(target)
                emitted = backend.emit(graph)
                if backend.suffix == ".py":
                    compile(emitted.source, f"<{target} of {file}>", "exec")
                if self.run:
                    _build(graph, target)
            except Exception as error:
                found.append(Failure(file, target, _issues(error, file)))
        return Examined(tuple(found), facts)

    def _options(self, file: str, content: bytes) -> dict[str, Any]:
        """The options for a file: those names to be filled in that it has.

        A file that was asked for by name may be a solver, and gets all.
        """
        options = dict(self.options)
        if options.get("define") and file not in self.given:
            from proto2net.caffe import templates  # which most surveys do not need

            values = templates.checked(options["define"])
            _, names = templates.filled(content.decode(errors="replace"), values)
            options["define"] = {name: value for name, value in values.items() if name in names}
        return options

    def failed(self, file: str, issues: tuple[Issue, ...]) -> tuple[Failure, ...]:
        """The same failure for all targets."""
        return tuple(Failure(file, target, issues) for target in self.targets)


_TINY = """layer { name: "data" type: "Input" top: "data" input_param { shape { dim: 1 } } }
layer { name: "relu" type: "ReLU" bottom: "data" top: "relu" }
"""


def _build(graph: Graph, target: str) -> None:
    """Run the emitted source, as far as it makes the network; a target that prints text has none.

    What a framework has to say of it is a fault of ours: the source is what we have made.
    """
    if isinstance(backends.get(target), Backend):
        load(graph, to=target)


def _check_is_network(file: str, content: bytes) -> None:
    """Raise NoNetwork for what is none: a solver in a tree, whose network stands there itself."""
    from proto2net.caffe import definition, prototxt

    definition.check_is_none_else(content, file)
    if content and not LAYER.search(content):
        prototxt.read(content.decode(errors="replace"), file, ignore_unknown_fields=True)


def _issues(error: Exception, file: str) -> tuple[Issue, ...]:
    if isinstance(error, Proto2NetError):
        return error.issues
    if isinstance(error, OSError) and error.filename == file:
        return (Issue(error.strerror or str(error), where=Location(file, 0)),)
    frame = traceback.extract_tb(error.__traceback__)[-1]
    place = f"{Path(frame.filename).name}:{frame.lineno}"
    return (bug(f"{type(error).__name__} in {place}: {error}", file),)


def bug(what: str, file: str) -> Issue:
    """A fault of our own, which a file has shown."""
    return Issue(f"{BUG}: {what}", "please report it with the file", Location(file, 0))

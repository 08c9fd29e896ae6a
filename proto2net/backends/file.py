"""The emitted file of one graph, as far as it is the same for every target.

A target's own file class adds the skeleton: a class with forward, or a function.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import cached_property
from pathlib import PurePath
from textwrap import wrap
from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeVar

from proto2net.backends.base import Array, Backend, Code, Emitted, Step
from proto2net.backends.head import CLASSES, Head, head_of
from proto2net.backends.helpers import names_used
from proto2net.backends.outputs import needed, no_outputs, with_losses
from proto2net.backends.preprocess import has_mean, labels, preprocess
from proto2net.backends.scope import Scope, shown_name
from proto2net.backends.source import INDENT, WIDTH, Namespace, class_name, entry_name
from proto2net.backends.statements import (
    BLANK,
    Assignment,
    Class,
    Compound,
    Evaluation,
    Function,
    Parameter,
    Statement,
    expressions_of,
    lines_of,
    names_in,
)
from proto2net.backends.tree import (
    SELF,
    Display,
    Expression,
    Literal,
    Name,
    Operation,
    Pair,
    Star,
    Subscript,
    Variable,
    call,
    code,
    filled,
    parts_of,
    tree,
)
from proto2net.batch import parts, takes_one
from proto2net.errors import UnsupportedError
from proto2net.graph import Blob, Graph, Node
from proto2net.images import prepared
from proto2net.layers import Layer
from proto2net.lowering import lowered
from proto2net.outline import Kind, Region
from proto2net.shape import Shape, size_text
from proto2net.text import plain
from proto2net.version import VERSION

if TYPE_CHECKING:
    from proto2net.backends.blocks import Block
    from proto2net.backends.unify import Meaning

S = TypeVar("S", bound=Scope)

RESERVED = ("LABELS", "WEIGHTS", "load", "preprocess")
"""Names that an emitted file may define beside its class or function."""

_LONGEST_NOTE = 300

STANDARD_LIBRARY = (
    "bisect",
    "collections.abc",
    "itertools",
    "math",
    "pathlib",
    "sys",
    "typing",
)


class SourceFile(Generic[S]):
    """One emitted file: what it imports, the helpers it needs, its scope, and what runs it."""

    imports: ClassVar[dict[str, str]]
    """What the file may import, by the name that code uses, in order."""
    entry_suffix: ClassVar[str] = "Net"
    """What tells the class or function from what else has its name: a network called LSTM."""

    def __init__(
        self,
        backend: Backend,
        graph: Graph,
        entry: str,
        weights: str = "",
        *,
        partial: bool = False,
        flat: bool = False,
    ) -> None:
        self.backend = backend
        graph = with_losses(graph)
        self._described = _described(graph)
        self._lowered = lowered(graph, backend.renders_itself)
        self.graph = self._lowered.graph
        defined = {*backend.helpers, *self.imports, *RESERVED}
        self.entry = entry_name(entry, defined, self.entry_suffix)
        self.weights = weights
        self.has_mean = has_mean(graph, weights)
        """Whether the weights' file has a mean image, which is no array of a layer."""
        self.partial = partial
        steps = backend.steps(self._lowered)
        if graph.free:
            from proto2net.backends.sizes import check_sizes  # which most networks need not import

            check_sizes(backend, graph, self._lowered, steps)
        if not self.graph.outputs:
            raise UnsupportedError(no_outputs(graph))
        self.classes: list[Class] = []
        """The classes that layers bring along."""
        names = Namespace({*defined, self.entry})
        steps = [self._named(step, names) for step in needed(steps, self.graph.outputs)]
        brought = (found.name for found in self.classes)
        taken = {*self.imports, *self._callable(steps), *brought, *RESERVED, self.entry}
        self.blocks: list[Statement] = []
        """The definitions of blocks."""
        self.unpacked: dict[Expression, frozenset[str]] = {}
        """The names that `**` takes out of the object of a layer."""
        if self.folds and not flat:
            steps = self._folded(steps, taken, names)
        self.head = head_of(self.graph, steps, self.functions, self.classes_name)
        if self.head:
            steps = self.with_head(self.head, steps)
        self.scope = self.scoped(steps, taken)
        self._unpack(self.scope)

    def _unpack(self, scope: Scope) -> None:
        """Know what the layer objects of a scope hold that are dictionaries."""
        for step in scope.steps:
            match step.code.init:
                case Display("[]", items):  # the objects of heads, which a loop goes over
                    stars = (p for p in parts_of(step.code.forward or SELF) if isinstance(p, Star))
                    self._know([star.value for star in stars], items)
                case Display() as made:
                    self._know([scope.object(step)], [made])

    def _know(self, shown: Iterable[Expression], made: Iterable[Expression]) -> None:
        """Know which names dictionaries have that are shown so."""
        pairs = (item for each in made if isinstance(each, Display) for item in each.items)
        keys = (item.key for item in pairs if isinstance(item, Pair))
        names = {str(key.value) for key in keys if isinstance(key, Literal)}
        for each in shown:
            self.unpacked[each] = self.unpacked.get(each, frozenset()).union(names)

    def _folded(self, steps: Sequence[Step], taken: set[str], names: Namespace) -> list[Step]:
        """The steps with one in the place of each block; also collects the definitions of these."""
        from proto2net.backends.folding import folding  # which a flat file does without

        found = folding(self, steps, taken, names)
        self.blocks += found.definitions.values()
        taken.update(found.definitions)
        for scope in found.scopes:
            self._unpack(scope)
        return found.steps

    functions: ClassVar[Mapping[Expression, Sequence[Meaning]]] = {}
    """The names of positional arguments of functions, where they tell what a parameter is."""

    classes_name: ClassVar[str] = CLASSES
    """What the number of classes is called, which the head has as a parameter."""

    folds: ClassVar[bool] = False
    """Whether the target has a way to define a block."""

    folds_units: ClassVar[bool] = False
    """Whether it has one for the units in these too."""

    lines_of_use: ClassVar[int] = 2
    """How many lines make and call a block: that of its object, and that of the forward pass."""

    loops_heads: ClassVar[bool] = False
    """Whether it has a loop over heads alike."""

    own: ClassVar[str] = ""
    """How a block reads an argument that it keeps: "self."."""

    def with_head(self, head: Head, steps: Sequence[Step]) -> list[Step]:
        """The steps with a head that may have another number of classes."""
        return [head.step if step.nodes == head.step.nodes else step for step in steps]

    def scoped(
        self, steps: Sequence[Step], taken: Collection[str], block: Block | None = None
    ) -> S:
        """The scope of these steps, whose variables have none of the names that are taken."""
        raise NotImplementedError

    def named(self, kind: Kind) -> str:
        """What the definition of a kind of blocks is called, if nothing else is."""
        return class_name(kind.title)

    def says_names(self, region: Region) -> bool:
        """Whether a block can give the region's layers the names that they have."""
        return True

    def block(self, title: str, block: Block, scope: S) -> Statement:
        """The definition of a block, which has this scope."""
        raise NotImplementedError

    def stage(self, uses: Sequence[Code]) -> Code | None:
        """How blocks in a row are made and called as one; None if each stands for itself."""
        return None

    def in_loop(self, step: Step) -> Code | None:
        """How a step is said in a loop over heads; None if it cannot be."""
        return step.code

    def kept(self, made: list[Expression]) -> Expression:
        """The list of the objects of heads, as these calls make them."""
        return tree(made)

    def use(self, title: str, block: Block, index: int) -> Code:
        """How a region of a block is made and called."""
        raise NotImplementedError

    def _named(self, step: Step, names: Namespace) -> Step:
        """The step with a name for the class that it brings along, if it does."""
        code = step.code
        if code.definition is None or code.init is None:
            return step
        name = names.unique(class_name(step.node.name))
        self.classes.append(code.definition(name))
        init = filled(code.init, {"class": Name(name)})
        return dataclasses.replace(step, code=dataclasses.replace(code, init=init))

    def _callable(self, steps: Sequence[Step]) -> list[str]:
        """The helpers that the forward pass may call, so that no variable hides them."""
        codes = [part for step in steps for part in (step.code.init, step.code.forward)]
        used = set(names_in(*codes))
        return [name for name in self.backend.helpers if name in used or name[0].isupper()]

    def body(self) -> list[Statement]:
        """The class or function, and what stands beside it."""
        raise NotImplementedError

    def main(self) -> list[Statement]:
        """The statements that run the network once and print the shapes of its outputs."""
        raise NotImplementedError

    def preprocess(self) -> list[Statement]:
        """The function that prepares an image, where it is known how."""
        return preprocess(self.graph, channels_last=False, weights=self.weights)

    def dims(self, blob: Blob) -> str:
        """A blob's shape for the docstring, with N for what follows the batch: (N, 96, 54, 54)."""
        if not blob.shape:
            return "()"
        first, *others = map(size_text, self.scope.laid_out(self.graph.open_shape(blob)))
        if blob in self.following:
            divided = self.following[blob]
            first = f"N/{divided}" if divided > 1 else "N"
        return f"({', '.join([first, *others])})"

    def emitted(self) -> Emitted:
        """The whole file: imports and helpers that are used, the body, and what runs it."""
        main = Compound("if", code('__name__ == "__main__"'), self.main())
        # In the train phase it is fed by data layers, which also mirror and crop at random.
        prepares = [] if self.graph.phase == "TRAIN" else self.preprocess()
        beside = [*prepares, *self.body(), *labels(self.graph), main]
        statements = [*self.classes, *self.blocks, *beside]
        weights = self._weights_file()
        expressions = list(expressions_of([*weights, *statements]))
        used = set(names_in(*expressions))
        helpers = self.backend.helpers.pruned(used, expressions, self.unpacked)
        used = used.union(*map(names_used, helpers.values()))
        title = "\n".join(made_of(self.graph))
        parts = [
            *helpers.values(),
            *("\n".join(statement.lines(0)) for statement in statements),
        ]
        constants = [*weights, *self.constants(used)]
        used |= set(names_in(*expressions_of(constants)))
        head = [title, "", *grouped(self.import_lines(used)), *lines_of(constants, 0)]
        source = "\n\n\n".join(["\n".join(head), *parts])
        arrays = self._of_definition(self.scope.arrays)
        return Emitted({".py": f"{source}\n"}, self.entry, arrays, reads_mean=self.has_mean)

    def _of_definition(self, arrays: dict[str, Array]) -> dict[str, Array]:
        """The arrays made from learned blobs of the layers that the definition has."""
        if not self._lowered.origins:  # it has all of them
            return arrays
        return {
            name: Array(tuple((self.origin(n), blob) for n, blob in array.sources), array.convert)
            for name, array in arrays.items()
        }

    def origin(self, node: Node[Any]) -> Node[Any]:
        """The layer of the definition that this one is a part of."""
        return self._lowered.origin(node)

    def _weights_file(self) -> list[Statement]:
        """What says where the learned weights are, if they are beside the emitted file."""
        if not self.weights:
            return []
        path = code("Path(__file__).with_name({name})", name=self.weights)
        return [BLANK, Assignment(("WEIGHTS",), path)]

    def constants(self, used: Collection[str]) -> list[Statement]:
        """What stands above all definitions, of which these names are used."""
        return []

    def import_lines(self, used: set[str]) -> list[str]:
        """The imports that these names need."""
        return [line for name, line in self.imports.items() if name in used]

    def docstring(self, indent: int) -> list[str]:
        """The network's name, its inputs and outputs with their shapes."""

        def listed(blobs: Iterable[Blob]) -> str:
            return ", ".join(f"{plain(shown_name(blob))} {self.dims(blob)}" for blob in blobs)

        name = plain(self.graph.name)
        graph = self.graph
        prefix = f"{name}: " if name else ""
        line = f"{prefix}{listed(graph.inputs)} -> {listed(graph.outputs)}."
        lines = [line]
        if len(f'{INDENT * indent}"""{line}"""') > WIDTH:
            lines = [
                f"{name or 'A network'}.",
                "",
                *(f"Input: {listed([blob])}" for blob in graph.inputs),
                *(f"Output: {listed([blob])}" for blob in graph.outputs),
            ]
        notes = self.notes()
        if notes:
            lines += ["", *notes]
        if len(lines) == 1:
            return [f'"""{line}"""']
        return [f'"""{lines[0]}', *lines[1:], '"""']

    def notes(self) -> list[str]:
        """What the docstring says beyond names and shapes: such as what the columns of rows are."""
        lines = (plain(line, _LONGEST_NOTE) for line in self._described)
        return [each for line in lines for each in wrap(line, WIDTH - len(INDENT))]

    def loaded(self, made: Expression) -> Expression:
        """The network, with its weights if their file is there."""
        if not self.weights:
            return made
        net = Name(self.entry)
        return code("{net}.from_pretrained() if WEIGHTS.exists() else {made}", net=net, made=made)

    def tried_shape(self, blob: Blob) -> Shape:
        """The shape of an input when the file is run: one image, where the batch may be any."""
        follows = blob in self.following and self._takes_one
        return (1, *blob.shape[1:]) if follows else blob.shape

    @cached_property
    def following(self) -> Mapping[Blob, int]:
        """The blobs of which the first axis may have any size: so many parts of the batch each."""
        return parts(self.graph)

    @cached_property
    def _takes_one(self) -> bool:
        return takes_one(self.graph, self.following)

    def image_info(self, blob: Blob) -> list[list[float]] | None:
        """What an input im_info holds: height, width and scale of the image; None for others."""
        image = next((each.shape for each in self.graph.inputs if len(each.shape) == 4), None)
        if blob.name != "im_info" or image is None or blob.shape[1:] != (3,):
            return None
        return [[float(image[2]), float(image[3]), 1.0]]

    def print_shapes(self, called: Expression, shape: Expression) -> list[Statement]:
        """Statements that print the shape of each output of this call."""
        names = [plain(shown_name(blob)) for blob in self.graph.outputs]
        if len(names) == 1:
            return [
                Assignment(("output",), called),
                Evaluation(call("print", names[0], shape)),
            ]
        pairs = call("zip", Variable("names"), called, strict=True)
        both = Display("", (Variable("name"), Variable("output")))
        return [
            Assignment(("names",), tree(names)),
            Compound(
                "for",
                Operation(both, "in", pairs),
                [Evaluation(call("print", Variable("name"), shape))],
            ),
        ]


def _described(graph: Graph) -> list[str]:
    """The messages about the columns of outputs: those of boxes, and what goes with these."""
    boxes = any(
        type(node.layer).columns is not Layer.columns or node.layer.region_bottom is not None
        for node in graph.nodes
    )
    if not boxes and all(len(blob.shape) != 3 for blob in graph.outputs):  # 3: rows of an image
        return []
    from proto2net.results import described  # which most networks need not import

    return described(graph)


def made_of(graph: Graph) -> list[str]:
    """The docstring of a file: its network, of which definition, and how images are prepared."""
    title = f'"""{plain(graph.name) or "A network"}, converted from Caffe by proto2net {VERSION}.'
    files = [node.where.file for node in graph.nodes if node.where]
    said: list[str] = []
    if files and not files[0].startswith("<"):  # it was a file
        definition = f"Definition: {plain(PurePath(files[0]).name)}, {graph.phase.lower()} phase."
        said += wrap(definition, WIDTH)
    if images := prepared(graph):
        said += wrap(f"Images: {images}.", WIDTH, break_on_hyphens=False)
    return [*wrap(title, WIDTH), "", *said, '"""'] if said else wrap(f'{title}"""', WIDTH)


def loaded_docstring(made: str, *, anew: bool) -> list[str]:
    """What is said of a function that makes a network with weights; `anew`: but for its head."""
    said = f'"""The {made} with the learned weights of a file.'
    more = ["", "A head of another size is initialized anew.", '"""']
    return [said, *more] if anew else [f'{said}"""']


def from_pretrained(
    entry: str, body: Sequence[Statement], classes: Parameter | None = None
) -> Statement:
    """The method that makes a network with the learned weights of a file."""
    path = Parameter("path", code("str | Path"), Name("WEIGHTS"))
    doc = loaded_docstring("network", anew=bool(classes))
    parameters = [Parameter("cls"), path, *([classes] if classes else [])]
    return Function("from_pretrained", parameters, Literal(entry), body, doc, [Name("classmethod")])


def result_type(one: Expression, outputs: int, few: int) -> Expression:
    """The type of what a network returns; of more than a few outputs only that all are alike."""
    if outputs == 1:
        return one
    types = [one] * outputs if outputs <= few else [one, code("...")]
    return Subscript(Name("tuple"), Display("", tuple(types)))


def grouped(imports: Sequence[str]) -> list[str]:
    """Import lines, the standard library's apart from the others."""
    standard = [line for line in imports if line.split()[1] in STANDARD_LIBRARY]
    others = [line for line in imports if line not in standard]
    return [*standard, *([""] if standard and others else []), *others]

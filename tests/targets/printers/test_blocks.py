"""Emitted files are as short as a person would have written them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from blocks import code_lines
from digests import MODELS
from reference import corpus, needs_corpus

import proto2net
from proto2net import Graph, Proto2NetError, backends

LINES = {
    "torch": {
        "googlenet": 80,
        "resnet50": 95,
        "resnet152": 80,
        "squeezenet_v1.1": 51,
        "mobilenet": 67,
    },
    "numpy": {
        "googlenet": 272,
        "resnet50": 260,
        "resnet152": 258,
        "squeezenet_v1.1": 191,
        "mobilenet": 234,
    },
    "tf": {
        "alexnet": 48,
        "vgg16": 53,
        "googlenet": 91,
        "resnet50": 63,
        "resnet152": 63,
        "squeezenet_v1.1": 39,
        "mobilenet": 54,
    },
    "network": {
        "googlenet": 80,
        "resnet50": 63,
        "resnet152": 97,
        "squeezenet_v1.1": 36,
        "mobilenet": 60,
    },
}
"""How many lines of code a file has at most, by target and network."""

FOLDS = tuple(LINES)
"""The targets that have a way to say blocks."""

FRAMEWORKS = tuple(to for to in FOLDS if to != "network")
"""Those of them in which a layer's name is an identifier, or nearly one."""


@pytest.mark.parametrize(("to", "name"), [(to, name) for to in LINES for name in LINES[to]])
def test_a_file_is_short(to: str, name: str) -> None:
    source = proto2net.convert(MODELS / f"{name}.prototxt", to=to)
    assert code_lines(source) <= LINES[to][name]


KERAS_LINES = {"cls__densenet__deploy_densenet121": 117, "cls__inception__deploy_inception-v3": 390}
"""The same of files of the corpus in Keras."""


@needs_corpus
def test_a_keras_file_of_the_corpus_is_short() -> None:
    for path, _, text in corpus({"deploy"}):
        most = KERAS_LINES.get(Path(path).stem)
        assert most is None or code_lines(proto2net.convert(text, to="tf")) <= most, path


def graphs() -> Iterator[Graph]:
    """Every eighth definition of the corpus that can be read."""
    for _, sha, text in corpus({"deploy", "train_val"}):
        if int(sha, 16) % 8 == 0:
            try:
                yield proto2net.parse(text, inputs={"*": (1, 3, 224, 224)})
            except Proto2NetError:
                continue


@needs_corpus
def test_blocks_make_no_file_longer_and_all_together_much_shorter() -> None:
    flat, folded = Counter[str](), Counter[str]()
    for graph in graphs():
        for to in FOLDS:
            target = backends.get(to)
            try:
                lines = code_lines(target.emit(graph, flat=True).source)
            except Proto2NetError:
                continue
            found = code_lines(target.emit(graph).source)
            assert found <= lines
            flat[to] += lines
            folded[to] += found
    assert {to for to in FOLDS if folded[to] > 0.6 * flat[to]} == set()


@pytest.mark.parametrize("to", FRAMEWORKS)
def test_what_is_asked_for_inside_a_block_opens_that_block_alone(to: str) -> None:
    net = MODELS / "googlenet.prototxt"
    graph = proto2net.parse(net, outputs=["inception_4a/3x3_reduce", "prob"])
    source = backends.get(to).emit(graph).source
    assert "inception_4a_3x3_reduce" in source
    assert "inception_4b_3x3_reduce" not in source


@pytest.mark.parametrize("to", FRAMEWORKS)
def test_flat_says_each_layer_where_it_stands(to: str) -> None:
    source = proto2net.convert(MODELS / "googlenet.prototxt", to=to, flat=True)
    assert "inception(" not in source.lower()
    assert "inception_5b_3x3_reduce" in source


@pytest.mark.parametrize("to", FOLDS)
def test_a_block_names_its_first_and_last_use_in_the_order_of_the_file(to: str) -> None:
    source = proto2net.convert(MODELS / "mobilenet.prototxt", to=to)
    assert '"""conv2_1 to conv6, 13 blocks of the definition."""' in source

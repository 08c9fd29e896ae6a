"""Whatever is fed in, a network comes out or a Proto2NetError: never anything else."""

from __future__ import annotations

import time
from pathlib import Path

import caffemodels as write
import mutants
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from mutants import converted

import proto2net
from proto2net import Proto2NetError
from proto2net.caffe import binaryproto, caffemodel
from proto2net.weights.matching import match
from proto2net.weights.reading import read

GOOD = mutants.sources()
SEEDS = range(0, 400, 40)
LONGEST = 20.0
"""Seconds for one network, of which none needs 2 on a machine with nothing else to do."""

quick = settings(
    max_examples=150,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)


@pytest.mark.parametrize("start", SEEDS)
def test_mutants_of_good_networks_are_converted_or_refused(start: int) -> None:
    for seed in range(start, start + SEEDS.step):
        begun = time.process_time()
        converted(mutants.mutant(seed, GOOD).text, mutants.phase(seed))
        assert time.process_time() - begun < LONGEST, f"mutant {seed}"


def test_a_seed_always_gives_the_same_mutant() -> None:
    for seed in range(20):
        assert mutants.mutant(seed, GOOD) == mutants.mutant(seed, GOOD)


def test_a_definition_survives_the_tree_that_is_changed() -> None:
    for text in GOOD[::20]:
        again = "\n".join(map(str, mutants.tree(text)))
        try:
            right = proto2net.parse(text, ignore_unknown_fields=True)
        except Proto2NetError:
            continue
        assert proto2net.parse(again, ignore_unknown_fields=True) == right


WORDS = st.sampled_from(
    [
        *("layer", "layers", "name", "type", "bottom", "top", "param", "include", "phase", "input"),
        *("input_shape", "input_dim", "dim", "shape", "convolution_param", "kernel_size", "a"),
        *("{", "}", "{", "}", "<", ">", "[", "]", ":", ":", ":", ",", ";", "-", "#", "\n", '"'),
        *('"x"', "'y'", '"Input"', '"ReLU"', '"\\377"', '"\\x0"', "RELU", "TEST", "0", "1", "3"),
        *("1e9", "-1", "0x7fffffff", "9" * 30, "nan", "true", ".5f", "\\", "\0", "{{ x }}", "$x"),
    ]
)


@quick
@given(st.lists(WORDS | st.text(max_size=3), max_size=60))
def test_words_in_any_order_are_a_network_or_a_problem(words: list[str]) -> None:
    converted(" ".join(words), "train")


SHORT = st.sampled_from([text for text in GOOD if len(text) < 2000])


@quick
@given(SHORT, st.lists(st.integers(0, 2**32)))
def test_changes_upon_changes_are_converted_or_refused(text: str, seeds: list[int]) -> None:
    for seed in seeds[:4]:
        try:
            text = mutants.changed(text, seed)
        except (StopIteration, RuntimeError):  # it has no fields any more
            break
    converted(text, "test")


# ---- binary ---------------------------------------------------------------------------------

NUMBERS = st.integers(0, 2**64 - 1) | st.sampled_from([0, 1, 2, 5, 2**31, 2**32 - 1, 2**63])
FIELD_NUMBERS = st.sampled_from([1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 50, 100, 106, 143, 901, 2**29 - 1])


def length(number: int, content: bytes, lie: int) -> bytes:
    """A field of bytes, which may say that it has more or fewer than it has."""
    return (
        write.varint(number << 3 | 2) + write.varint(max(len(content) + lie, 0)) + content
        if lie
        else write.length(number, content)
    )


def fixed(number: int, content: bytes, kind: int) -> bytes:
    return write.varint(number << 3 | kind) + content


def group(number: int, content: bytes) -> bytes:
    return write.varint(number << 3 | 3) + content + write.varint(number << 3 | 4)


def field(content: st.SearchStrategy[bytes]) -> st.SearchStrategy[bytes]:
    lies = st.sampled_from([0] * 30 + [1, -1, 2**31, 2**63])
    return st.one_of(
        st.builds(length, FIELD_NUMBERS, content, lies),
        st.builds(write.number, FIELD_NUMBERS, NUMBERS),
        st.builds(fixed, FIELD_NUMBERS, st.binary(min_size=4, max_size=4), st.just(5)),
        st.builds(fixed, FIELD_NUMBERS, st.binary(min_size=8, max_size=8), st.just(1)),
        st.builds(group, FIELD_NUMBERS, content),
    )


LEAVES = st.binary(max_size=12) | st.sampled_from(
    [b"x", b"Input", b"ReLU", b"Convolution", b"Split", bytes(4), bytes(8), write.varint(2) * 4]
)
MESSAGES = st.recursive(
    LEAVES, lambda inner: st.lists(field(inner), max_size=5).map(b"".join), max_leaves=25
)
NET = proto2net.parse(
    'input: "x" input_dim: 1 input_dim: 3 input_dim: 4 input_dim: 5 '
    'layer { name: "x" type: "InnerProduct" bottom: "x" top: "y" '
    "inner_product_param { num_output: 2 } }"
)


@quick
@given(st.lists(st.builds(write.length, st.sampled_from([2, 100]), MESSAGES), max_size=4), MESSAGES)
def test_fields_of_any_kind_are_weights_or_a_problem(
    tmp_path: Path, layers: list[bytes], rest: bytes
) -> None:
    path = tmp_path / "net.caffemodel"
    path.write_bytes(write.length(1, "net\0") + b"".join(layers) + rest)
    for run in (
        lambda: match(NET, read(path), allow_missing=True),
        lambda: caffemodel.definition(path, "net"),
        lambda: binaryproto.mean(path),
        lambda: proto2net.parse(path),
    ):
        try:
            run()
        except Proto2NetError:
            continue


# ---- what has been found --------------------------------------------------------------------

FOUND = {
    "a data layer without tops": 'layer { name: "a" type: "Data" data_param { batch_size: 2 } '
    "transform_param { crop_size: 4 } }",
    "an infinite factor": 'input: "x" input_dim: [1, 2, 5, 4] layer { name: "a" type: "Upsample" '
    'bottom: "x" bottom: "x" top: "a" upsample_param { scale: inf } }',
    "a convolution of nothing beside boxes": 'layer { name: "a" type: "Convolution" top: "a" '
    'convolution_param { num_output: 8 } } layer { name: "b" type: "PriorBox" bottom: "a" '
    'bottom: "a" top: "b" prior_box_param { min_size: 3 } } layer { name: "c" '
    'type: "DetectionOutput" detection_output_param { num_classes: 2 } }',
    "boxes without a side": 'input: "x" input_dim: [1, 4, 6, 7] layer { name: "a" type: "PriorBox" '
    'bottom: "x" bottom: "x" top: "a" prior_box_param { min_size: 2 aspect_ratio: 0 flip: true } } '
    'layer { name: "b" type: "DetectionOutput" bottom: "x" bottom: "x" bottom: "a" top: "b" '
    "detection_output_param { num_classes: 2 } }",
    "windows of nothing": 'input: "x" input_shape { dim: 2 dim: 3 } layer { name: "a" '
    'type: "NdConvolution" bottom: "x" top: "a" convolution_param { num_output: 4 } }',
    "channels of nothing": 'input: "x" input_dim: [1, 0, 5, 4] layer { name: "a" '
    'type: "DepthwiseConvolution" bottom: "x" top: "a" '
    "convolution_param { num_output: 4 kernel_size: 3 } }",
    "noise for nothing": 'input: "x" input_dim: [1, 0, 5, 4] layer { name: "a" '
    'type: "InnerProduct" bottom: "x" top: "a" '
    "inner_product_param { num_output: 4 enable_noise: true } }",
    "no boxes at a place": 'input: "x" input_dim: [1, 16, 5, 4] layer { name: "a" '
    'type: "Yolov3DetectionOutput" bottom: "x" top: "a" yolov3_detection_output_param '
    "{ num_classes: 3 num_box: 0 mask_group_num: 1 anchors_scale: 32 } }",
    "axes without end": 'input: "x" input_dim: [1, 2, 5, 4] layer { name: "a" type: "InnerProduct" '
    'bottom: "x" top: "a" inner_product_param { num_output: 4 min_top_axes: 0x7fffffff } }',
    "a box of no size": 'input: "x" input_dim: [1, 2, 5, 4] layer { name: "a" type: "PriorBox" '
    'bottom: "x" bottom: "x" top: "a" prior_box_param { min_size: nan } }',
}


@pytest.mark.parametrize("text", FOUND.values(), ids=FOUND)
@pytest.mark.parametrize("phase", ["test", "train"])
def test_what_was_found_is_refused(text: str, phase: str) -> None:
    assert not converted(text, phase)

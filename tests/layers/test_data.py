"""What Caffe refuses in data layers, and the shapes that their files state."""

from __future__ import annotations

import logging

import pytest
from refusals import told

import proto2net
from proto2net.errors import Proto2NetError, ShapeError, UnsupportedError
from proto2net.layers.base import Filler, Layer
from proto2net.layers.data import (
    Data,
    DataLayer,
    DummyData,
    HDF5Data,
    HDF5Output,
    ImageData,
    Input,
    MemoryData,
    Python,
    TransformationParameter,
    WindowData,
)
from proto2net.shape import Shape, Shapes

IMAGE = (2, 3, 7, 5)
CROP = TransformationParameter(crop_size=4)
TWO_MEANS = TransformationParameter(crop_size=4, mean_value=(1, 2))
FILE_AND_VALUE = TransformationParameter(crop_size=4, mean_file="mean", mean_value=(1,))

REFUSED: list[tuple[Layer, Shapes, int, str]] = [
    (Input(), (), 1, "does not state"),
    (Input(((1,), (2,))), (), 3, "2 times for 3"),
    (Input(((-1, 3),)), (), 1, "at least 1"),
    (DummyData(), (), 1, "shape is given 0 times"),
    (DummyData(shape=((1,), (2,))), (), 3, "2 times for 3"),
    (DummyData((Filler(), Filler()), shape=((1,),)), (), 1, "data_filler"),
    (DummyData((Filler("he"),), shape=((1,),)), (), 1, "he"),
    (DummyData(num=(1,), channels=(2,), height=(3,)), (), 1, "width is given 0 times"),
    (DummyData(num=(1,), shape=((1,),)), (), 1, "older"),
    (DummyData(shape=((0,),)), (), 1, "at least 1"),
    (Data(batch_size=2), (), 1, "does not state"),
    (Data(transform_param=CROP), (), 1, "batch_size"),
    (Data(batch_size=2, transform_param=FILE_AND_VALUE), (), 1, "mean_file"),
    (
        Data(
            batch_size=2, transform_param=TransformationParameter(1, False, 4, None, (), True, True)
        ),
        (),
        1,
        "force_color and force_gray",
    ),
    (ImageData(), (), 2, "does not state"),
    (ImageData(), (), 1, "takes 2 tops"),
    (ImageData(new_height=4), (), 2, "new_width"),
    (ImageData(batch_size=0, transform_param=CROP), (), 2, "batch_size"),
    (ImageData(new_height=3, new_width=9, transform_param=CROP), (), 2, "crop_size 4"),
    (ImageData(transform_param=TWO_MEANS), (), 2, "2 times for 3"),
    (MemoryData(2, 3, 4), (), 2, "2 x 3 x 4 x 0"),
    (MemoryData(2, 3, 4, 5, FILE_AND_VALUE), (), 2, "mean_file"),
    (WindowData(batch_size=2), (), 2, "crop_size"),
    (WindowData(transform_param=CROP), (), 2, "batch_size"),
    (WindowData(batch_size=2, transform_param=TWO_MEANS), (), 2, "2 times for 3"),
    (HDF5Data(batch_size=2), (), 2, "does not state"),
    (HDF5Data(batch_size=2, transform_param=CROP), (), 2, "transform_param"),
    (HDF5Output(), (IMAGE, (3,)), 0, "samples"),
    (HDF5Output(), ((*IMAGE, 1), (2,)), 0, "4 axes"),
]


@pytest.mark.parametrize(("layer", "bottoms", "tops", "words"), REFUSED)
def test_refused(layer: Layer, bottoms: Shapes, tops: int, words: str) -> None:
    assert words in told(layer, bottoms, tops)


def test_what_the_file_does_not_state_can_be_given() -> None:
    with pytest.raises(ShapeError, match="--input NAME=N,C,H,W"):
        HDF5Data(batch_size=2).infer((), 1)


def test_a_python_layer_is_valid_but_its_meaning_is_elsewhere() -> None:
    python = Python("module", "Class")
    python.check_counts(3, 0)
    with pytest.raises(UnsupportedError, match=r"module\.Class"):
        python.check_known()
    assert not issubclass(UnsupportedError, ShapeError)
    assert issubclass(UnsupportedError, Proto2NetError)


STATED: list[tuple[DataLayer, Shape, str]] = [
    (Data(batch_size=2, transform_param=CROP), (2, 3, 4, 4), "3 channels assumed"),
    (Data(batch_size=2, transform_param=TWO_MEANS), (2, 2, 4, 4), ""),
    (
        Data(batch_size=2, transform_param=TransformationParameter(crop_size=4, force_color=True)),
        (2, 3, 4, 4),
        "",
    ),
    (
        Data(batch_size=2, transform_param=TransformationParameter(crop_size=4, force_gray=True)),
        (2, 1, 4, 4),
        "",
    ),
    (ImageData(new_height=5, new_width=7), (1, 3, 5, 7), ""),
    (ImageData(batch_size=2, is_color=False, transform_param=CROP), (2, 1, 4, 4), ""),
    (ImageData(new_height=5, new_width=7, transform_param=CROP), (1, 3, 4, 4), ""),
    (MemoryData(2, 3, 4, 5), (2, 3, 4, 5), ""),
    (WindowData(batch_size=2, transform_param=CROP), (2, 3, 4, 4), ""),
]


@pytest.mark.parametrize(("layer", "shape", "assumption"), STATED)
def test_data_layers_have_the_shape_that_the_file_states(
    layer: DataLayer, shape: Shape, assumption: str
) -> None:
    layer.check_counts(0, 2)
    assert layer.infer((), 2) == (shape, shape[:1])
    assert layer.assumption().startswith(assumption)
    assert bool(layer.assumption()) == bool(assumption)
    assert layer.data


def test_a_shape_for_each_top_or_one_for_all() -> None:
    assert Input((IMAGE,)).infer((), 2) == (IMAGE, IMAGE)
    assert Input((IMAGE, (2,))).infer((), 2) == (IMAGE, (2,))
    older = DummyData(num=(2, 4), channels=(3,), height=(7,), width=(5,))
    assert older.infer((), 2) == (IMAGE, (4, 3, 7, 5))


MARKERS = """
    layer { name: "video" type: "Python" top: "x" top: "markers"
            python_param { module: "videos" layer: "Videos" } }
    layer { name: "steps" type: "Reshape" bottom: "markers" top: "cont"
            reshape_param { shape { dim: 4 dim: 3 } } }
    layer { name: "images" type: "Reshape" bottom: "x" top: "y"
            reshape_param { shape { dim: 4 dim: 3 dim: -1 } } }"""


def test_what_a_reshape_alone_reads_has_the_shape_that_it_states(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO, "proto2net")
    graph = proto2net.parse(MARKERS, inputs={"*": (12, 5, 6, 7)})
    shapes = {blob.name: blob.shape for blob in graph.inputs}
    assert shapes == {"x": (12, 5, 6, 7), "markers": (4, 3)}
    said = 'took 4 x 3 for "markers", as layer "steps" (Reshape) has it'
    assert said in caplog.text


def test_a_shape_for_all_inputs_that_has_as_many_values_goes_before() -> None:
    graph = proto2net.parse(MARKERS, inputs={"*": (12,), "x": (12, 5)})
    assert {blob.name: blob.shape for blob in graph.inputs} == {"x": (12, 5), "markers": (12,)}


def test_a_shape_for_all_inputs_goes_before_what_a_reshape_of_images_states() -> None:
    text = MARKERS.replace("dim: 4 dim: 3 dim: -1", "dim: 4 dim: 3 dim: 5")
    (images, _) = proto2net.parse(text).inputs
    assert images.shape == (4, 3, 5)
    with pytest.raises(ShapeError, match=r"12 x 7 \(84 elements\) cannot become 4 x 3 x 5"):
        proto2net.parse(text, inputs={"*": (12, 7)})


def test_the_shape_of_what_another_layer_reads_too_must_be_given() -> None:
    more = MARKERS + 'layer { name: "r" type: "ReLU" bottom: "markers" top: "r" }'
    with pytest.raises(ShapeError, match="markers"):
        proto2net.parse(more, inputs={"x": (12, 5)})


EVAL = """
    layer { name: "data" type: "EvalData" top: "x" top: "boxes" top: "im_size"
            eval_data_param { batch_size: 2 } }
    layer { name: "y" type: "ReLU" bottom: "x" top: "y" }
    layer { name: "z" type: "ReLU" bottom: "im_size" top: "z" }"""


@pytest.mark.parametrize("name", ["x", "*", ""])
def test_what_follows_from_the_images_need_not_be_given(name: str) -> None:
    graph = proto2net.parse(EVAL, inputs={name: (2, 3, 5, 7)})
    assert {blob.name: blob.shape for blob in graph.inputs} == {
        "x": (2, 3, 5, 7),
        "im_size": (2, 2, 1, 1),
    }


def test_only_the_shape_of_the_images_is_asked_for() -> None:
    with pytest.raises(ShapeError) as error:
        proto2net.parse(EVAL)
    assert error.value.issues[0].hint == "give it, as in --input x=2,3,224,224"

"""What Caffe refuses in the layers of axes, combine, loss and data, and what their files state."""

from __future__ import annotations

import pytest

from proto2net.errors import Proto2NetError, ShapeError, UnsupportedError
from proto2net.layers.axes import ArgMax, Crop, Flatten, Reduction, Reshape, Tile
from proto2net.layers.base import Filler, Layer
from proto2net.layers.combine import (
    BatchReindex,
    Concat,
    Eltwise,
    Filter,
    Parameter,
    Silence,
    Slice,
    Split,
)
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
from proto2net.layers.loss import (
    Accuracy,
    ContrastiveLoss,
    EuclideanLoss,
    HingeLoss,
    InfogainLoss,
    LossParameter,
    MultinomialLogisticLoss,
    SigmoidCrossEntropyLoss,
    SoftmaxParameter,
    SoftmaxWithLoss,
)
from proto2net.shape import Shape, Shapes

IMAGE = (2, 3, 7, 5)
CROP = TransformationParameter(crop_size=4)
TWO_MEANS = TransformationParameter(crop_size=4, mean_value=(1, 2))
FILE_AND_VALUE = TransformationParameter(crop_size=4, mean_file="mean", mean_value=(1,))

REFUSED: list[tuple[Layer, Shapes, int, str]] = [
    (Concat(), (), 1, "at least 1"),
    (Concat(axis=4), (IMAGE,), 1, "axis is 4"),
    (Concat(concat_dim=4), (IMAGE,), 1, "concat_dim is 4"),
    (Concat(axis=-1, concat_dim=1), (IMAGE,), 1, "axis is -1, but concat_dim"),
    (Concat(), (IMAGE, (2, 3, 7, 4)), 1, "2 x 3 x 7 x 4"),
    (Concat(), (IMAGE, (2, 3)), 1, "agree"),
    (Concat(), ((2, 3), (2,)), 1, "agree"),
    (Slice(), (IMAGE,), 2, "divide"),
    (Slice(axis=-5), (IMAGE,), 2, "axis is -5"),
    (Slice(slice_dim=4), (IMAGE,), 2, "slice_dim is 4"),
    (Slice(axis=2, slice_dim=1), (IMAGE,), 3, "axis is 2, but slice_dim"),
    (Slice(slice_point=(1, 2)), (IMAGE,), 2, "1 slice points, but 2"),
    (Slice(slice_point=(1, 2, 3)), (IMAGE,), 4, "more than"),
    (Slice(slice_point=(2, 1)), (IMAGE,), 3, "increasing"),
    (Slice(slice_point=(0,)), (IMAGE,), 2, "increasing"),
    (Slice(slice_point=(4,)), (IMAGE,), 2, "beyond"),
    (Split(), (IMAGE, IMAGE), 2, "takes 1 bottom"),
    (Silence(), (IMAGE,), 1, "takes 0 tops"),
    (Eltwise(), (IMAGE,), 1, "at least 2"),
    (Eltwise(), (IMAGE, (2, 3)), 1, "one shape"),
    (Eltwise(coeff=(1, 1, 1)), (IMAGE, IMAGE), 1, "3 given"),
    (Eltwise("PROD", (1, 1)), (IMAGE, IMAGE), 1, "PROD"),
    (Flatten(), ((5,),), 1, "axis is 1"),
    (Flatten(end_axis=4), (IMAGE,), 1, "end_axis is 4"),
    (Flatten(3, 1), (IMAGE,), 1, "behind"),
    (Reshape((-1,), axis=5), (IMAGE,), 1, "axis is 5"),
    (Reshape((-1,), axis=-6), (IMAGE,), 1, "axis is -6"),
    (Reshape((-1,), num_axes=-2), (IMAGE,), 1, "num_axes is -2"),
    (Reshape((-1,), axis=2, num_axes=3), (IMAGE,), 1, "has 2 axes"),
    (Reshape((-2,)), (IMAGE,), 1, "-2"),
    (Reshape((-1, -1)), (IMAGE,), 1, "only one"),
    (Reshape((0,), axis=4), (IMAGE,), 1, "copies axis 4"),
    (Reshape((0, 4, -1)), (IMAGE,), 1, "divide"),
    (Reshape((0, -1)), ((0, 3),), 1, "divide"),
    (Reshape((2, 3)), (IMAGE,), 1, "210 elements"),
    (Reshape(), (IMAGE,), 1, "scalar"),
    (Crop(axis=4), (IMAGE, IMAGE), 1, "axis is 4"),
    (Crop(), (IMAGE, (1, 1, 8, 5)), 1, "from 7 to 8"),
    (Crop(offset=(3,)), (IMAGE, (1, 1, 4, 4)), 1, "from 5 to 4 at offset 3"),
    (Crop(offset=(1, 1, 1)), (IMAGE, IMAGE), 1, "3 times for 2"),
    (Crop(), (IMAGE, (2, 3)), 1, "fewer axes"),
    (Tile(), (IMAGE,), 1, "tiles"),
    (Tile(tiles=-1), (IMAGE,), 1, "-1"),
    (Tile(axis=4, tiles=2), (IMAGE,), 1, "axis is 4"),
    (BatchReindex(), (IMAGE, (2, 1)), 1, "2 x 1"),
    (BatchReindex(), ((), (2,)), 1, "scalar"),
    (Filter(), (IMAGE, (2,)), 2, "2 tops for 2 bottoms"),
    (Filter(), (IMAGE, (2, 2)), 1, "selector"),
    (Filter(), (IMAGE, ()), 1, "selector"),
    (Filter(), (IMAGE, (), (2,)), 2, "scalar"),
    (Filter(), (IMAGE, (3,)), 1, "rows"),
    (Reduction(axis=4), (IMAGE,), 1, "axis is 4"),
    (ArgMax(top_k=0), (IMAGE,), 1, "top_k is 0"),
    (ArgMax(top_k=106), (IMAGE,), 1, "105 values"),
    (ArgMax(top_k=4, axis=1), (IMAGE,), 1, "3 values"),
    (ArgMax(axis=4), (IMAGE,), 1, "axis is 4"),
    (ArgMax(), ((),), 1, "scalar"),
    (Parameter((2, -1)), (), 1, "at least 1"),
    (SoftmaxWithLoss(), (IMAGE, (2, 7, 5)), 2, "second top"),
    (SoftmaxWithLoss(), (IMAGE, (2,)), 1, "70 labels"),
    (SoftmaxWithLoss(), (IMAGE, (70,)), 1, "samples"),
    (SoftmaxWithLoss(), ((), ()), 1, "samples"),
    (SoftmaxWithLoss(SoftmaxParameter(4)), (IMAGE, IMAGE), 1, "axis is 4"),
    (SigmoidCrossEntropyLoss(), ((2, 3), (2,)), 1, "target"),
    (SigmoidCrossEntropyLoss(), ((2, 3), (3, 2)), 1, "samples"),
    (EuclideanLoss(), ((2, 3), (2, 4)), 1, "2 x 4"),
    (EuclideanLoss(), ((2, 3), (3, 3)), 1, "samples"),
    (HingeLoss(), ((2, 3), (3,)), 1, "samples"),
    (HingeLoss(), ((2, 3), (2, 3)), 1, "needs one label a sample"),
    (MultinomialLogisticLoss(), ((2,), (2,)), 1, "needs an axis of classes"),
    (HingeLoss(), ((*IMAGE, 1), (2,)), 1, "4 axes"),
    (MultinomialLogisticLoss(), ((2, 3), (2, 3)), 1, "one label"),
    (MultinomialLogisticLoss(), ((2, 3), (2, 1, 1, 1, 1)), 1, "4 axes"),
    (InfogainLoss(), ((2, 3), (2,)), 1, "missing"),
    (InfogainLoss("h"), ((2, 3), (2, 3)), 1, "2 labels"),
    (InfogainLoss("h", axis=2), ((2, 3), (2,)), 1, "axis is 2"),
    (InfogainLoss(), ((2, 3), (2,), (3, 2)), 1, "3 x 3"),
    (InfogainLoss("h", 1, LossParameter(normalize=True)), ((2, 3), (2,)), 1, "normalize"),
    (ContrastiveLoss(), ((2, 3), (2, 4), (2,)), 1, "vectors"),
    (ContrastiveLoss(), ((2, 3, 2), (2, 3, 2), (2,)), 1, "vectors"),
    (ContrastiveLoss(), ((2, 3), (2, 3), (2, 3)), 1, "one similarity"),
    (ContrastiveLoss(), ((2, 3), (3, 3), (2,)), 1, "samples"),
    (Accuracy(), ((2, 3), (2, 3)), 1, "2 labels"),
    (Accuracy(axis=2), ((2, 3), (2,)), 1, "axis is 2"),
    (Accuracy(top_k=4), ((2, 3), (2,)), 1, "3 classes"),
    (Accuracy(), ((0, 3), (0,)), 1, "no labels"),
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


def set_up(layer: Layer, bottoms: Shapes, tops: int) -> None:
    """What a network does with a layer before anything runs."""
    layer.check_counts(len(bottoms), tops)
    layer.infer(bottoms, tops)


@pytest.mark.parametrize(("layer", "bottoms", "tops", "word"), REFUSED)
def test_refused(layer: Layer, bottoms: Shapes, tops: int, word: str) -> None:
    with pytest.raises(ShapeError) as refusal:
        set_up(layer, bottoms, tops)
    assert word in refusal.value.issues[0].message


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


def test_normalization_by_either_name() -> None:
    assert LossParameter().mode("BATCH_SIZE") == "BATCH_SIZE"
    assert LossParameter(normalize=False).mode("VALID") == "BATCH_SIZE"
    assert LossParameter(normalize=True).mode("BATCH_SIZE") == "VALID"
    assert LossParameter(normalize=True, normalization="FULL").mode("VALID") == "FULL"

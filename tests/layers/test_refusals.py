"""What Caffe refuses in layers that compute, by layer type."""

from __future__ import annotations

import pytest
from refusals import told

from proto2net.errors import ShapeError
from proto2net.layers.activation import Clip, Exp, Log, PReLU, ReLU
from proto2net.layers.axes import ArgMax, Crop, Flatten, Reduction, Reshape, Tile
from proto2net.layers.base import Layer, ParamSpec
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
from proto2net.layers.dense import Embed, InnerProduct
from proto2net.layers.normalize import LRN, MVN, BatchNorm, Bias, Scale, Softmax
from proto2net.layers.recurrent import LSTM, RNN, LSTMUnit
from proto2net.shape import Shapes

IMAGE, OBLONG = (2, 3, 8, 8), (2, 3, 7, 5)
X, CONT, STATE = (4, 2, 3), (4, 2), (1, 2, 5)

REFUSED: list[tuple[Layer, Shapes, int, str]] = [
    # activations
    (ReLU(), (IMAGE, IMAGE), 1, "takes 1 bottom, but 2"),
    (ReLU(), (IMAGE,), 2, "takes 1 top, but 2"),
    (Clip(0.5, -0.5), (IMAGE,), 1, "min 0.5 is above max -0.5"),
    (Exp(base=0), (IMAGE,), 1, "base is 0;"),
    (Exp(base=-2), (IMAGE,), 1, "base is -2;"),
    (Exp(base=float("inf")), (IMAGE,), 1, "base is inf;"),
    (Exp(base=float("nan")), (IMAGE,), 1, "base is nan;"),
    (Log(base=0), (IMAGE,), 1, "base is 0;"),
    (Log(base=1), (IMAGE,), 1, "base is 1,"),
    (PReLU(), ((2,),), 1, "2 to 5 axes"),
    (PReLU(channel_shared=True), ((2, 3, 4, 5, 6, 7),), 1, "2 x 3 x 4 x 5 x 6 x 7"),
    # normalisations
    (BatchNorm(), ((2,),), 1, "at least 2 axes"),
    (BatchNorm(), ((),), 1, "scalar"),
    (LRN(local_size=4), (IMAGE,), 1, "local_size is 4;"),
    (LRN(local_size=0), (IMAGE,), 1, "local_size is 0;"),
    (LRN(), ((2, 3, 8),), 1, "needs 4 axes"),
    (LRN(norm_region="WITHIN_CHANNEL"), ((2, 3),), 1, "needs 4 axes"),
    (MVN(), ((2, 3, 4, 5, 6),), 1, "at most 4 axes"),
    (Softmax(axis=7), (IMAGE,), 1, "axis is 7"),
    (Softmax(axis=-5), (IMAGE,), 1, "axis is -5"),
    (Softmax(), ((),), 1, "scalar"),
    (Scale(), (IMAGE, (3,), (3,)), 1, "takes 1 to 2 bottoms"),
    (Scale(axis=4), (IMAGE,), 1, "axis is 4"),
    (Scale(axis=4, num_axes=0), (IMAGE,), 1, "axis is 4"),
    (Scale(num_axes=-2), (IMAGE,), 1, "num_axes is -2;"),
    (Scale(axis=-1, num_axes=2), (IMAGE,), 1, "2 axes from axis 3"),
    (Scale(), (IMAGE, (8,)), 1, "must be 3, as"),
    (Scale(axis=3), (IMAGE, (8, 8)), 1, "2 axes from axis 3"),
    (Scale(axis=4), (IMAGE, (3,)), 1, "axis is 4"),
    (Scale(axis=4, bias_term=True), (IMAGE, ()), 1, "axis is 4"),
    (Bias(axis=-5), (IMAGE,), 1, "axis is -5"),
    (Bias(num_axes=4), (IMAGE,), 1, "4 axes from axis 1"),
    (Bias(axis=0), (IMAGE, (2, 4)), 1, "must be 2 x 3, as"),
    # dense layers
    (InnerProduct(), (IMAGE,), 1, "num_output"),
    (InnerProduct(num_output=5, axis=4), (IMAGE,), 1, "axis is 4"),
    (InnerProduct(num_output=5), ((2,),), 1, "axis is 1"),
    (Embed(input_dim=7), ((2,),), 1, "num_output"),
    (Embed(num_output=5), ((2,),), 1, "input_dim"),
    # recurrent layers
    (LSTM(num_output=5), (X,), 1, "x, cont, or one more"),
    (LSTM(num_output=5), (X, CONT, STATE, STATE), 1, "but 4 given"),
    (LSTM(num_output=5), (X, CONT), 3, "must be output, but 3"),
    (LSTM(num_output=5, expose_hidden=True), (X, CONT, STATE), 3, "x, cont, h, c, or"),
    (RNN(num_output=5, expose_hidden=True), (X, CONT, STATE), 1, "output, h, but 1"),
    (RNN(), (X, CONT), 1, "num_output"),
    (RNN(num_output=5), ((4,), CONT), 1, "first bottom is 4"),
    (RNN(num_output=5), ((4, 2), CONT), 1, "first bottom is 4 x 2"),
    (RNN(num_output=5), ((0, 2, 3), (0, 2)), 1, "first bottom is 0 x 2 x 3"),
    (RNN(num_output=5), (X, (4, 2, 1)), 1, "must be 4 x 2, as"),
    (RNN(num_output=5), (X, (2, 4)), 1, "but it is 2 x 4"),
    (LSTM(num_output=5), (X, CONT, (2,)), 1, "must be 2 x features"),
    (LSTM(num_output=5), (X, CONT, (3, 3)), 1, "but it is 3 x 3"),
    (LSTM(num_output=5), (X, CONT, ()), 1, "but it is scalar"),
    (RNN(num_output=4, expose_hidden=True), (X, CONT, STATE), 2, "state h must be 1 x 2 x 4"),
    (LSTM(num_output=5, engine="CUDNN"), (X, CONT), 1, "engine is CUDNN"),
    (
        LSTM(num_output=5, expose_hidden=True),
        (X, CONT, (2, 3), STATE, (2, 5)),
        3,
        "state c must be 1 x 2 x 5",
    ),
    (LSTMUnit(), (STATE, (1, 2, 20)), 2, "takes 3 bottoms"),
    (LSTMUnit(), ((2, 5), (1, 2, 20), (1, 2)), 2, "first bottom is 2 x 5"),
    (LSTMUnit(), ((2, 2, 5), (1, 2, 20), (1, 2)), 2, "first bottom is 2 x 2 x 5"),
    (LSTMUnit(), (STATE, (1, 2, 15), (1, 2)), 2, "must be 1 x 2 x 20"),
    (LSTMUnit(), (STATE, (1, 2, 20), (2,)), 2, "must be 1 x 2,"),
    # what changes the axes of a blob
    (Flatten(), ((5,),), 1, "axis is 1"),
    (Flatten(end_axis=4), (OBLONG,), 1, "end_axis is 4"),
    (Flatten(3, 1), (OBLONG,), 1, "behind"),
    (Reshape((-1,), axis=5), (OBLONG,), 1, "axis is 5"),
    (Reshape((-1,), axis=-6), (OBLONG,), 1, "axis is -6"),
    (Reshape((-1,), num_axes=-2), (OBLONG,), 1, "num_axes is -2"),
    (Reshape((-1,), axis=2, num_axes=3), (OBLONG,), 1, "has 2 axes"),
    (Reshape((-2,)), (OBLONG,), 1, "-2"),
    (Reshape((-1, -1)), (OBLONG,), 1, "only one"),
    (Reshape((0,), axis=4), (OBLONG,), 1, "copies axis 4"),
    (Reshape((0, 4, -1)), (OBLONG,), 1, "divide"),
    (Reshape((0, -1)), ((0, 3),), 1, "divide"),
    (Reshape((2, 3)), (OBLONG,), 1, "210 elements"),
    (Reshape(), (OBLONG,), 1, "scalar"),
    (Crop(axis=4), (OBLONG, OBLONG), 1, "axis is 4"),
    (Crop(), (OBLONG, (1, 1, 8, 5)), 1, "from 7 to 8"),
    (Crop(offset=(3,)), (OBLONG, (1, 1, 4, 4)), 1, "from 5 to 4 at offset 3"),
    (Crop(offset=(1, 1, 1)), (OBLONG, OBLONG), 1, "3 times for 2"),
    (Crop(), (OBLONG, (2, 3)), 1, "fewer axes"),
    (Tile(), (OBLONG,), 1, "tiles"),
    (Tile(tiles=-1), (OBLONG,), 1, "-1"),
    (Tile(axis=4, tiles=2), (OBLONG,), 1, "axis is 4"),
    (Reduction(axis=4), (OBLONG,), 1, "axis is 4"),
    (ArgMax(top_k=0), (OBLONG,), 1, "top_k is 0"),
    (ArgMax(top_k=106), (OBLONG,), 1, "105 values"),
    (ArgMax(top_k=4, axis=1), (OBLONG,), 1, "3 values"),
    (ArgMax(axis=4), (OBLONG,), 1, "axis is 4"),
    (ArgMax(), ((),), 1, "scalar"),
    # what joins and splits blobs
    (Concat(), (), 1, "at least 1"),
    (Concat(axis=4), (OBLONG,), 1, "axis is 4"),
    (Concat(concat_dim=4), (OBLONG,), 1, "concat_dim is 4"),
    (Concat(axis=-1, concat_dim=1), (OBLONG,), 1, "axis is -1, but concat_dim"),
    (Concat(), (OBLONG, (2, 3, 7, 4)), 1, "2 x 3 x 7 x 4"),
    (Concat(), (OBLONG, (2, 3)), 1, "agree"),
    (Concat(), ((2, 3), (2,)), 1, "agree"),
    (Slice(), (OBLONG,), 2, "divide"),
    (Slice(axis=-5), (OBLONG,), 2, "axis is -5"),
    (Slice(slice_dim=4), (OBLONG,), 2, "slice_dim is 4"),
    (Slice(axis=2, slice_dim=1), (OBLONG,), 3, "axis is 2, but slice_dim"),
    (Slice(slice_point=(1, 2)), (OBLONG,), 2, "1 slice points, but 2"),
    (Slice(slice_point=(1, 2, 3)), (OBLONG,), 4, "more than"),
    (Slice(slice_point=(2, 1)), (OBLONG,), 3, "increasing"),
    (Slice(slice_point=(0,)), (OBLONG,), 2, "increasing"),
    (Slice(slice_point=(4,)), (OBLONG,), 2, "beyond"),
    (Split(), (OBLONG, OBLONG), 2, "takes 1 bottom"),
    (Silence(), (OBLONG,), 1, "takes 0 tops"),
    (Eltwise(), (OBLONG,), 1, "at least 2"),
    (Eltwise(), (OBLONG, (2, 3)), 1, "one shape"),
    (Eltwise(coeff=(1, 1, 1)), (OBLONG, OBLONG), 1, "3 given"),
    (Eltwise("PROD", (1, 1)), (OBLONG, OBLONG), 1, "PROD"),
    (BatchReindex(), (OBLONG, (2, 1)), 1, "2 x 1"),
    (BatchReindex(), ((), (2,)), 1, "scalar"),
    (Filter(), (OBLONG, (2,)), 2, "2 tops for 2 bottoms"),
    (Filter(), (OBLONG, (2, 2)), 1, "selector"),
    (Filter(), (OBLONG, ()), 1, "selector"),
    (Filter(), (OBLONG, (), (2,)), 2, "scalar"),
    (Filter(), (OBLONG, (3,)), 1, "rows"),
    (Parameter((2, -1)), (), 1, "at least 1"),
]


@pytest.mark.parametrize(("layer", "bottoms", "tops", "words"), REFUSED)
def test_refused(layer: Layer, bottoms: Shapes, tops: int, words: str) -> None:
    assert words in told(layer, bottoms, tops)


@pytest.mark.parametrize(
    ("lr_mults", "words"),
    [([1.0], "param 1 has lr_mult 1"), ([0.0, 0.0, 0.5], "param 3"), ([0.0, None], "param 2")],
)
def test_statistics_of_batch_norm_are_not_trained(lr_mults: list[float | None], words: str) -> None:
    """Each lr_mult that is not 0 is refused; one that is not given is 1."""
    BatchNorm().check_params([ParamSpec(lr_mult=0.0)] * 3)
    with pytest.raises(ShapeError, match=words):
        BatchNorm().check_params([ParamSpec(lr_mult=lr_mult) for lr_mult in lr_mults])

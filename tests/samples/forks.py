"""Samples of what forks have added, with values worked out from their layers' definitions."""

from __future__ import annotations

import numpy as np
from samples.sample import Ndarray, layer, sample, values

X = values(3, 4, 5, 7)


def interpolated(x: Ndarray, rows: int, columns: int) -> Ndarray:
    """Each pixel by itself: the corners stay where they are."""
    y = np.empty((*x.shape[:2], rows, columns))
    for i, j in np.ndindex(rows, columns):
        at = [
            k * (n - 1) / (count - 1) if count > 1 else 0
            for k, n, count in zip((i, j), x.shape[2:], (rows, columns), strict=True)
        ]
        (h, w), (dh, dw) = [int(a) for a in at], [a - int(a) for a in at]
        h1, w1 = min(h + 1, x.shape[2] - 1), min(w + 1, x.shape[3] - 1)
        top = x[..., h, w] * (1 - dw) + x[..., h, w1] * dw
        bottom = x[..., h1, w] * (1 - dw) + x[..., h1, w1] * dw
        y[..., i, j] = top * (1 - dh) + bottom * dh
    return y


def unpooled(x: Ndarray, mask: Ndarray, rows: int, columns: int) -> Ndarray:
    """Each value by itself: it goes to where the mask says."""
    y = np.zeros((*x.shape[:2], rows, columns))
    for n, c, h, w in np.ndindex(x.shape):
        row, column = divmod(int(mask[n, c, h, w]), columns)
        y[n, c, row, column] = x[n, c, h, w]
    return y


def spread(
    x: Ndarray, kernel: tuple[int, int], stride: tuple[int, int], size: tuple[int, int]
) -> Ndarray:
    """Each value by itself: it is added to all places of its window that there are."""
    y = np.zeros((*x.shape[:2], *size))
    for h, w in np.ndindex(x.shape[2:]):
        axes = zip((h, w), stride, kernel, strict=True)
        rows, columns = (slice(p * s, p * s + k) for p, s, k in axes)
        y[:, :, rows, columns] += x[:, :, h, w, None, None]
    return y


def at_each_place(x: Ndarray, weight: Ndarray, bias: Ndarray, kernel: int, stride: int) -> Ndarray:
    """Each place by itself, with its own filters; x is padded already."""
    rows, columns = ((n - kernel) // stride + 1 for n in x.shape[2:])
    y = np.empty((len(x), len(weight), rows, columns))
    for n, m, h, w in np.ndindex(y.shape):
        place = h * columns + w
        top, left = h * stride, w * stride
        window = x[n, :, top : top + kernel, left : left + kernel].reshape(-1)
        y[n, m, h, w] = window @ weight[m, 0, :, place] + bias[0, 0, m, place]
    return y


LOCAL_WEIGHT, LOCAL_BIAS = values(2, 1, 4 * 9, 3 * 4, start=5), values(1, 1, 2, 3 * 4, start=7)


def mask(shape: tuple[int, ...], rows: int, columns: int) -> Ndarray:
    """Where values can go, no two of a plane to the same place."""
    places = np.zeros(shape, np.float32)
    for seed, plane in enumerate(np.ndindex(shape[:2])):
        drawn = np.random.default_rng(seed).permutation(rows * columns)
        places[plane] = drawn[: shape[2] * shape[3]].reshape(shape[2:])
    return places


def per_channel(array: Ndarray) -> Ndarray:
    return array.reshape(1, -1, 1, 1)


def normalized(x: Ndarray, eps: float) -> Ndarray:
    """By the mean and the biased variance of each channel of the batch."""
    axes = (0, *range(2, x.ndim))
    return (x - x.mean(axes, keepdims=True)) / np.sqrt(x.var(axes, keepdims=True) + eps)


SLOPE, BIAS, MEAN = (per_channel(values(4, start=start)) for start in (1, 2, 3))
VARIANCE = per_channel(np.array([0.5, 1, 2, 3]))


def sequences(x: Ndarray, cont: Ndarray, w_x: Ndarray, w_h: Ndarray, b: Ndarray) -> Ndarray:
    """An LSTM step by step and sequence by sequence; where cont is 0, it starts anew."""

    def sigmoid(z: Ndarray) -> Ndarray:
        return 1 / (1 + np.exp(-z))

    steps, batch = cont.shape
    y = np.zeros((steps, batch, w_h.shape[1]))
    for n in range(batch):
        h = c = np.zeros(w_h.shape[1])
        for t in range(steps):
            h, c = (h, c) if cont[t, n] else (0 * h, 0 * c)
            i, f, o, g = np.split(w_x @ x[t, n].ravel() + w_h @ h + b, 4)
            c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
            h = y[t, n] = sigmoid(o) * np.tanh(c)
    return y


STEPS, BATCH, FEATURES, UNITS = 4, 3, 5, 2
LSTM = {"layer": [values(8, FEATURES), values(8, UNITS, start=5), values(8, start=9)]}
SEQUENCES = values(STEPS, BATCH, FEATURES, start=11)
STARTS_ANEW = np.array([[0, 0, 0], [1, 1, 1], [1, 0, 1], [1, 1, 0]])
OUTPUT_ANEW = sequences(SEQUENCES, STARTS_ANEW, *LSTM["layer"])
ONCE = np.ones((STEPS, BATCH))
OUTPUT = sequences(SEQUENCES, ONCE, *LSTM["layer"])
TRANSPOSED = "transpose_param { dim: 3 dim: 0 dim: 2 dim: 1 }"
POOLED = values(3, 4, 2, 3)
MASK = mask(POOLED.shape, 3, 5)
ODD_MASK = mask(POOLED.shape, 6, 7)

VECTORS, MATRIX, SHIFT = values(3, 5), values(4, 5, start=3), values(4, start=9)


def product(text: str) -> str:
    return layer("InnerProduct", "x", "y", f"inner_product_param {{ num_output: 4 {text} }}", "fc")


THREE = "num_output: 3 bias_term: false"
RELU6_IN_PLACE = layer("ReLU", "y", "y", "relu_param { relu6: true }", "relu")

SAMPLES = {
    "inner_product_with_noise": sample(  # which is for training alone
        product("enable_noise: true sigma_init: 0.17"),
        inputs={"x": VECTORS},
        weights={"fc": [MATRIX, SHIFT, values(4, 5, start=1), values(4, start=2)]},
        blobs={"y": VECTORS @ MATRIX.T + SHIFT},
    ),
    "inner_product_of_min_top_axes": sample(
        product("min_top_axes: 4"),
        inputs={"x": VECTORS},
        weights={"fc": [MATRIX, SHIFT]},
        blobs={"y": (VECTORS @ MATRIX.T + SHIFT)[..., None, None]},
    ),
    # ---- images ----
    "interp_full_zoom": sample(
        layer("Interp", "x", "y", "interp_param { full_zoom_factor: 2 pad_beg: -1 pad_end: -2 }"),
        inputs={"x": X},
        blobs={"y": interpolated(X[:, :, 1:-2, 1:-2], 4, 8)},
    ),
    "interp_to_the_size_of_a_blob": sample(
        layer("Interp", "x z", "y", "interp_param { use_blob_size: true }"),
        inputs={"x": X, "z": np.zeros((1, 2, 9, 4))},
        blobs={"y": interpolated(X, 9, 4)},
    ),
    "bilinear_interpolation": sample(
        layer("BilinearInterpolation", "x z", "y"),
        inputs={"x": X, "z": np.zeros((1, 2, 9, 4))},
        blobs={"y": interpolated(X, 9, 4)},
    ),
    "interp_to_one_pixel": sample(
        layer("Interp", "x", "y", "interp_param { height: 1 width: 1 }"),
        inputs={"x": X},
        blobs={"y": X[:, :, :1, :1]},
    ),
    # A factor alone goes before the size.
    "interp_shrink_and_size": sample(
        layer("Interp", "x", "y", "interp_param { height: 9 width: 9 shrink_factor: 3 }"),
        inputs={"x": X},
        blobs={"y": interpolated(X, 2, 3)},
    ),
    "upsample_nearest": sample(
        layer("Upsample", "x", "y", "upsample_param { scale: 3 }"),
        inputs={"x": X},
        blobs={"y": X.repeat(3, axis=2).repeat(3, axis=3)},
    ),
    "upsample_pad_out": sample(
        layer(
            "Upsample", "x m", "y", "upsample_param { scale: 2 pad_out_h: true pad_out_w: true }"
        ),
        inputs={"x": POOLED, "m": MASK},
        blobs={"y": unpooled(POOLED, MASK, 3, 5)},
    ),
    "upsample_to_a_size": sample(
        layer("Upsample", "x m", "y", "upsample_param { upsample_h: 6 upsample_w: 7 }"),
        inputs={"x": POOLED, "m": ODD_MASK},
        blobs={"y": unpooled(POOLED, ODD_MASK, 6, 7)},
        top_diff={"y": values(3, 4, 6, 7, start=4)},
        gradients={
            "x": np.take_along_axis(
                values(3, 4, 6, 7, start=4).reshape(3, 4, 42),
                ODD_MASK.astype(int).reshape(3, 4, 6),
                axis=2,
            ).reshape(POOLED.shape),
            "m": 0 * ODD_MASK,
        },
    ),
    "unpool_with_a_place_twice": sample(  # the last value that goes there stays
        layer(
            "UnPooling", "x m", "y", "unpooling_param { kernel_size: 2 unpool_h: 6 unpool_w: 7 }"
        ),
        inputs={"x": POOLED, "m": np.minimum(ODD_MASK, 3)},
        blobs={"y": unpooled(POOLED, np.minimum(ODD_MASK, 3), 6, 7)},
    ),
    "unpool_tile_with_gaps": sample(
        layer(
            "UnPooling",
            "x",
            "y",
            "unpooling_param { unpool: TILE kernel_h: 1 kernel_w: 3 stride: 2 unpool_size: 6 }",
        ),
        inputs={"x": POOLED},
        blobs={"y": spread(POOLED, (1, 3), (2, 2), (6, 6))},
    ),
    "unpool_to_the_default_size": sample(
        layer(
            "Unpooling",
            "x",
            "y",
            "unpooling_param { unpool: TILE kernel_h: 2 kernel_w: 3 stride_h: 3 stride_w: 2 }",
        ),
        inputs={"x": POOLED},
        blobs={"y": spread(POOLED, (2, 3), (3, 2), (3, 10))},
    ),
    "unpool_of_mycaffe": sample(
        layer("UnPooling", "x", "y", "unpooling_param { pool: MAX kernel_size: 2 stride: 2 }"),
        inputs={"x": POOLED},
        blobs={"y": spread(POOLED, (1, 1), (2, 2), (5, 7))},
    ),
    # ---- channels and axes ----
    "depthwise_convolution": sample(
        layer(
            "DepthwiseConvolution",
            "x",
            "y",
            "convolution_param { num_output: 8 kernel_size: 1 group: 4 bias_term: false }",
        ),
        inputs={"x": X},
        blobs={"y": X.repeat(2, axis=1) * per_channel(np.arange(8.0))},
        weights={"layer": [np.arange(8.0).reshape(8, 1, 1, 1)]},
    ),
    "conv_depthwise_of_openvino": sample(
        layer(
            "ConvolutionDepthwise",
            "x",
            "y",
            "convolution_param { num_output: 8 kernel_size: 1 group: 2 bias_term: false }",
        ),
        inputs={"x": X},
        blobs={"y": X * per_channel(np.arange(4.0))},
        weights={"layer": [np.arange(4.0).reshape(4, 1, 1, 1)]},
        fork="openvino",
    ),
    "conv_depthwise_of_synopsys": sample(
        layer(
            "ConvolutionDepthwise",
            "x",
            "y",
            "convolution_param { num_output: 8 kernel_size: 1 bias_term: false }",
        ),
        inputs={"x": X},
        blobs={"y": X.repeat(2, axis=1) * per_channel(np.arange(8.0))},
        weights={"layer": [np.arange(8.0).reshape(8, 1, 1, 1)]},
    ),
    "local_padded": sample(
        layer("Local", "x", "y", "local_param { num_output: 2 kernel_size: 3 stride: 2 pad: 1 }"),
        inputs={"x": X},
        blobs={
            "y": at_each_place(
                np.pad(X, ((0, 0), (0, 0), (1, 1), (1, 1))), LOCAL_WEIGHT, LOCAL_BIAS, 3, 2
            )
        },
        weights={"layer": [LOCAL_WEIGHT, LOCAL_BIAS]},
    ),
    "shuffle_channel_of_vectors": sample(
        layer("ShuffleChannel", "x", "y", "shuffle_channel_param { group: 2 }"),
        inputs={"x": [[1, 2, 3, 4, 5, 6]]},
        blobs={"y": [[1, 4, 2, 5, 3, 6]]},
        top_diff={"y": [[10, 20, 30, 40, 50, 60]]},
        gradients={"x": [[10, 30, 50, 20, 40, 60]]},
    ),
    "axpy": sample(
        layer("Axpy", "a x z", "y"),
        inputs={"a": values(3, 4, 1, 1), "x": X, "z": values(3, 4, 5, 7, start=5)},
        blobs={"y": values(3, 4, 1, 1) * X + values(3, 4, 5, 7, start=5)},
    ),
    "axpy_of_two_axes": sample(
        layer("Axpy", "a x z", "y"),
        inputs={"a": values(3, 4), "x": X, "z": values(3, 4, 5, 7, start=5)},
        blobs={"y": values(3, 4)[..., None, None] * X + values(3, 4, 5, 7, start=5)},
    ),
    "axpy_fast": sample(
        layer("AxpyFast", "a x z", "y"),
        inputs={"a": values(3, 4), "x": X, "z": values(3, 4, 5, 7, start=5)},
        blobs={"y": values(3, 4)[..., None, None] * X + values(3, 4, 5, 7, start=5)},
    ),
    "flip": sample(layer("Flip", "x", "y"), inputs={"x": X}, blobs={"y": X[..., ::-1]}),
    "flip_height": sample(
        layer("Flip", "x", "y", "flip_param { flip_width: false flip_height: true }"),
        inputs={"x": X},
        blobs={"y": X[:, :, ::-1]},
    ),
    "reverse_two_axes": sample(
        layer("Reverse", "x", "y", "reverse_param { axis: 1 axis: 3 }"),
        inputs={"x": X},
        blobs={"y": X[:, ::-1, :, ::-1]},
    ),
    "transpose": sample(
        layer("Transpose", "x", "y", TRANSPOSED),
        inputs={"x": X},
        blobs={"y": X.transpose(3, 0, 2, 1)},
    ),
    # ---- activations ----
    "relu6_layer": sample(
        layer("ReLU6", "x", "y"),
        inputs={"x": [[-4, 0, 4, 6, 8]]},
        blobs={"y": [[0, 0, 4, 6, 6]]},
        top_diff={"y": [[8, 8, 8, 8, 8]]},
        gradients={"x": [[0, 0, 8, 0, 0]]},
    ),
    "relu6_leaky": sample(
        layer("ReLU6", "x", "y", "relu6_param { negative_slope: 0.25 }"),
        inputs={"x": [[-4, 4, 8]]},
        blobs={"y": [[-1, 4, 6]]},
        top_diff={"y": [[8, 8, 8]]},
        gradients={"x": [[2, 8, 0]]},
    ),
    "relu6_threshold": sample(
        layer("ReLU6", "x", "y", "relu6_param { threshold: 3 negative_slope: 0.25 }"),
        inputs={"x": [[-4, 2, 4]]},
        blobs={"y": [[-1, 2, 3]]},
        top_diff={"y": [[8, 8, 8]]},
        gradients={"x": [[2, 8, 0]]},
    ),
    "crelu": sample(
        layer("CReLU", "x", "y"),
        inputs={"x": [[-4, 2, 0]]},
        blobs={"y": [[0, 2, 0, 4, 0, 0]]},
        top_diff={"y": [[8, 16, 32, 64, 128, 256]]},
        gradients={"x": [[-64, 16, 0]]},
    ),
    "crelu_along_another_axis": sample(
        layer("CReLU", "x", "y", "crelu_param { negative_slope: 0 concat_axis: 2 }"),
        inputs={"x": X},
        blobs={"y": np.concatenate([np.maximum(X, 0), np.maximum(-X, 0)], axis=2)},
    ),
    "maxout": sample(
        layer("Maxout", "x", "y", "maxout_param { num_output: 2 }"),
        inputs={"x": X},
        blobs={"y": X.reshape(3, 2, 2, 5, 7).max(2)},
    ),
    "maxout_of_vectors": sample(
        layer("Maxout", "x", "y", "maxout_param { num_output: 2 }"),
        inputs={"x": [[-4, 2, 0, 5, 3, 1]]},
        blobs={"y": [[2, 5]]},
        top_diff={"y": [[8, 16]]},
        gradients={"x": [[0, 8, 0, 16, 0, 0]]},
    ),
    "gradient_reversal": sample(
        layer("GradientReversal", "x", "y"), inputs={"x": X}, blobs={"y": X}
    ),
    "gradient_scaler": sample(
        layer("GradientScaler", "x", "y", "gradient_scaler_param { alpha: 10 }"),
        inputs={"x": X},
        blobs={"y": X},
    ),
    "spatial_dropout": sample(
        layer(
            "Python",
            "x",
            "y",
            "python_param { module: 'spatial_dropout' layer: 'SpatialDropoutLayer' "
            "param_str: \"{'phase': 'TEST', 'p': '0.01'}\" }",
        ),
        inputs={"x": X},
        blobs={"y": X},
    ),
    "relu6_after_convolution": sample(
        layer(
            "Convolution", "x", "y", f"convolution_param {{ kernel_size: 1 {THREE} }}", "product"
        ),
        RELU6_IN_PLACE,
        inputs={"x": [[[1], [2]]]},
        weights={"product": [[[[1], [0]], [[3], [4]], [[-1], [-1]]]]},
        blobs={"y": [[[1], [6], [0]]]},
    ),
    "relu6_after_inner_product": sample(
        layer("InnerProduct", "x", "y", f"inner_product_param {{ {THREE} }}", "product"),
        RELU6_IN_PLACE,
        inputs={"x": [[1, 2]]},
        weights={"product": [[[1, 0], [3, 4], [-1, -1]]]},
        blobs={"y": [[1, 6, 0]]},
    ),
    "relu6_after_inner_product_by_rows": sample(
        layer("InnerProduct", "x rows", "y", "inner_product_param { bias_term: false }", "product"),
        RELU6_IN_PLACE,
        inputs={"x": [[1, 2]], "rows": [[1, 0], [3, 4], [-1, -1]]},
        blobs={"y": [[1, 6, 0]]},
    ),
    "selu": sample(
        layer("SeLu", "x", "y"),
        inputs={"x": [[-1, 0, 2]]},
        blobs={"y": [[1.050700987 * 1.67326324 * (np.exp(-1) - 1), 0, 2.101401974]]},
    ),
    "selu_dropout": sample(layer("SeLuDropout", "x", "y"), inputs={"x": X}, blobs={"y": X}),
    "dropout_that_scales_in_testing": sample(
        layer("Dropout", "x", "y", "dropout_param { dropout_ratio: 0.2 scale_train: false }"),
        inputs={"x": X},
        blobs={"y": 0.8 * X},
    ),
    # ---- normalisation ----
    "bn_pspnet": sample(
        layer("BN", "x", "y", "bn_param { slope_filler { value: 1 } eps: 0.25 }"),
        inputs={"x": X},
        blobs={"y": SLOPE * (X - MEAN) / np.sqrt(VARIANCE + 0.25) + BIAS},
        weights={"layer": [SLOPE, BIAS, MEAN, VARIANCE]},
    ),
    "bn_pspnet_of_vectors": sample(
        layer("BN", "x", "y"),
        inputs={"x": X[..., 0, 0]},
        blobs={"y": (SLOPE * (X - MEAN) / np.sqrt(VARIANCE + 1e-5) + BIAS)[..., 0, 0]},
        weights={"layer": [SLOPE, BIAS, MEAN, VARIANCE]},
    ),
    "bn_pspnet_training": sample(
        layer("BN", "x", "y", "bn_param { momentum: 0.75 }"),
        phase="TRAIN",
        inputs={"x": X},
        blobs={"y": SLOPE * normalized(X, 1e-5) + BIAS},
        weights={"layer": [SLOPE, BIAS, MEAN, VARIANCE]},
        after={
            "layer": [
                SLOPE,
                BIAS,
                0.75 * MEAN + 0.25 * X.mean((0, 2, 3), keepdims=True),
                0.75 * VARIANCE + 0.25 * X.var((0, 2, 3), keepdims=True),
            ]
        },
    ),
    "bn_pspnet_frozen": sample(
        layer("BN", "x", "y", "bn_param { frozen: true }"),
        phase="TRAIN",
        inputs={"x": X},
        blobs={"y": SLOPE * (X - MEAN) / np.sqrt(VARIANCE + 1e-5) + BIAS},
        weights={"layer": [SLOPE, BIAS, MEAN, VARIANCE]},
        after={"layer": [SLOPE, BIAS, MEAN, VARIANCE]},
    ),
    # SegNet's takes the batch's statistics in testing too.
    "bn_segnet": sample(
        layer("BN", "x", "y", "bn_param { scale_filler { value: 1 } }"),
        inputs={"x": X},
        blobs={"y": SLOPE * normalized(X, 1e-9) + BIAS},
        weights={"layer": [SLOPE, BIAS]},
    ),
    "bn_segnet_by_name": sample(
        layer("BN", "x", "y"),
        inputs={"x": X},
        blobs={"y": SLOPE * normalized(X, 1e-9) + BIAS},
        weights={"layer": [SLOPE, BIAS]},
        fork="segnet",
    ),
    "bn_segnet_training": sample(
        layer("BN", "x", "y", "bn_param { bn_mode: LEARN }"),
        phase="TRAIN",
        inputs={"x": X},
        blobs={"y": SLOPE * normalized(X, 1e-9) + BIAS},
        weights={"layer": [SLOPE, BIAS]},
    ),
    "bn_segnet_inference": sample(
        layer("BN", "x", "y", "bn_param { bn_mode: INFERENCE }"),
        inputs={"x": X},
        blobs={"y": SLOPE * X + BIAS},
        weights={"layer": [SLOPE, BIAS]},
    ),
    "bn_ctpn": sample(
        layer("BN", "x", "y", "bn_param { var_eps: 0.25 }"),
        inputs={"x": X},
        blobs={"y": SLOPE * normalized(X, 0.25) + BIAS},
        weights={"layer": [SLOPE, BIAS, MEAN, VARIANCE]},
    ),
    "bn_ctpn_moving_average": sample(
        layer("BN", "x", "y", "bn_param { moving_average: true }"),
        inputs={"x": X},
        blobs={"y": SLOPE * (X - MEAN) / np.sqrt(VARIANCE) + BIAS},
        weights={"layer": [SLOPE, BIAS, MEAN, VARIANCE]},
    ),
    "bn_ctpn_training": sample(
        layer("BN", "x", "y", "bn_param { decay: 0.25 }"),
        phase="TRAIN",
        inputs={"x": X},
        blobs={"y": SLOPE * normalized(X, 1e-10) + BIAS},
        weights={"layer": [SLOPE, BIAS, MEAN, VARIANCE]},
        after={
            "layer": [
                SLOPE,
                BIAS,
                0.75 * MEAN + 0.25 * X.mean((0, 2, 3), keepdims=True),
                0.75 * VARIANCE + 0.25 * X.var((0, 2, 3), keepdims=True),
            ]
        },
    ),
    # ---- sequences ----
    "lstm_of_ctpn": sample(
        layer("Lstm", "x", "y", f"lstm_param {{ num_output: {UNITS} }}"),
        inputs={"x": SEQUENCES},
        blobs={"y": OUTPUT},
        weights=LSTM,
    ),
    "lstm_of_ctpn_cont": sample(
        layer("Lstm", "x cont", "y", f"lstm_param {{ num_output: {UNITS} }}"),
        inputs={"x": SEQUENCES, "cont": STARTS_ANEW},
        blobs={"y": OUTPUT_ANEW},
        weights=LSTM,
    ),
    "lstm_of_caffe_lstm": sample(
        layer("Lstm", "x", "y", f"lstm_param {{ num_output: {UNITS} batch_size: {BATCH} }}"),
        inputs={"x": SEQUENCES.reshape(STEPS * BATCH, FEATURES)},
        blobs={"y": OUTPUT.reshape(STEPS * BATCH, UNITS)},
        weights=LSTM,
    ),
    "lstm_of_caffe_lstm_clip": sample(
        layer("Lstm", "x clip", "y", f"lstm_param {{ num_output: {UNITS} batch_size: {BATCH} }}"),
        inputs={
            "x": SEQUENCES.reshape(STEPS * BATCH, FEATURES),
            "clip": STARTS_ANEW.reshape(STEPS * BATCH, 1),
        },
        blobs={"y": OUTPUT_ANEW.reshape(STEPS * BATCH, UNITS)},
        weights=LSTM,
    ),
    "continuation_indicator": sample(
        layer(
            "ContinuationIndicator",
            "",
            "cont",
            "continuation_indicator_param { time_step: 3 batch_size: 2 }",
        ),
        layer("Flatten", "x", "y", "flatten_param { axis: 0 end_axis: 0 }", "other"),
        inputs={"x": X},
        blobs={"cont": [[0, 0], [1, 1], [1, 1]], "y": X},
    ),
    "continuation_indicator_of_a_bottom": sample(
        layer(
            "ContinuationIndicator",
            "x",
            "cont",
            "continuation_indicator_param { time_step: 3 axis: 1 }",
        ),
        inputs={"x": X},
        blobs={"cont": [[0] * 4, [1] * 4, [1] * 4]},
    ),
}

"""Caffe's layers as functions of arrays; an emitted file has those that it uses. Never imported.

Each computes what the CPU code of the named Caffe file does, on float32 arrays in Caffe's layout.
"""

# mypy: disable-error-code="no-any-return"
# Many of NumPy's functions are typed to return Any.

import math

import numpy as np

# ---- what several layers need ---------------------------------------------------------------


def per_axis(value: int | tuple[int, ...], axes: int) -> tuple[int, ...]:
    """One value for each axis, from one for all or one for each."""
    return value if isinstance(value, tuple) else (value,) * axes


def both_sides(
    pad: int | tuple[int | tuple[int, int], ...], axes: int
) -> list[tuple[int, int]]:
    """What is added before and after each axis, from a number where it is the same."""
    each = pad if isinstance(pad, tuple) else (pad,) * axes
    return [p if isinstance(p, tuple) else (p, p) for p in each]


def same_pad(
    x: np.ndarray, extent: tuple[int, ...], stride: tuple[int, ...]
) -> tuple[tuple[int, int], ...]:
    """What TensorFlow's SAME adds: for n / stride windows, rounded up, more at the end."""
    size = x.shape[x.ndim - len(extent) :]
    axes = zip(size, extent, stride, strict=True)
    total = [max((-(-n // s) - 1) * s + e - n, 0) for n, e, s in axes]
    return tuple((t // 2, t - t // 2) for t in total)


def spread(values: np.ndarray, axes: int) -> np.ndarray:
    """Values that broadcast against an array with so many axes behind theirs."""
    return values.reshape((*values.shape, *(1,) * axes))


def windows(
    x: np.ndarray,
    count: tuple[int, ...],
    kernel: tuple[int, ...],
    stride: tuple[int, ...],
    pad: list[tuple[int, int]],
    dilation: tuple[int, ...],
    fill: float = 0.0,
) -> np.ndarray:
    """`count` windows over the last axes, which become (*count, *kernel), `fill` around them."""
    first = x.ndim - len(kernel)
    around, extents = [(0, 0)] * first, []
    starts, steps = [slice(None)] * first, []
    options = zip(count, kernel, stride, pad, dilation, strict=True)
    for axis, (c, k, step, (before, _), hole) in enumerate(options, first):
        gaps = step > hole * (k - 1) + 1 or hole > x.shape[axis]
        if gaps:  # keep what is read alone, one window behind the other
            places = step * np.arange(c)[:, None] - before + hole * np.arange(k)
            x = read_places(x, axis, places, fill)
        start, by, apart = (0, k, 1) if gaps else (before, step, hole)
        extent = apart * (k - 1) + 1
        behind = max(c - 1, 0) * by + extent - x.shape[axis] - start
        around.append((start, max(0, behind)))
        extents.append(extent)
        starts.append(slice(0, c * by, by))
        steps.append(slice(None, None, apart))
    x = np.pad(x, around, constant_values=fill)
    last = tuple(range(first, x.ndim))
    view = np.lib.stride_tricks.sliding_window_view(x, tuple(extents), last)
    return view[(*starts, *steps)]


def read_places(
    x: np.ndarray, axis: int, places: np.ndarray, fill: float
) -> np.ndarray:
    """What stands at these places of an axis, one behind the other; `fill` where nothing is."""
    n = x.shape[axis]
    beyond = [(0, int(other == axis)) for other in range(x.ndim)]
    inside = (places >= 0) & (places < n)
    x = np.pad(x, beyond, constant_values=fill)
    return x.take(np.where(inside, places, n).ravel(), axis)


# ---- vision ---------------------------------------------------------------------------------


def convolved(
    size: tuple[int, ...],
    kernel: tuple[int, ...],
    stride: int | tuple[int, ...],
    pad: int | tuple[int | tuple[int, int], ...],
    dilation: int | tuple[int, ...],
) -> tuple[int, ...]:
    """The size of a convolution's output, C++ rounding towards zero (conv_layer.cpp)."""
    options = [per_axis(value, len(size)) for value in (stride, dilation)]
    pads = both_sides(pad, len(size))
    return tuple(
        int((n + sum(p) - d * (k - 1) - 1) / s) + 1
        for n, p, k, s, d in zip(size, pads, kernel, *options, strict=True)
    )


def im2col(
    x: np.ndarray,
    kernel: tuple[int, ...],
    stride: int | tuple[int, ...] = 1,
    pad: int | tuple[int | tuple[int, int], ...] = 0,
    dilation: int | tuple[int, ...] = 1,
) -> np.ndarray:
    """Each window as a column, of channels times kernel values (im2col.cpp)."""
    axes = len(kernel)
    *batch, channels = x.shape[: x.ndim - axes]
    count = convolved(x.shape[x.ndim - axes :], kernel, stride, pad, dilation)
    stride, dilation = per_axis(stride, axes), per_axis(dilation, axes)
    view = windows(x, count, kernel, stride, both_sides(pad, axes), dilation)
    columns = np.moveaxis(view, range(-axes, 0), range(-2 * axes, -axes))
    return columns.reshape(*batch, channels * math.prod(kernel), *count)


def convolution(
    x: np.ndarray,
    weight: np.ndarray,
    bias: np.ndarray | None = None,
    stride: int | tuple[int, ...] = 1,
    pad: int | tuple[int | tuple[int, int], ...] = 0,
    dilation: int | tuple[int, ...] = 1,
    group: int = 1,
) -> np.ndarray:
    """Cross-correlate each image with the filters, zeros around it (base_conv_layer.cpp)."""
    kernel = weight.shape[2:]
    axis = x.ndim - len(kernel) - 1
    channels = group * weight.shape[1]
    if x.shape[axis] != channels:
        raise ValueError(f"{x.shape} should have {channels} channels in axis {axis}")
    batch, size = x.shape[:axis], x.shape[axis + 1 :]
    count = convolved(size, kernel, stride, pad, dilation)
    top = np.empty((*batch, len(weight), *count), np.float32)
    filters = weight.reshape(group, len(weight) // group, -1)
    for image in np.ndindex(batch):
        columns = im2col(x[image], kernel, stride, pad, dilation)
        grouped = columns.reshape(group, filters.shape[2], -1)
        top[image] = (filters @ grouped).reshape(top[image].shape)
    return top if bias is None else top + spread(bias, len(kernel))


def deconvolution(
    x: np.ndarray,
    weight: np.ndarray,
    bias: np.ndarray | None = None,
    stride: int | tuple[int, ...] = 1,
    pad: int | tuple[int | tuple[int, int], ...] = 0,
    dilation: int | tuple[int, ...] = 1,
    group: int = 1,
) -> np.ndarray:
    """Spread each value through the filters, the adjoint of convolution (deconv_layer.cpp)."""
    kernel = weight.shape[2:]
    axis = x.ndim - len(kernel) - 1
    batch, size = x.shape[:axis], x.shape[axis + 1 :]
    channels = group * weight.shape[1]
    options = [per_axis(value, len(kernel)) for value in (stride, dilation)]
    steps = list(zip(size, kernel, *options, strict=True))
    pads = both_sides(pad, len(kernel))
    out = [
        s * (n - 1) + d * (k - 1) + 1 - sum(p)
        for (n, k, s, d), p in zip(steps, pads, strict=True)
    ]
    top = np.zeros((*batch, channels, *out), np.float32)
    filters = weight.reshape(group, len(weight) // group, -1).transpose(0, 2, 1)
    for image in np.ndindex(batch):
        grouped = x[image].reshape(group, filters.shape[2], -1)
        columns = (filters @ grouped).reshape(channels, *kernel, *size)
        for offset in np.ndindex(kernel):
            read, place = [], []
            for o, (n, _, s, d), (p, _), end in zip(
                offset, steps, pads, out, strict=True
            ):
                first = max(0, -((o * d - p) // s))  # those before lie in the padding
                last = min(n, -((o * d - p - end) // s))
                start = first * s + o * d - p
                read.append(slice(first, max(first, last)))
                place.append(slice(start, start + s * max(0, last - first), s))
            part = columns[(slice(None), *offset, *read)]
            top[(*image, slice(None), *place)] += part
    return top if bias is None else top + spread(bias, len(kernel))


def pooled(
    size: tuple[int, ...],
    kernel: tuple[int, ...],
    stride: tuple[int, ...],
    pad: list[tuple[int, int]],
    ceil: bool,
) -> tuple[int, ...]:
    """How many windows fit; with padding, none starts behind the image (pooling_layer.cpp)."""
    counts = []
    for n, k, s, (before, after) in zip(size, kernel, stride, pad, strict=True):
        room = n + before + after - k
        count = (-(-room // s) if ceil else room // s) + 1
        starts_behind = (count - 1) * s >= n + before
        counts.append(count - 1 if any(map(any, pad)) and starts_behind else count)
    return tuple(counts)


def pooling_windows(
    x: np.ndarray,
    kernel: int | tuple[int, ...],
    stride: int | tuple[int, ...],
    pad: int | tuple[int | tuple[int, int], ...],
    ceil: bool,
    fill: float,
) -> np.ndarray:
    """The windows of a pooling: (N, C, rows, columns, kernel_h, kernel_w)."""
    axes = x.ndim - 2
    sizes, steps = [*per_axis(kernel, axes)], [*per_axis(stride, axes)]
    pads = both_sides(pad, axes)
    count = pooled(x.shape[2:], tuple(sizes), tuple(steps), pads, ceil)
    for axis, (k, n) in enumerate(zip(sizes, x.shape[2:], strict=True)):
        if k > n:  # then n places of each window are enough
            start = steps[axis] * np.arange(count[axis])[:, None] - pads[axis][0]
            places = np.clip(0, start, start + k - n) + np.arange(n)
            x = read_places(x, axis + 2, places, fill)
            sizes[axis], steps[axis], pads[axis] = n, n, (0, 0)
    return windows(x, count, tuple(sizes), tuple(steps), pads, (1,) * axes, fill)


def flat_windows(view: np.ndarray) -> np.ndarray:
    """The windows of a pooling with their values along one axis."""
    return view.reshape(*view.shape[:4], math.prod(view.shape[4:]))


def max_pool(
    x: np.ndarray,
    kernel: int | tuple[int, ...],
    stride: int | tuple[int, ...] = 1,
    pad: int | tuple[int | tuple[int, int], ...] = 0,
    ceil: bool = True,
) -> np.ndarray:
    """The maximum of each window; NaN never wins, and none is -FLT_MAX (pooling_layer.cpp)."""
    lowest = np.finfo(np.float32).min
    view = pooling_windows(x, kernel, stride, pad, ceil, float(lowest))
    return np.fmax.reduce(view, axis=(-2, -1), initial=lowest)


def max_pool_with_mask(
    x: np.ndarray,
    kernel: int | tuple[int, ...],
    stride: int | tuple[int, ...] = 1,
    pad: int | tuple[int | tuple[int, int], ...] = 0,
    ceil: bool = True,
) -> tuple[np.ndarray, np.ndarray]:
    """The first maximum of each window, and its h * W + w, -1 for none (pooling_layer.cpp)."""
    lowest = np.finfo(np.float32).min
    view = pooling_windows(x, kernel, stride, pad, ceil, float(lowest))
    places = np.arange(x[0, 0].size, dtype=np.float32).reshape(1, 1, *x.shape[2:])
    places = pooling_windows(places, kernel, stride, pad, ceil, -1)
    values = np.fmax(flat_windows(view), lowest)
    first = values.argmax(-1, keepdims=True)
    top = np.take_along_axis(values, first, -1)
    mask = np.take_along_axis(flat_windows(places), first, -1)
    return top[..., 0], np.where(top > lowest, mask, np.float32(-1))[..., 0]


def average_pool(
    x: np.ndarray,
    kernel: int | tuple[int, ...],
    stride: int | tuple[int, ...] = 1,
    pad: int | tuple[int | tuple[int, int], ...] = 0,
    ceil: bool = True,
) -> np.ndarray:
    """The mean of each window and the padding in it, NaN for an empty one (pooling_layer.cpp)."""
    view = pooling_windows(x, kernel, stride, pad, ceil, 0)
    steps = per_axis(kernel, 2), per_axis(stride, 2), both_sides(pad, 2)
    heights, widths = (
        np.minimum(k, n + sum(p) - s * np.arange(count))
        for n, count, k, s, p in zip(x.shape[2:], view.shape[2:4], *steps, strict=True)
    )
    divisor = np.outer(heights, widths).astype(np.float32)
    with np.errstate(invalid="ignore"):
        return view.sum((-2, -1)) / divisor


def average_pool_same(
    x: np.ndarray, kernel: tuple[int, ...], stride: tuple[int, ...]
) -> np.ndarray:
    """The mean of each window of TensorFlow's SAME, whose padding does not count."""
    pad, inside = same_pad(x, kernel, stride), np.ones_like(x[:1, :1])
    mean, share = (
        average_pool(a, kernel, stride, pad, ceil=False) for a in (x, inside)
    )
    return mean / share


def stochastic_pool(
    x: np.ndarray,
    kernel: int | tuple[int, ...],
    stride: int | tuple[int, ...] = 1,
    ceil: bool = True,
) -> np.ndarray:
    """The expected draw of stochastic pooling, for testing (pooling_layer.cu)."""
    view = pooling_windows(x, kernel, stride, 0, ceil, 0)
    total = view.sum((-2, -1))
    squares = np.square(view).sum((-2, -1))
    return np.where(total > 0, squares / np.where(total > 0, total, 1), np.float32(0))


def stochastic_pool_draw(
    x: np.ndarray,
    rng: np.random.Generator,
    kernel: int | tuple[int, ...],
    stride: int | tuple[int, ...] = 1,
    ceil: bool = True,
) -> np.ndarray:
    """A value of each window, drawn by how large it is, for training (pooling_layer.cu)."""
    view = pooling_windows(x, kernel, stride, 0, ceil, 0)
    values = flat_windows(view)
    sums = values.cumsum(-1)
    drawn = (1 - rng.random(sums.shape[:-1], np.float32))[..., None] * sums[..., -1:]
    first = (sums >= drawn).argmax(-1, keepdims=True)
    return np.take_along_axis(values, first, -1)[..., 0]


def spp(x: np.ndarray, pyramid_height: int, method: str = "MAX") -> np.ndarray:
    """Pool into 1, 4, 16, ... bins whatever the size, and join them (spp_layer.cpp)."""
    pool = {"MAX": max_pool, "AVE": average_pool}[method]
    levels = []
    for level in range(pyramid_height):
        bins = 2**level
        kernel = tuple(-(-n // bins) for n in x.shape[2:])
        pad = tuple(
            (k * bins - n + 1) // 2 for k, n in zip(kernel, x.shape[2:], strict=True)
        )
        levels.append(pool(x, kernel, kernel, pad))
    if pyramid_height == 1:
        return levels[0]
    return np.concatenate([flatten(level) for level in levels], axis=1)


# ---- activation -----------------------------------------------------------------------------


def relu(x: np.ndarray) -> np.ndarray:
    """x where it is above 0, else 0 (relu_layer.cpp)."""
    return np.maximum(x, 0)


def leaky_relu(x: np.ndarray, negative_slope: float) -> np.ndarray:
    """x where it is above 0, else negative_slope * x (relu_layer.cpp)."""
    return np.maximum(x, 0) + negative_slope * np.minimum(x, 0)


def prelu(x: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """x where it is above 0, else x times its channel's slope (prelu_layer.cpp)."""
    return np.maximum(x, 0) + spread(weight, x.ndim - 2) * np.minimum(x, 0)


def elu(x: np.ndarray, alpha: float = 1.0) -> np.ndarray:
    """x where it is above 0, else alpha * (e^x - 1) (elu_layer.cpp)."""
    return np.maximum(x, 0) + alpha * (np.exp(np.minimum(x, 0)) - 1)


def sigmoid(x: np.ndarray) -> np.ndarray:
    """1 / (1 + e^-x), in the form that cannot overflow (sigmoid_layer.cpp)."""
    return 0.5 * np.tanh(0.5 * x) + 0.5


def swish(x: np.ndarray, beta: float = 1.0) -> np.ndarray:
    """x / (1 + e^(-beta * x)) (swish_layer.cpp)."""
    return x * sigmoid(beta * x)


def bnll(x: np.ndarray) -> np.ndarray:
    """log(1 + e^x), in the form that cannot overflow (bnll_layer.cpp)."""
    return np.maximum(x, 0) + np.log1p(np.exp(-np.abs(x)))


def threshold_at(x: np.ndarray, threshold: float = 0.0) -> np.ndarray:
    """1 where x is above the threshold, else 0 (threshold_layer.cpp)."""
    return (x > threshold).astype(np.float32)


def power_of(
    x: np.ndarray, power: float = 1.0, scale: float = 1.0, shift: float = 0.0
) -> np.ndarray:
    """(shift + scale * x)^power, a constant where that needs no x (power_layer.cpp)."""
    if power * scale == 0:
        x = np.zeros_like(x)
    with np.errstate(invalid="ignore", divide="ignore"):
        return (shift + scale * x) ** power


def exponential(
    x: np.ndarray, base: float = math.e, scale: float = 1.0, shift: float = 0.0
) -> np.ndarray:
    """base^(shift + scale * x) (exp_layer.cpp)."""
    with np.errstate(over="ignore"):
        outer = float(np.float64(base) ** shift)
    return outer * np.exp(math.log(base) * scale * x)


def logarithm(
    x: np.ndarray, base: float = math.e, scale: float = 1.0, shift: float = 0.0
) -> np.ndarray:
    """The logarithm to this base of shift + scale * x (log_layer.cpp)."""
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.log(shift + scale * x) / math.log(base)


def dropout(
    x: np.ndarray, rng: np.random.Generator, dropout_ratio: float = 0.5
) -> np.ndarray:
    """Zero values at random and scale up the others, for training (dropout_layer.cpp)."""
    kept = rng.random(x.shape) >= dropout_ratio
    return x * kept / np.float32(1 - dropout_ratio)


# ---- normalize ------------------------------------------------------------------------------


def batch_norm(
    x: np.ndarray,
    mean: np.ndarray,
    variance: np.ndarray,
    scale_factor: np.ndarray,
    eps: float = 1e-5,
) -> np.ndarray:
    """Normalise by the stored sums over their scale factor, if not 0 (batch_norm_layer.cpp)."""
    factor = 0 if scale_factor[0] == 0 else 1 / scale_factor[0]
    mean, variance = (spread(factor * total, x.ndim - 2) for total in (mean, variance))
    return (x - mean) / np.sqrt(variance + eps)


def batch_norm_of_batch(
    x: np.ndarray,
    mean: np.ndarray,
    variance: np.ndarray,
    scale_factor: np.ndarray,
    eps: float = 1e-5,
    moving_average_fraction: float = 0.999,
) -> np.ndarray:
    """Normalise by the batch's statistics, and add them to the sums (batch_norm_layer.cpp)."""
    axes = (0, *range(2, x.ndim))
    batch_mean = x.mean(axes)
    x = x - spread(batch_mean, x.ndim - 2)
    batch_variance = np.square(x).mean(axes)
    samples = x.size // len(mean)
    scale_factor[...] = moving_average_fraction * scale_factor + 1
    mean[...] = moving_average_fraction * mean + batch_mean
    unbiased = samples / (samples - 1) if samples > 1 else 1
    variance[...] = moving_average_fraction * variance + unbiased * batch_variance
    return x / np.sqrt(spread(batch_variance, x.ndim - 2) + eps)


def lrn_across_channels(
    x: np.ndarray,
    local_size: int = 5,
    alpha: float = 1.0,
    beta: float = 0.75,
    k: float = 1.0,
) -> np.ndarray:
    """x over a power of k and the squares of its channel's neighbours (lrn_layer.cpp)."""
    reach = min(local_size // 2, x.shape[1])
    squares = np.pad(np.square(x), [(0, 0), (reach, reach), (0, 0), (0, 0)])
    total = sum(squares[:, i : i + x.shape[1]] for i in range(2 * reach + 1))
    return x * (k + alpha / local_size * total) ** -beta


def lrn_within_channel(
    x: np.ndarray, local_size: int = 5, alpha: float = 1.0, beta: float = 0.75
) -> np.ndarray:
    """x over a power of 1 and the mean square around it, padding counted (lrn_layer.cpp)."""
    squares = average_pool(np.square(x), local_size, pad=local_size // 2)
    return x * (1 + alpha * squares) ** -beta


def mvn(
    x: np.ndarray,
    normalize_variance: bool = True,
    across_channels: bool = False,
    eps: float = 1e-9,
) -> np.ndarray:
    """Mean 0 and variance 1 for each plane or image, always of 4 axes (mvn_layer.cpp)."""
    x = x.reshape((*x.shape, 1, 1, 1, 1)[:4])
    axes = (1, 2, 3) if across_channels else (2, 3)
    x = x - x.mean(axes, keepdims=True)
    if normalize_variance:
        x = x / (np.sqrt(np.square(x).mean(axes, keepdims=True)) + eps)
    return x


def scaled(
    x: np.ndarray, weight: np.ndarray, bias: np.ndarray | None = None, axis: int = 1
) -> np.ndarray:
    """x times a factor that broadcasts from the axis on, plus a bias (scale_layer.cpp)."""
    x = x * spread(weight, x.ndim - axis - weight.ndim)
    return x if bias is None else shifted(x, bias, axis)


def shifted(x: np.ndarray, bias: np.ndarray, axis: int = 1) -> np.ndarray:
    """x plus a bias that broadcasts from the axis on (bias_layer.cpp)."""
    return x + spread(bias, x.ndim - axis - bias.ndim)


def softmax(x: np.ndarray, axis: int = 1) -> np.ndarray:
    """e^x over its sum along the axis (softmax_layer.cpp)."""
    powers = np.exp(x - x.max(axis, keepdims=True))
    return powers / powers.sum(axis, keepdims=True)


# ---- combine --------------------------------------------------------------------------------


def flatten(x: np.ndarray, axis: int = 1, end_axis: int = -1) -> np.ndarray:
    """The axes from `axis` to `end_axis` merged into one (flatten_layer.cpp)."""
    end = end_axis % x.ndim + 1
    merged = math.prod(x.shape[axis:end])
    return x.reshape(*x.shape[:axis], merged, *x.shape[end:])


def reshape(
    x: np.ndarray, shape: tuple[int, ...], axis: int = 0, num_axes: int = -1
) -> np.ndarray:
    """Axes replaced by others, 0 keeping one and -1 taking the rest (reshape_layer.cpp)."""
    end = x.ndim if num_axes == -1 else axis + num_axes
    new = [size or x.shape[i] for i, size in enumerate(shape, axis)]
    return x.reshape((*x.shape[:axis], *new, *x.shape[end:]))


def crop(
    x: np.ndarray,
    reference: np.ndarray,
    axis: int = 2,
    offset: int | tuple[int, ...] = 0,
) -> np.ndarray:
    """What is as large as the reference, from the axis on at an offset (crop_layer.cpp)."""
    starts = per_axis(offset, x.ndim - axis)
    sizes = reference.shape[axis : x.ndim]
    inside = [slice(o, o + n) for o, n in zip(starts, sizes, strict=True)]
    return x[tuple([slice(None)] * axis + inside)]


def eltwise_max(first: np.ndarray, *others: np.ndarray) -> np.ndarray:
    """The greatest of each element; a NaN in the first loses (eltwise_layer.cpp)."""
    top = np.where(first > others[0], first, others[0])
    for other in others[1:]:
        top = np.where(other > top, other, top)
    return top


def greatest(x: np.ndarray, top_k: int, axis: int) -> np.ndarray:
    """Where the greatest values stand, of equals the last one first (argmax_layer.cpp)."""
    order = np.flip(np.argsort(x, axis=axis, kind="stable"), axis)
    return np.take(order, range(top_k), axis)


def argmax(x: np.ndarray, top_k: int = 1, out_max_val: bool = False) -> np.ndarray:
    """Where each sample's greatest values stand, and with them the values (argmax_layer.cpp)."""
    values = flatten(x)
    places = greatest(values, top_k, 1)
    tops = [places.astype(np.float32)]
    if out_max_val:
        tops.append(np.take_along_axis(values, places, 1))
    return spread(np.stack(tops, axis=1), x.ndim - 3)


def argmax_along(
    x: np.ndarray, axis: int, top_k: int = 1, out_max_val: bool = False
) -> np.ndarray:
    """Where the greatest values along an axis stand, or these values (argmax_layer.cpp)."""
    places = greatest(x, top_k, axis)
    if out_max_val:
        return np.take_along_axis(x, places, axis)
    return places.astype(np.float32)


# ---- dense ----------------------------------------------------------------------------------


def inner_product(
    x: np.ndarray,
    weight: np.ndarray,
    bias: np.ndarray | None = None,
    axis: int = 1,
    transpose: bool = False,
) -> np.ndarray:
    """All from the axis on, as one vector, times a matrix (inner_product_layer.cpp)."""
    matrix, x = weight if transpose else weight.T, flatten(x, axis)
    if x.shape[-1] != len(matrix):
        raise ValueError(f"{x.shape} should have {len(matrix)} values in its last axis")
    top = x @ matrix
    return top if bias is None else top + bias


def embed(
    x: np.ndarray, weight: np.ndarray, bias: np.ndarray | None = None
) -> np.ndarray:
    """The row of a matrix that each index names (embed_layer.cpp)."""
    top = weight[x.astype(int)]
    return top if bias is None else top + bias


# ---- recurrent ------------------------------------------------------------------------------


def last_states(
    states: list[np.ndarray], number: int, shape: tuple[int, ...]
) -> list[np.ndarray]:
    """The states of the call before; zeros at first, or if their shape is another."""
    if states and states[0].shape == shape:
        return states
    return [np.zeros(shape, np.float32)] * number


def rnn(
    x: np.ndarray,
    cont: np.ndarray,
    h: np.ndarray,
    W_xh: np.ndarray,
    b_h: np.ndarray,
    W_hh: np.ndarray,
    W_ho: np.ndarray,
    b_o: np.ndarray,
    static: np.ndarray | None = None,
    W_xh_static: np.ndarray | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """The outputs of all steps and the last state; cont 0 starts a sequence (rnn_layer.cpp)."""
    inputs = inner_product(x, W_xh, b_h, axis=2)
    if static is not None and W_xh_static is not None:
        inputs = inputs + inner_product(static, W_xh_static)
    states = []
    for step in range(len(x)):
        before = cont[step : step + 1, :, None] * h
        h = np.tanh(before @ W_hh.T + inputs[step])
        states.append(h)
    outputs = np.tanh(inner_product(np.concatenate(states), W_ho, b_o, axis=2))
    return outputs, h


def rnn_continued(
    x: np.ndarray,
    cont: np.ndarray,
    states: list[np.ndarray],
    W_hh: np.ndarray,
    **others: np.ndarray,
) -> np.ndarray:
    """The outputs of an RNN that goes on where its last call ended (recurrent_layer.cpp)."""
    (h,) = last_states(states, 1, (1, x.shape[1], len(W_hh)))
    outputs, h = rnn(x, cont, h, W_hh=W_hh, **others)
    states[:] = [h]
    return outputs


def lstm_unit(
    c: np.ndarray, gates: np.ndarray, cont: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """One step, from gates i, f, o, g to the states c and h (lstm_unit_layer.cpp)."""
    i, f, o, g = np.split(gates, 4, axis=-1)
    c = cont[..., None] * sigmoid(f) * c + sigmoid(i) * np.tanh(g)
    return c, sigmoid(o) * np.tanh(c)


def lstm(
    x: np.ndarray,
    cont: np.ndarray,
    h: np.ndarray,
    c: np.ndarray,
    W_xc: np.ndarray,
    b_c: np.ndarray,
    W_hc: np.ndarray,
    static: np.ndarray | None = None,
    W_xc_static: np.ndarray | None = None,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The outputs of all steps and the last states; cont 0 starts a sequence (lstm_layer.cpp)."""
    inputs = inner_product(x, W_xc, b_c, axis=2)
    if static is not None and W_xc_static is not None:
        inputs = inputs + inner_product(static, W_xc_static)
    outputs = []
    for step in range(len(x)):
        continues = cont[step : step + 1]
        gates = (continues[..., None] * h) @ W_hc.T + inputs[step]
        c, h = lstm_unit(c, gates, continues)
        outputs.append(h)
    return np.concatenate(outputs), h, c


def lstm_continued(
    x: np.ndarray,
    cont: np.ndarray,
    states: list[np.ndarray],
    W_hc: np.ndarray,
    **others: np.ndarray,
) -> np.ndarray:
    """The outputs of an LSTM that goes on where its last call ended (recurrent_layer.cpp)."""
    h, c = last_states(states, 2, (1, x.shape[1], W_hc.shape[1]))
    outputs, h, c = lstm(x, cont, h, c, W_hc=W_hc, **others)
    states[:] = [h, c]
    return outputs


# ---- loss -----------------------------------------------------------------------------------


def classes_last(
    scores: np.ndarray, labels: np.ndarray, axis: int, ignore_label: int | None
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Scores with the classes last, a label for each, and whether it counts."""
    scores = np.moveaxis(scores, axis, -1)
    labels = labels.reshape(scores.shape[:-1]).astype(int)
    counted = np.full(labels.shape, True)
    if ignore_label is not None:
        counted = labels != ignore_label
    return scores, np.where(counted, labels, 0), counted


def of_labels(scores: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """The score of each label's class."""
    return np.take_along_axis(scores, labels[..., None], -1)[..., 0]


def normalized(
    losses: np.ndarray, counted: np.ndarray, normalization: str, axis: int
) -> np.ndarray:
    """The sum of what counts, over what the normalization names (loss_layer.cpp)."""
    numbers = {
        "FULL": counted.size,
        "VALID": counted.sum(),
        "BATCH_SIZE": math.prod(counted.shape[:axis]),
        "NONE": 1,
    }
    return np.asarray(
        losses[counted].sum() / max(1, numbers[normalization]), np.float32
    )


def softmax_loss(
    x: np.ndarray,
    labels: np.ndarray,
    axis: int = 1,
    ignore_label: int | None = None,
    normalization: str = "VALID",
) -> np.ndarray:
    """Minus the log of each label's probability (softmax_loss_layer.cpp)."""
    scores, labels, counted = classes_last(softmax(x, axis), labels, axis, ignore_label)
    smallest = np.finfo(np.float32).tiny
    losses = -np.log(np.maximum(of_labels(scores, labels), smallest))
    return normalized(losses, counted, normalization, axis)


def infogain_loss(
    x: np.ndarray,
    labels: np.ndarray,
    matrix: np.ndarray,
    axis: int = 1,
    ignore_label: int | None = None,
    normalization: str = "VALID",
) -> np.ndarray:
    """Minus all log probabilities, weighted by the label's row (infogain_loss_layer.cpp)."""
    scores, labels, counted = classes_last(softmax(x, axis), labels, axis, ignore_label)
    rows = matrix.reshape(scores.shape[-1], -1)[labels]
    losses = -(rows * np.log(np.maximum(scores, 1e-20))).sum(-1)
    return normalized(losses, counted, normalization, axis)


def multinomial_logistic_loss(x: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Minus the log of each label's probability (multinomial_logistic_loss_layer.cpp)."""
    chosen = of_labels(flatten(x), labels.reshape(len(x)).astype(int))
    losses = -np.log(np.maximum(chosen, 1e-20))
    return np.asarray(losses.sum() / len(x), np.float32)


def sigmoid_cross_entropy_loss(
    x: np.ndarray,
    targets: np.ndarray,
    ignore_label: int | None = None,
    normalization: str = "BATCH_SIZE",
) -> np.ndarray:
    """The cross entropy of sigmoids and targets (sigmoid_cross_entropy_loss_layer.cpp)."""
    targets = targets.reshape(x.shape)
    counted = np.full(x.shape, True)
    if ignore_label is not None:
        counted = targets.astype(int) != ignore_label
    losses = np.maximum(x, 0) - x * targets + np.log1p(np.exp(-np.abs(x)))
    return normalized(losses, counted, normalization, axis=1)


def euclidean_loss(x: np.ndarray, targets: np.ndarray) -> np.ndarray:
    """Half the squared distance of two vectors, a sample (euclidean_loss_layer.cpp)."""
    squares = np.square(x - targets.reshape(x.shape))
    return np.asarray(squares.sum() / (2 * len(x)), np.float32)


def hinge_loss(x: np.ndarray, labels: np.ndarray, norm: str = "L1") -> np.ndarray:
    """How far scores are from the right side of a margin of 1 (hinge_loss_layer.cpp)."""
    scores = flatten(x)
    own = np.arange(scores.shape[1]) == labels.reshape(-1, 1)[: len(x)].astype(int)
    distances = np.maximum(0, 1 - np.where(own, scores, -scores))
    losses = distances if norm == "L1" else np.square(distances)
    return np.asarray(losses.sum() / len(x), np.float32)


def contrastive_loss(
    a: np.ndarray,
    b: np.ndarray,
    similar: np.ndarray,
    margin: float = 1.0,
    legacy_version: bool = False,
) -> np.ndarray:
    """How far similar pairs are apart, and others too near (contrastive_loss_layer.cpp)."""
    squares = np.square(flatten(a) - flatten(b)).sum(1)
    if legacy_version:
        apart = np.maximum(margin - squares, 0)
    else:
        apart = np.square(np.maximum(margin - np.sqrt(squares), 0))
    losses = np.where(similar.reshape(len(a)).astype(int), squares, apart)
    return np.asarray(losses.sum() / (2 * len(a)), np.float32)


def hits(scores: np.ndarray, labels: np.ndarray, top_k: int) -> np.ndarray:
    """Whether less than top_k others score as high as the label (accuracy_layer.cpp)."""
    own = of_labels(scores, labels)[..., None]
    return (scores >= own).sum(-1) - 1 < top_k


def accuracy(
    x: np.ndarray,
    labels: np.ndarray,
    top_k: int = 1,
    axis: int = 1,
    ignore_label: int | None = None,
) -> np.ndarray:
    """The share of labels among the top_k highest scores (accuracy_layer.cpp)."""
    scores, labels, counted = classes_last(x, labels, axis, ignore_label)
    right = counted & hits(scores, labels, top_k)
    return np.asarray(right.sum() / max(1, counted.sum()), np.float32)


def accuracy_per_class(
    x: np.ndarray,
    labels: np.ndarray,
    top_k: int = 1,
    axis: int = 1,
    ignore_label: int | None = None,
) -> np.ndarray:
    """The same for each class, 0 for one that no label has (accuracy_layer.cpp)."""
    scores, labels, counted = classes_last(x, labels, axis, ignore_label)
    right = counted & hits(scores, labels, top_k)
    classes = scores.shape[-1]
    number = np.bincount(labels[counted], minlength=classes)
    share = np.bincount(labels[right], minlength=classes) / np.maximum(1, number)
    return share.astype(np.float32)


# ---- fillers --------------------------------------------------------------------------------


def fan(shape: tuple[int, ...], variance_norm: str) -> float:
    """The number of inputs or outputs, or their mean, as Caffe counts them (filler.hpp)."""
    count = math.prod(shape)
    fan_in, fan_out = count / shape[0], count / (*shape, 1)[1]
    average = (fan_in + fan_out) / 2
    return {"FAN_IN": fan_in, "FAN_OUT": fan_out, "AVERAGE": average}[variance_norm]


def uniform(
    rng: np.random.Generator, shape: tuple[int, ...], low: float, high: float
) -> np.ndarray:
    """Uniform between two bounds (filler.hpp)."""
    return rng.uniform(low, high, shape).astype(np.float32)


def gaussian(
    rng: np.random.Generator,
    shape: tuple[int, ...],
    mean: float = 0.0,
    std: float = 1.0,
    sparse: int = -1,
) -> np.ndarray:
    """Gaussian; if sparse, all but about so many of shape[0] become 0 (filler.hpp)."""
    values = rng.normal(mean, std, shape)
    if sparse >= 0:
        values = values * (rng.random(shape) < sparse / shape[0])
    return np.asarray(values, np.float32)


def positive_unitball(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    """Positive, with a sum of 1 for each of the first axis (filler.hpp)."""
    values = rng.random(shape)
    total = values.sum(tuple(range(1, len(shape))), keepdims=True)
    return (values / total).astype(np.float32)


def xavier(
    rng: np.random.Generator, shape: tuple[int, ...], variance_norm: str = "FAN_IN"
) -> np.ndarray:
    """Uniform, of the variance 1 / fan (filler.hpp)."""
    bound = math.sqrt(3 / fan(shape, variance_norm))
    return rng.uniform(-bound, bound, shape).astype(np.float32)


def msra(
    rng: np.random.Generator, shape: tuple[int, ...], variance_norm: str = "FAN_IN"
) -> np.ndarray:
    """Gaussian, of the variance 2 / fan (filler.hpp)."""
    std = math.sqrt(2 / fan(shape, variance_norm))
    return rng.normal(0, std, shape).astype(np.float32)


def bilinear(shape: tuple[int, ...]) -> np.ndarray:
    """The weights with which a deconvolution interpolates (filler.hpp)."""
    width = shape[-1]
    factor = math.ceil(width / 2)
    centre = (width - 1) / (2 * factor)
    profile = 1 - np.abs(np.arange(width) / factor - centre)
    return np.broadcast_to(np.outer(profile, profile), shape).astype(np.float32)

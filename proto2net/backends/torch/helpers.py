"""What PyTorch lacks, to be pasted into an emitted file that uses it.

A helper depends on nothing but PyTorch, the standard library and other helpers. All stand
in this one file, however long, because it is the file that they are cut out of.
"""

import math
from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import nn

# ---- vision ---------------------------------------------------------------------------------


def pad_to(x: torch.Tensor, size: tuple[int, ...]) -> torch.Tensor:
    """Zeros behind an image smaller than the kernel, for which Caffe has a window."""
    sides: list[int] = []
    for n, least in zip(x.shape[-len(size) :], size, strict=True):
        sides = [0, max(least - n, 0), *sides]  # the last axis comes first
    return F.pad(x, sides)


def cut_windows(
    y: torch.Tensor, x: torch.Tensor, size: tuple[int, ...], stride: tuple[int, ...]
) -> torch.Tensor:
    """The output y of x, empty where Caffe has no window as x is too small for one.

    It is where `size`, what a window takes, is larger by a stride or more.
    """
    for axis, (least, step) in enumerate(zip(size, stride, strict=True), -len(size)):
        if x.shape[axis] <= least - step:
            y = y.narrow(axis, 0, 0)
    return y


def pad_same(
    x: torch.Tensor,
    extent: tuple[int, ...],
    stride: tuple[int, ...],
    value: float = 0.0,
) -> torch.Tensor:
    """Pad as TensorFlow's SAME: for n / stride windows, rounded up, more at the end."""
    sides: list[int] = []
    for n, e, s in zip(x.shape[-len(extent) :], extent, stride, strict=True):
        total = max((-(-n // s) - 1) * s + e - n, 0)
        sides = [total // 2, total - total // 2, *sides]  # the last axis comes first
    return F.pad(x, sides, value=value)


def avg_pool_same(
    x: torch.Tensor, kernel: tuple[int, int], stride: tuple[int, int]
) -> torch.Tensor:
    """TensorFlow's average pooling with SAME, whose padding does not count."""
    inside = torch.ones_like(x[:1, :1])
    mean, share = (
        F.avg_pool2d(pad_same(plane, kernel, stride), kernel, stride)
        for plane in (x, inside)
    )
    return mean / share


def both_sides(padding: tuple[int | tuple[int, int], ...]) -> list[tuple[int, int]]:
    """The padding before and after each axis, given as one number where it is the same."""
    return [p if isinstance(p, tuple) else (p, p) for p in padding]


def window_counts(
    x: torch.Tensor,
    kernel: tuple[int, int],
    stride: tuple[int, int],
    padding: tuple[int | tuple[int, int], ...],
    ceil_mode: bool,
) -> list[int]:
    """How many pooling windows Caffe has along each axis."""
    counts: list[int] = []
    pads = both_sides(padding)
    for n, k, s, (before, after) in zip(x.shape[2:], kernel, stride, pads, strict=True):
        room = n + before + after - k
        windows = (-(-room // s) if ceil_mode else room // s) + 1
        behind = any(map(any, pads)) and (windows - 1) * s >= n + before
        counts.append(windows - behind)
    return counts


def pad_windows(
    x: torch.Tensor,
    counts: list[int],
    kernel: tuple[int, int],
    stride: tuple[int, int],
    padding: tuple[int | tuple[int, int], ...],
    value: float,
) -> torch.Tensor:
    """Pad to the windows that begin in the image or before it, and to one at least."""
    sides: list[int] = []
    axes = zip(x.shape[2:], counts, kernel, stride, both_sides(padding), strict=True)
    for n, count, k, s, (before, _) in axes:
        last = min(max(count, 1) - 1, (n + before - 1) // s)
        sides = [before, last * s + k - n - before, *sides]
    return F.pad(x, sides, value=value)


def fit_windows(y: torch.Tensor, counts: list[int], value: float) -> torch.Tensor:
    """As many outputs as Caffe has windows; those behind the image are empty."""
    rows, columns = counts
    return F.pad(y, (0, columns - y.shape[3], 0, rows - y.shape[2]), value=value)


def max_pool(
    x: torch.Tensor,
    kernel: tuple[int, int],
    stride: tuple[int, int],
    padding: tuple[int | tuple[int, int], ...] = (0, 0),
    ceil_mode: bool = True,
) -> torch.Tensor:
    """F.max_pool2d with any padding and empty windows, which give the lowest float."""
    lowest = torch.finfo(x.dtype).min
    counts = window_counts(x, kernel, stride, padding, ceil_mode)
    x = pad_windows(x, counts, kernel, stride, padding, lowest)
    return fit_windows(F.max_pool2d(x, kernel, stride), counts, lowest)


def max_pool_with_mask(
    x: torch.Tensor,
    kernel: tuple[int, int],
    stride: tuple[int, int],
    padding: tuple[int | tuple[int, int], ...] = (0, 0),
    ceil_mode: bool = True,
) -> tuple[torch.Tensor, torch.Tensor]:
    """max_pool, and where in its plane each maximum stood: a float, -1 for nowhere."""
    lowest = torch.finfo(x.dtype).min
    counts = window_counts(x, kernel, stride, padding, ceil_mode)
    padded = pad_windows(x, counts, kernel, stride, padding, lowest)
    y, index = F.max_pool2d(padded, kernel, stride, return_indices=True)
    (top, _), (left, _) = both_sides(padding)
    row, column = index // padded.shape[3] - top, index % padded.shape[3] - left
    mask = torch.where(y > lowest, row * x.shape[3] + column, -1)
    y, mask = fit_windows(y, counts, lowest), fit_windows(mask, counts, -1)
    return y, mask.to(x.dtype)


def avg_pool(
    x: torch.Tensor,
    kernel: tuple[int, int],
    stride: tuple[int, int],
    padding: tuple[int | tuple[int, int], ...] = (0, 0),
    ceil_mode: bool = True,
) -> torch.Tensor:
    """F.avg_pool2d with any padding, and empty windows, which give 0 / 0."""
    counts = window_counts(x, kernel, stride, padding, ceil_mode)
    padded = pad_windows(x, counts, kernel, stride, padding, 0.0)
    sums = F.avg_pool2d(padded, kernel, stride, divisor_override=1)
    sums = fit_windows(sums, counts, 0.0)
    sides: list[torch.Tensor] = []
    for axis, (before, after) in enumerate(both_sides(padding)):
        k, s, n = kernel[axis], stride[axis], x.shape[axis + 2]
        start = torch.arange(sums.shape[axis + 2], device=x.device) * s - before
        sides.append((start + k).clamp(max=n + after) - start)
    return sums / (sides[0][:, None] * sides[1])


def stochastic_pool(
    x: torch.Tensor,
    kernel: tuple[int, int],
    stride: tuple[int, int],
    ceil_mode: bool = True,
    training: bool = False,
) -> torch.Tensor:
    """A weighted mean of each window; in training an element, drawn by its share."""
    counts = window_counts(x, kernel, stride, (0, 0), ceil_mode)
    x = pad_windows(x, counts, kernel, stride, (0, 0), 0.0)
    columns = im2col(x, kernel, stride, (0, 0), (1, 1))
    columns = fit_windows(columns, counts, 0.0)
    windows = columns.reshape(*x.shape[:2], math.prod(kernel), *counts)
    total = windows.sum(2)
    if not training:
        mean = windows.square().sum(2) / torch.where(total > 0, total, 1)
        return torch.where(total > 0, mean, 0)
    mark = (1 - torch.rand_like(total)) * total
    drawn = (windows.cumsum(2) >= mark[:, :, None]).int().argmax(2, keepdim=True)
    return windows.gather(2, drawn).squeeze(2)


def spatial_pyramid_pool(
    x: torch.Tensor, height: int, pool: Callable[..., torch.Tensor]
) -> torch.Tensor:
    """Pool into 1, 4, 16, ... bins by Caffe's windows, and join them for each image."""
    levels: list[torch.Tensor] = []
    for bins in (2**level for level in range(height)):
        kernel = [-(-n // bins) for n in x.shape[2:]]
        padding = [
            (k * bins - n + 1) // 2 for k, n in zip(kernel, x.shape[2:], strict=True)
        ]
        levels.append(pool(x, kernel, kernel, padding).flatten(1))
    return torch.cat(levels, dim=1)


def im2col(
    x: torch.Tensor,
    kernel: tuple[int, ...],
    stride: tuple[int, ...],
    padding: tuple[int, ...],
    dilation: tuple[int, ...],
) -> torch.Tensor:
    """F.unfold over any number of spatial axes, which stay apart in the result."""
    axes = len(kernel)
    first = x.dim() - axes
    for axis in reversed(range(axes)):
        k, s, d, n = kernel[axis], stride[axis], dilation[axis], x.shape[first + axis]
        room = n + 2 * padding[axis] - d * (k - 1) - 1
        count = int(room / s) + 1  # towards zero: a window may hang off the end
        starts = torch.arange(count, device=x.device)[:, None] * s - padding[axis]
        places = starts + torch.arange(k, device=x.device) * d
        inside = (places >= 0) & (places < n)
        behind = [0, 0] * (x.dim() - first - axis - 1) + [0, 1]
        read = torch.where(inside, places, n).flatten()
        x = F.pad(x, behind).index_select(first + axis, read)
        x = x.reshape(*x.shape[: first + axis], count, k, *x.shape[first + axis + 1 :])
    kernels = [first + 2 * axis + 1 for axis in range(axes)]
    x = x.movedim(kernels, list(range(first, first + axes)))
    return x.flatten(first - 1, first + axes - 1)


# ---- normalize ------------------------------------------------------------------------------


class BatchNorm(nn.Module):
    """Batch normalisation with Caffe's averages, in which the first batch weighs most.

    `scale_factor` is the weight of all batches so far. `use_global_stats` is whether to
    use the averages; None: when not training.
    """

    running_mean: torch.Tensor
    running_var: torch.Tensor
    scale_factor: torch.Tensor

    def __init__(
        self,
        channels: int,
        eps: float = 1e-5,
        moving_average_fraction: float = 0.999,
        affine: bool = False,
        use_global_stats: bool | None = None,
    ) -> None:
        super().__init__()
        self.eps = eps
        self.moving_average_fraction = moving_average_fraction
        self.use_global_stats = use_global_stats
        self.weight = nn.Parameter(torch.ones(channels)) if affine else None
        self.bias = nn.Parameter(torch.zeros(channels)) if affine else None
        self.register_buffer("running_mean", torch.zeros(channels))
        self.register_buffer("running_var", torch.zeros(channels))
        self.register_buffer("scale_factor", torch.zeros(1))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        fixed = self.use_global_stats
        batch = self.training if fixed is None else not fixed
        if batch:
            self.update(x)
        return torch.batch_norm(
            x,
            self.weight,
            self.bias,
            None if batch else self.running_mean,
            None if batch else self.running_var,
            batch,
            0.0,
            self.eps,
            torch.backends.cudnn.enabled,
        )

    @torch.no_grad()
    def update(self, x: torch.Tensor) -> None:
        """Take a batch into the averages."""
        var, mean = torch.var_mean(x, [0, *range(2, x.dim())], correction=0)
        values = x.numel() // x.shape[1]
        self.scale_factor.mul_(self.moving_average_fraction).add_(1)
        self.running_mean.lerp_(mean, 1 / self.scale_factor)
        self.running_var.lerp_(
            var * (values / max(values - 1, 1)), 1 / self.scale_factor
        )


class Scale(nn.Module):
    """Multiply by a weight that spans the axes from `axis` on, and add such a bias."""

    def __init__(self, *shape: int, axis: int = 1, bias: bool = True) -> None:
        super().__init__()
        self.axis = axis
        self.weight = nn.Parameter(torch.ones(shape))
        self.bias = nn.Parameter(torch.zeros(shape)) if bias else None

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        behind = x.dim() - self.axis - self.weight.dim()
        shape = [*self.weight.shape, *[1] * behind]
        x = x * self.weight.reshape(shape)
        return x if self.bias is None else x + self.bias.reshape(shape)


def lrn_within_channel(
    x: torch.Tensor, size: int = 5, alpha: float = 1.0, beta: float = 0.75
) -> torch.Tensor:
    """Caffe's LRN within a channel; the mean counts the padding, and k is always 1."""
    return x * (1 + alpha * F.avg_pool2d(x * x, size, 1, size // 2)) ** -beta


def mean_variance_norm(
    x: torch.Tensor, dim: tuple[int, ...], eps: float = 1e-9
) -> torch.Tensor:
    """Mean 0 and variance 1 over some axes; eps is added outside of the root."""
    x = x - x.mean(dim, keepdim=True)
    return x / root_plus(x.square().mean(dim, keepdim=True), eps)


def root_plus(square: torch.Tensor, eps: float) -> torch.Tensor:
    """sqrt(square) + eps, whose gradient in Caffe is 1 / (2 * (sqrt(square) + eps))."""
    root = square.detach().sqrt() + eps
    return root + (square - square.detach()) / (2 * root)


# ---- combine --------------------------------------------------------------------------------


def elementwise_max(first: torch.Tensor, *others: torch.Tensor) -> torch.Tensor:
    """torch.maximum of all, but of equal elements one alone gets the gradient."""
    second, *more = others
    best = torch.where(first > second, first, second)
    for other in more:
        best = torch.where(other > best, other, best)
    return best


def arg_max(
    x: torch.Tensor,
    top_k: int = 1,
    axis: int | None = None,
    out_max_val: bool = False,
) -> torch.Tensor:
    """torch.topk's indices as floats, of equal elements the last one first."""
    values = x.reshape(x.shape[0], -1) if axis is None else x
    dim = 1 if axis is None else axis
    last = values.shape[dim] - 1
    values, order = values.flip(dim).sort(stable=True, dim=dim, descending=True)
    values = values.narrow(dim, 0, top_k)
    indices = (last - order.narrow(dim, 0, top_k)).to(x.dtype)
    if axis is not None:
        return values if out_max_val else indices
    rows = torch.stack((indices, values) if out_max_val else (indices,), dim=1)
    return rows.reshape(*rows.shape, *[1] * (x.dim() - 3))


# ---- dense ----------------------------------------------------------------------------------


class TransposedLinear(nn.Module):
    """nn.Linear with a weight of (inputs, outputs), which another layer may own."""

    def __init__(self, inputs: int, outputs: int, bias: bool = True) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(inputs, outputs))
        self.bias = nn.Parameter(torch.zeros(outputs)) if bias else None

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return F.linear(x, self.weight.T, self.bias)


class Embed(nn.Embedding):
    """nn.Embedding with a bias."""

    def __init__(self, count: int, size: int) -> None:
        super().__init__(count, size)
        self.bias = nn.Parameter(torch.zeros(size))

    def forward(self, index: torch.Tensor) -> torch.Tensor:
        return super().forward(index) + self.bias


# ---- loss -----------------------------------------------------------------------------------


def at_least(x: torch.Tensor, low: float) -> torch.Tensor:
    """clamp(min=low), but the gradient passes where it raises a value."""
    return x + (low - x).clamp(min=0).detach()


def normalizer(mode: str, valid: torch.Tensor, batch: int) -> torch.Tensor | int:
    """What Caffe divides a sum of losses by, which is never less than 1."""
    if mode == "VALID":
        return valid.sum().clamp(min=1)
    return max({"FULL": valid.numel(), "BATCH_SIZE": batch, "NONE": 1}[mode], 1)


def softmax_loss(
    scores: torch.Tensor,
    labels: torch.Tensor,
    axis: int = 1,
    ignore_label: int = -100,
    normalization: str = "VALID",
) -> torch.Tensor:
    """F.cross_entropy along any axis, with Caffe's divisors: 0 if no label counts."""
    rows = scores.movedim(axis, -1).reshape(-1, scores.shape[axis])
    labels = labels.flatten().long()
    loss = F.cross_entropy(rows, labels, ignore_index=ignore_label, reduction="sum")
    batch = math.prod(scores.shape[:axis])
    return loss / normalizer(normalization, labels != ignore_label, batch)


def sigmoid_loss(
    scores: torch.Tensor,
    targets: torch.Tensor,
    ignore_label: int,
    normalization: str = "BATCH_SIZE",
) -> torch.Tensor:
    """F.binary_cross_entropy_with_logits that ignores a target's integral part."""
    targets = targets.view_as(scores)
    valid = targets.int() != ignore_label
    losses = F.binary_cross_entropy_with_logits(scores, targets, reduction="none")
    total = torch.where(valid, losses, 0).sum()
    return total / normalizer(normalization, valid, scores.shape[0])


def hinge_loss(
    scores: torch.Tensor, labels: torch.Tensor, norm: str = "L1"
) -> torch.Tensor:
    """How far each score misses 1 at the label, and -1 elsewhere."""
    scores = scores.flatten(1)
    label = F.one_hot(labels.flatten().long(), scores.shape[1])
    miss = F.relu(1 - (2 * label - 1) * scores)
    return (miss if norm == "L1" else miss.square()).sum() / scores.shape[0]


def infogain_loss(
    scores: torch.Tensor,
    labels: torch.Tensor,
    matrix: torch.Tensor,
    axis: int = 1,
    ignore_label: int = -100,
    normalization: str = "VALID",
) -> torch.Tensor:
    """Minus the logs of a softmax (of at least 1e-20), weighted by the label's row."""
    classes = scores.shape[axis]
    logs = at_least(F.log_softmax(scores, dim=axis), math.log(1e-20))
    logs = logs.movedim(axis, -1).reshape(-1, classes)
    labels = labels.flatten().long()
    valid = labels != ignore_label
    weights = matrix.detach().reshape(classes, classes)[torch.where(valid, labels, 0)]
    loss = -torch.where(valid, (weights * logs).sum(1), 0).sum()
    batch = math.prod(scores.shape[:axis])
    return loss / normalizer(normalization, valid, batch)


def contrastive_loss(
    a: torch.Tensor,
    b: torch.Tensor,
    similar: torch.Tensor,
    margin: float = 1.0,
    legacy_version: bool = False,
) -> torch.Tensor:
    """Caffe's contrastive loss, whose gradient divides by the distance plus 1e-4."""
    square = (a - b).flatten(1).square().sum(1)
    if legacy_version:
        apart = F.relu(margin - square)
    else:
        apart = F.relu(margin - (root_plus(square, 1e-4) - 1e-4)).square()
    losses = torch.where(similar.flatten().int() != 0, square, apart)
    return losses.sum() / (2 * len(losses))


def label_hits(
    scores: torch.Tensor, labels: torch.Tensor, top_k: int = 1, axis: int = 1
) -> torch.Tensor:
    """Whether each label is among the top k; equal scores count against it."""
    rows = scores.movedim(axis, -1).reshape(-1, scores.shape[axis])
    own = rows.gather(1, labels.reshape(-1, 1).long().clamp(0, rows.shape[1] - 1))
    return (rows >= own).sum(1) <= top_k


def top_k_accuracy(
    scores: torch.Tensor,
    labels: torch.Tensor,
    top_k: int = 1,
    axis: int = 1,
    ignore_label: int = -100,
) -> torch.Tensor:
    """The share of hits among the labels that count; 0 where none does."""
    valid = labels.flatten().long() != ignore_label
    hits = label_hits(scores, labels, top_k, axis) & valid
    return hits.sum() / valid.sum().clamp(min=1)


def class_accuracies(
    scores: torch.Tensor,
    labels: torch.Tensor,
    top_k: int = 1,
    axis: int = 1,
    ignore_label: int = -100,
) -> torch.Tensor:
    """The share of hits among the labels of each class; 0 for a class without any."""
    labels = labels.reshape(-1, 1).long()
    classes = torch.arange(scores.shape[axis], device=labels.device)
    members = (labels == classes) & (labels != ignore_label)
    hits = members & label_hits(scores, labels, top_k, axis)[:, None]
    return hits.sum(0) / members.sum(0).clamp(min=1)


# ---- recurrent ------------------------------------------------------------------------------


def lstm_unit(
    c: torch.Tensor, gates: torch.Tensor, cont: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    """A step of an LSTM to c and h; nn.LSTMCell has no cont, and other gates."""
    i, f, o, g = gates.chunk(4, dim=-1)
    forget = cont.detach()[..., None] * torch.sigmoid(f)
    c = forget * c + torch.sigmoid(i) * torch.tanh(g)
    return c, torch.sigmoid(o) * torch.tanh(c)


class Recurrent(nn.Module):
    """What LSTM and RNN share: a state that lasts from one forward pass to the next."""

    last: torch.Tensor

    def __init__(self, states: int, size: int) -> None:
        super().__init__()
        self.register_buffer("last", torch.zeros(states, 1, size), persistent=False)

    def start(self, batch: int, given: tuple[torch.Tensor, ...]) -> list[torch.Tensor]:
        """The states before the first step: as given, or as they were left.

        No gradient passes through the states of a layer to another, as in Caffe.
        """
        if given:
            return [state[0].detach() for state in given]
        if self.last.shape[1] != batch:
            self.last = self.last.new_zeros(len(self.last), batch, self.last.shape[2])
        return list(self.last)


class LSTM(Recurrent):
    """nn.LSTM with an input `cont` that is 0 where a sequence starts.

    The state lasts from one forward pass to the next, unless it is given.
    """

    def __init__(self, inputs: int, size: int, static: int = 0) -> None:
        super().__init__(2, size)
        self.W_xc = nn.Parameter(torch.zeros(4 * size, inputs))
        self.b_c = nn.Parameter(torch.zeros(4 * size))
        if static:
            self.W_xc_static = nn.Parameter(torch.zeros(4 * size, static))
        self.W_hc = nn.Parameter(torch.zeros(4 * size, size))

    def forward(
        self,
        x: torch.Tensor,
        cont: torch.Tensor,
        *states: torch.Tensor,
        static: torch.Tensor | None = None,
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """All outputs, and the last h and c; states are the first h and c."""
        inputs = F.linear(x.flatten(2), self.W_xc, self.b_c)
        if static is not None:
            inputs = inputs + F.linear(static.flatten(1), self.W_xc_static)
        h, c = self.start(x.shape[1], states)
        outputs: list[torch.Tensor] = []
        for step, go_on in zip(inputs, cont.detach(), strict=True):
            gates = step + F.linear(go_on[:, None] * h, self.W_hc)
            c, h = lstm_unit(c, gates, go_on)
            outputs.append(h)
        self.last = torch.stack((h, c)).detach()
        return torch.stack(outputs), self.last[:1], self.last[1:]


class RNN(Recurrent):
    """nn.RNN with a tanh layer on its outputs, and an input `cont` as that of LSTM.

    The state lasts from one forward pass to the next, unless it is given.
    """

    def __init__(self, inputs: int, size: int, static: int = 0) -> None:
        super().__init__(1, size)
        self.W_xh = nn.Parameter(torch.zeros(size, inputs))
        self.b_h = nn.Parameter(torch.zeros(size))
        if static:
            self.W_xh_static = nn.Parameter(torch.zeros(size, static))
        self.W_hh = nn.Parameter(torch.zeros(size, size))
        self.W_ho = nn.Parameter(torch.zeros(size, size))
        self.b_o = nn.Parameter(torch.zeros(size))

    def forward(
        self,
        x: torch.Tensor,
        cont: torch.Tensor,
        *states: torch.Tensor,
        static: torch.Tensor | None = None,
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """All outputs, and the last h; states is the first h."""
        inputs = F.linear(x.flatten(2), self.W_xh, self.b_h)
        if static is not None:
            inputs = inputs + F.linear(static.flatten(1), self.W_xh_static)
        (h,) = self.start(x.shape[1], states)
        outputs: list[torch.Tensor] = []
        for step, go_on in zip(inputs, cont.detach(), strict=True):
            h = torch.tanh(step + F.linear(go_on[:, None] * h, self.W_hh))
            outputs.append(h)
        self.last = h[None].detach()
        y = torch.tanh(F.linear(torch.stack(outputs), self.W_ho, self.b_o))
        return y, self.last


# ---- data -----------------------------------------------------------------------------------


class DummyData(nn.Module):
    """Tensors that need no input, each filled anew for every forward pass."""

    like: torch.Tensor

    def __init__(
        self,
        *tensors: tuple[tuple[int, ...], Callable[[torch.Tensor], torch.Tensor]],
    ) -> None:
        super().__init__()
        self.tensors = tensors
        self.register_buffer("like", torch.zeros(0), persistent=False)

    def forward(self) -> tuple[torch.Tensor, ...]:
        return tuple(fill(self.like.new_empty(shape)) for shape, fill in self.tensors)


# ---- fillers --------------------------------------------------------------------------------


def sparse_normal_(
    tensor: torch.Tensor, share: float, mean: float = 0.0, std: float = 1.0
) -> torch.Tensor:
    """nn.init.normal_ of a share of the elements, each by chance; the others are 0."""
    with torch.no_grad():
        keep = torch.rand_like(tensor) < share
        return tensor.normal_(mean, std).mul_(keep)


def positive_unitball_(tensor: torch.Tensor, dim: int = 0) -> torch.Tensor:
    """Positive, and the sum is 1 for each index along an axis."""
    with torch.no_grad():
        rows = tensor.uniform_().movedim(dim, 0)
        rows /= rows.flatten(1).sum(1).reshape(-1, *[1] * (tensor.dim() - 1))
    return tensor


def bilinear_(tensor: torch.Tensor) -> torch.Tensor:
    """What makes a deconvolution scale images up by linear interpolation."""
    size = tensor.shape[-1]
    factor = (size + 1) // 2
    center = (size - 1) / (2 * factor)
    with torch.no_grad():
        side = 1 - (torch.arange(size) / factor - center).abs()
        return tensor.copy_(side[:, None] * side)

"""What conditional random fields compute, to be pasted into an emitted file that uses
it.
"""

import numpy as np

from proto2net.backends.numpy.helpers.normalize import softmax


def permutohedral_lattice(
    features: np.ndarray,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Embed features (groups, pixels, d) in the permutohedral lattice.

    Returns the vertices of the simplex around each feature, their barycentric weights,
    and the neighbours of each vertex: two along each of d + 1 axes. A missing neighbour
    has the number of vertices as its index. Groups share no vertices (Adams, Baek and
    Davis 2010).
    Source: modified_permutohedral.cpp.
    """
    groups, pixels, d = features.shape
    # Four pixels are taken at once, as in Caffe: those beyond the last lie at the
    # origin.
    x = np.pad(features, [(0, 0), (0, -pixels % 4), (0, 0)])
    axes = np.arange(1, d + 1)
    deviation = float(np.float32(np.sqrt(2 / 3) * (d + 1)))
    x = x * (deviation / np.sqrt(axes * (axes + 1))).astype(np.float32)
    total = np.zeros_like(x[..., 0])
    elevated: list[np.ndarray] = []
    for axis in reversed(range(d)):
        elevated.insert(0, total - np.float32(axis + 1) * x[..., axis])
        total = total + x[..., axis]
    y = np.stack([total, *elevated], -1)

    # The nearest point whose coordinates are multiples of d + 1, and the order of the
    # rest.
    nearest = np.rint(y * np.float32(1 / (d + 1)))
    order = np.argsort(nearest * (d + 1) - y, -1, kind="stable")
    rank = np.argsort(order, -1) + nearest.sum(-1, keepdims=True).astype(int)
    turns = (rank < 0).astype(int) - (rank > d)
    rank = rank + turns * (d + 1)
    origin = (nearest.astype(np.int64) + turns) * (d + 1)
    rest = (y - origin.astype(np.float32)) * np.float32(1 / (d + 1))
    rest = np.take_along_axis(rest, np.argsort(-rank, -1), -1)
    shares = np.diff(rest, prepend=rest[..., -1:] - 1)

    # Points as numbers: their first d coordinates are digits, and neighbours have
    # digits too.
    corner = np.arange(d + 1)[:, None]
    above = rank[..., None, :d] > d - corner
    keys = origin[..., None, :d] + corner - (d + 1) * above
    base = keys.max() - keys.min() + 2 * d + 1
    place = base ** np.arange(d + 1, dtype=np.int64)
    numbers = keys @ place[:d] + np.arange(groups)[:, None, None] * place[d]
    points, index = np.unique(numbers, return_inverse=True)
    steps = (d + 1) * np.append(place[:d], 0) - place[:d].sum()
    wanted = points + np.stack([steps, -steps], -1)[..., None]
    found = np.searchsorted(points, wanted).clip(max=len(points) - 1)
    adjacent = np.where(points[found] == wanted, found, len(points))
    return index.reshape(numbers.shape)[:, :pixels], shares[:, :pixels], adjacent


def lattice_filter(
    x: np.ndarray, index: np.ndarray, shares: np.ndarray, adjacent: np.ndarray
) -> np.ndarray:
    """Gaussian filtering of values (groups, pixels, channels): splat, blur, slice."""
    held = np.zeros((adjacent.shape[-1] + 1, x.shape[-1]), np.float32)
    corners = range(index.shape[-1])
    for i in corners:
        np.add.at(held, index[..., i], shares[..., i, None] * x)
    for before, after in adjacent:
        held[:-1] += np.float32(0.5) * (held[before] + held[after])
    alpha = np.float32(1 / (1 + 2.0 ** -(len(corners) - 1)))
    y = np.zeros_like(x)
    for i in corners:
        y += alpha * shares[..., i, None] * held[index[..., i]]
    return y


def multi_stage_meanfield(
    unary: np.ndarray,
    start: np.ndarray,
    image: np.ndarray,
    spatial: np.ndarray,
    bilateral: np.ndarray,
    compatibility: np.ndarray,
    num_iterations: int,
    theta_alpha: float,
    theta_beta: float,
    theta_gamma: float,
) -> np.ndarray:
    """Mean field iterations of a dense CRF (CRF-RNN, Zheng et al. 2015).

    Source: multi_stage_meanfield.cpp, meanfield_iteration.cpp.
    """
    n, c, h, w = unary.shape
    place = np.indices((h, w), np.float32)[::-1].reshape(1, 2, -1).transpose(0, 2, 1)
    colours = image.reshape(n, 3, -1).transpose(0, 2, 1) / np.float32(theta_beta)
    places = np.repeat(place / np.float32(theta_alpha), n, 0)
    near = permutohedral_lattice(place / np.float32(theta_gamma))
    alike = permutohedral_lattice(np.concatenate([places, colours], -1))
    near_norm, alike_norm = (
        1 / (lattice_filter(np.ones_like(p[..., :1]), *lattice) + np.float32(1e-20))
        for p, lattice in ((place, near), (places, alike))
    )
    x = start
    for _ in range(num_iterations):
        q = softmax(x).reshape(n, c, -1).transpose(0, 2, 1)
        # One lattice serves all images: they stand side by side as channels.
        beside = q.transpose(1, 0, 2).reshape(1, h * w, n * c)
        smooth = (lattice_filter(beside, *near) * near_norm).reshape(-1, n, c)
        message = smooth.transpose(1, 0, 2) @ spatial[0, 0].T
        message = message + lattice_filter(q, *alike) * alike_norm @ bilateral[0, 0].T
        pairwise = message @ compatibility[0, 0].T
        x = unary - pairwise.transpose(0, 2, 1).reshape(unary.shape)
    return x


def diagonal(shape: tuple[int, ...], value: float) -> np.ndarray:
    """Square matrices with a value on the diagonal and 0 elsewhere."""
    return np.broadcast_to(np.eye(shape[-1]) * value, shape).astype(np.float32)

"""What PyTorch lacks for conditional random fields: pasted where it is used."""

import math

import torch
import torch.nn.functional as F
from torch import nn


@torch.no_grad()
def permutohedral_lattice(
    features: torch.Tensor,
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Embed features (groups, pixels, d) in the permutohedral lattice.

    Returns the vertices of the simplex around each feature, their barycentric weights,
    and the neighbours of each vertex: two along each of d + 1 axes. A missing neighbour
    has the number of vertices as its index. Groups share no vertices (Adams, Baek and
    Davis 2010).
    """
    groups, pixels, d = features.shape
    # Four pixels are taken at once, as in Caffe: those beyond the last lie at the
    # origin.
    x = F.pad(features, (0, 0, 0, -pixels % 4))
    axes = torch.arange(1, d + 1, device=x.device)
    deviation = x.new_tensor(math.sqrt(2 / 3) * (d + 1)).double()
    x = x * (deviation / (axes * (axes + 1)).double().sqrt()).float()
    total = torch.zeros_like(x[..., 0])
    elevated: list[torch.Tensor] = []
    for axis in reversed(range(d)):
        elevated.insert(0, total - (axis + 1) * x[..., axis])
        total = total + x[..., axis]
    y = torch.stack([total, *elevated], -1)

    # The nearest point whose coordinates are multiples of d + 1, and the order of the
    # rest.
    nearest = (y * (1 / (d + 1))).round()
    order = (y - nearest * (d + 1)).argsort(dim=-1, descending=True, stable=True)
    rank = order.argsort(-1) + nearest.sum(-1, keepdim=True).long()
    turns = (rank < 0).long() - (rank > d).long()
    rank = rank + turns * (d + 1)
    origin = (nearest.long() + turns) * (d + 1)
    rest = ((y - origin) * (1 / (d + 1))).gather(-1, (-rank).argsort(-1))
    shares = rest.diff(dim=-1, prepend=rest[..., -1:] - 1)

    # Points as numbers: their first d coordinates are digits, and neighbours have
    # digits too.
    corner = torch.arange(d + 1, device=x.device)[:, None]
    above = rank[..., None, :d] > d - corner
    keys = origin[..., None, :d] + corner - (d + 1) * above
    base = keys.max() - keys.min() + 2 * d + 1
    place = base ** torch.arange(d + 1, device=x.device)
    group = torch.arange(groups, device=x.device)[:, None, None]
    numbers = (keys * place[:d]).sum(-1) + group * place[d]
    points, index = torch.unique(numbers, return_inverse=True)
    steps = (d + 1) * F.pad(place[:d], (0, 1)) - place[:d].sum()
    wanted = points + torch.stack([steps, -steps], -1)[..., None]
    found = torch.searchsorted(points, wanted).clamp(max=len(points) - 1)
    neighbours = found.where(points[found] == wanted, len(points))
    return index[:, :pixels], shares[:, :pixels], neighbours


def lattice_filter(
    x: torch.Tensor, index: torch.Tensor, shares: torch.Tensor, neighbours: torch.Tensor
) -> torch.Tensor:
    """Gaussian filtering of values (groups, pixels, channels): splat, blur, slice."""
    held = x.new_zeros(neighbours.shape[-1] + 1, x.shape[-1])
    corners = range(index.shape[-1])
    for i in corners:
        part = (shares[..., i, None] * x).flatten(0, 1)
        held = held.index_add(0, index[..., i].flatten(), part)
    for before, after in neighbours:
        held = held[:-1] + 0.5 * (held[before] + held[after])
        held = F.pad(held, (0, 0, 0, 1))
    alpha = 1 / (1 + 2.0 ** -(len(corners) - 1))
    parts = (alpha * shares[..., i, None] * held[index[..., i]] for i in corners)
    return torch.stack(list(parts)).sum(0)


class MultiStageMeanfield(nn.Module):
    """Mean field iterations of a dense CRF (CRF-RNN, Zheng et al. 2015).

    From the unary potentials, the first logits and the image, it returns logits. Three
    learned matrices mix the classes. No gradient flows into the filters.
    """

    def __init__(
        self,
        classes: int,
        num_iterations: int,
        theta_alpha: float,
        theta_beta: float,
        theta_gamma: float,
    ) -> None:
        super().__init__()
        self.num_iterations = num_iterations
        self.theta_alpha, self.theta_beta = theta_alpha, theta_beta
        self.theta_gamma = theta_gamma
        self.spatial = nn.Parameter(torch.zeros(classes, classes))
        self.bilateral = nn.Parameter(torch.zeros(classes, classes))
        self.compatibility = nn.Parameter(torch.zeros(classes, classes))

    def forward(
        self, unary: torch.Tensor, start: torch.Tensor, image: torch.Tensor
    ) -> torch.Tensor:
        n, c, h, w = unary.shape
        # Tensors, since a graphics card would multiply by the reciprocal of a number.
        alpha, beta, gamma = image.new_tensor(
            [self.theta_alpha, self.theta_beta, self.theta_gamma]
        )
        rows = torch.arange(h, device=image.device).float()
        columns = torch.arange(w, device=image.device).float()
        place = torch.stack(torch.meshgrid(columns, rows, indexing="xy"), -1)
        place = place.reshape(1, h * w, 2)
        places = (place / alpha).expand(n, -1, -1)
        colours = image.flatten(2).mT / beta
        near = permutohedral_lattice(place / gamma)
        alike = permutohedral_lattice(torch.cat([places, colours], -1))
        near_norm = 1 / (lattice_filter(torch.ones_like(place[..., :1]), *near) + 1e-20)
        alike_norm = 1 / (
            lattice_filter(torch.ones_like(places[..., :1]), *alike) + 1e-20
        )
        x = start
        for _ in range(self.num_iterations):
            q = F.softmax(x, dim=1).flatten(2).mT
            # One lattice serves all images: they stand side by side as channels.
            beside = q.transpose(0, 1).reshape(1, h * w, n * c)
            smooth = lattice_filter(beside, *near) * near_norm
            smooth = smooth.reshape(h * w, n, c).transpose(0, 1)
            message = F.linear(smooth, self.spatial)
            message = message + F.linear(
                lattice_filter(q, *alike) * alike_norm, self.bilateral
            )
            pairwise = F.linear(message, self.compatibility)
            x = unary - pairwise.mT.reshape(unary.shape)
        return x


def diagonal_(tensor: torch.Tensor, value: float) -> torch.Tensor:
    """Fill a square matrix with a value on the diagonal and 0 elsewhere."""
    with torch.no_grad():
        return nn.init.eye_(tensor).mul_(value)

"""What PyTorch lacks for regions of interest, to be pasted into an emitted file that
uses it.
"""

import torch


def round_half_away(x: torch.Tensor) -> torch.Tensor:
    """Round to the nearest integer, halves away from zero, as C's round()."""
    whole = x.trunc()
    return whole + x.sign() * ((x - whole).abs() >= 0.5)


def padded_corners(rois: torch.Tensor, pad_ratio: float) -> torch.Tensor:
    """x1, y1, x2, y2 of regions, padded by a fraction of their size."""
    corners = rois[:, 1:]
    pad = (corners[:, 2:] - corners[:, :2] + 1) * pad_ratio
    return corners + torch.cat((-pad, pad), dim=1)


def roi_pool(
    x: torch.Tensor,
    rois: torch.Tensor,
    pooled_size: tuple[int, int],
    spatial_scale: float = 1.0,
    pad_ratio: float = 0.0,
) -> torch.Tensor:
    """RoI max pooling of regions (image, x1, y1, x2, y2); an empty bin is 0."""
    rois = rois.flatten(1)
    corners = padded_corners(rois, pad_ratio) if pad_ratio else rois[:, 1:]
    corners = round_half_away(corners * spatial_scale)
    (width, height), (w, h) = x.shape[:1:-1], pooled_size[::-1]
    left, top = corners[:, :1], corners[:, 1:2]
    size = (corners[:, 2:] - corners[:, :2] + 1).clamp(min=1)
    columns = roi_bins(left, size[:, :1] / w, w, width)
    rows = roi_bins(top, size[:, 1:] / h, h, height)
    pooled = [x.new_zeros(0, x.shape[1], h, w)]
    images = rois[:, 0].long().tolist()
    for image, down, across in zip(images, rows, columns, strict=True):
        strips = [max_or_zero(x[image, :, i:j], dim=1) for i, j in down]
        strip = torch.stack(strips, dim=1)
        values = [max_or_zero(strip[:, :, i:j], dim=2) for i, j in across]
        pooled.append(torch.stack(values, dim=2)[None])
    return torch.cat(pooled)


def roi_bins(
    start: torch.Tensor, size: torch.Tensor, count: int, limit: int
) -> list[list[list[int]]]:
    """The start and the end of each region's bins, within [0, limit].

    The region's start is added last, to the rounded bounds.
    """
    index = torch.arange(count + 1, device=size.device)
    first = (index[:-1] * size).floor() + start
    last = (index[1:] * size).ceil() + start
    edges: list[list[list[int]]] = (
        torch.stack((first, last), dim=2).clamp(0, limit).long().tolist()
    )
    return edges


def max_or_zero(x: torch.Tensor, dim: int) -> torch.Tensor:
    """torch.amax along an axis; 0 if the axis is empty."""
    return x.max(dim).values if x.shape[dim] else x.sum(dim)


def psroi_pool(
    x: torch.Tensor, rois: torch.Tensor, group_size: int, spatial_scale: float
) -> torch.Tensor:
    """Position-sensitive RoI pooling (R-FCN): each bin averages its own channels.

    Channels are in the order output, row, column; an empty bin is 0.
    """
    rois = rois.flatten(1)
    corners = round_half_away(rois[:, 1:])
    corners[:, 2:] += 1
    corners = corners * spatial_scale
    size = (corners[:, 2:] - corners[:, :2]).clamp(min=0.1) / group_size
    index = torch.arange(group_size + 1, device=x.device)
    edges = index * size[:, :, None] + corners[:, :2, None]
    limit = edges.new_tensor([x.shape[3], x.shape[2]])[:, None]
    first = edges[:, :, :-1].floor().clamp(min=0).minimum(limit).long()
    last = edges[:, :, 1:].ceil().clamp(min=0).minimum(limit).long()
    width, height = (last - first).clamp(min=0).unbind(1)
    area = (height[:, :, None] * width[:, None]).clamp(min=1)
    spans = torch.stack((first, last), dim=3).tolist()
    x = x.reshape(len(x), -1, group_size, group_size, *x.shape[2:])
    pooled = [x.new_zeros(0, *x.shape[1:4])]
    for image, (across, down) in zip(rois[:, 0].long().tolist(), spans, strict=True):
        rows = [x[image, :, k, :, i:j].sum(2) for k, (i, j) in enumerate(down)]
        row = torch.stack(rows, dim=1)
        sums = [row[:, :, k, i:j].sum(2) for k, (i, j) in enumerate(across)]
        pooled.append(torch.stack(sums, dim=2)[None])
    return torch.cat(pooled) / area[:, None]


def roi_align(
    x: torch.Tensor,
    rois: torch.Tensor,
    pooled_size: tuple[int, int],
    spatial_scale: float = 1.0,
    pad_ratio: float = 0.0,
) -> torch.Tensor:
    """RoI align: bilinear samples at the bins' corners; 0 outside of the image."""
    rois = rois.flatten(1)
    corners = padded_corners(rois, pad_ratio) if pad_ratio else rois[:, 1:]
    corners = corners * spatial_scale - 0.5
    start, size = corners[:, :2], corners[:, 2:] - corners[:, :2]
    rows, columns = (
        start[:, side, None]
        + torch.arange(count + 1, device=x.device) * (size / count)[:, side, None]
        for side, count in zip((1, 0), pooled_size, strict=True)
    )
    y = interpolated(x, rois[:, 0].long(), rows, columns)
    return y * (size > 0).all(1)[:, None, None, None]


def roi_warp(
    x: torch.Tensor,
    rois: torch.Tensor,
    pooled_size: tuple[int, int],
    spatial_scale: float = 1.0,
) -> torch.Tensor:
    """RoI warping (MNC): the bilinear sample at the first corner of each bin."""
    rois = rois.flatten(1)
    corners = round_half_away(rois[:, 1:] * spatial_scale)
    start, size = corners[:, :2], (corners[:, 2:] - corners[:, :2]).clamp(min=0)
    rows, columns = (
        start[:, side, None]
        + torch.arange(count, device=x.device) * (size / count)[:, side, None]
        for side, count in zip((1, 0), pooled_size, strict=True)
    )
    return interpolated(x, rois[:, 0].long(), rows, columns)


def interpolated(
    x: torch.Tensor, image: torch.Tensor, rows: torch.Tensor, columns: torch.Tensor
) -> torch.Tensor:
    """Bilinear samples of images (N) at rows (N, H) and columns (N, W).

    Up to half a pixel outside, the border is repeated; further away, it is 0.
    """
    (above, below), down, in_column = neighbours(rows, x.shape[2])
    (left, right), across, in_row = neighbours(columns, x.shape[3])
    image = image[:, None, None]
    upper, lower = (
        torch.lerp(
            x[image, :, row[:, :, None], left[:, None]],
            x[image, :, row[:, :, None], right[:, None]],
            across[:, None, :, None],
        )
        for row in (above, below)
    )
    inside = in_column[:, :, None] & in_row[:, None]
    y = torch.lerp(upper, lower, down[:, :, None, None]) * inside[..., None]
    return y.permute(0, 3, 1, 2)


def neighbours(
    place: torch.Tensor, limit: int
) -> tuple[list[torch.Tensor], torch.Tensor, torch.Tensor]:
    """The pixels before and after coordinates along an axis of this length.

    Also returns the weight of the latter, and which coordinates are inside.
    """
    inside = (place >= -0.5) & (place <= limit - 0.5)
    before, behind = ((place.floor() + i).clamp(0, limit - 1) for i in (0, 1))
    share = place.clamp(0, limit - 1) - before
    return [before.long(), behind.long()], share, inside

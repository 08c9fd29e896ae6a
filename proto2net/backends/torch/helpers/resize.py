"""What PyTorch lacks for images of other sizes, to be pasted into an emitted file that
uses it.
"""

import torch
import torch.nn.functional as F


def interp(
    x: torch.Tensor,
    shrink_factor: int = 1,
    zoom_factor: int = 1,
    full_zoom_factor: int = 1,
) -> torch.Tensor:
    """Bilinear resizing with aligned corners; factors scale the gaps between pixels."""
    size = [
        ((n - 1) // shrink_factor * zoom_factor + 1) * full_zoom_factor
        for n in x.shape[2:]
    ]
    return F.interpolate(x, size, mode="bilinear", align_corners=True)


def max_unpool(
    x: torch.Tensor, mask: torch.Tensor, size: tuple[int, int]
) -> torch.Tensor:
    """F.max_unpool2d for any size: scatter each value to its index in the mask."""
    planes = x.new_zeros(*x.shape[:2], size[0] * size[1])
    placed = planes.scatter(2, mask.flatten(2).long(), x.flatten(2))
    return placed.reshape(*x.shape[:2], *size)


def corner_mask(
    x: torch.Tensor, stride: tuple[int, int], size: tuple[int, int]
) -> torch.Tensor:
    """A mask for max_unpool: the top left corner of each window."""
    axes = zip(x.shape[2:], stride, size, strict=True)
    rows, columns = (
        (torch.arange(n, device=x.device) * s).clamp(max=count - 1)
        for n, s, count in axes
    )
    return (rows[:, None] * size[1] + columns).expand_as(x)


def unpool(
    x: torch.Tensor,
    kernel: tuple[int, int],
    stride: tuple[int, int],
    size: tuple[int, int],
    average: bool = False,
) -> torch.Tensor:
    """Unpooling: copy each value to all of its window.

    `average` divides each value by the size of its window, within the output.
    """
    if average:
        axes = zip(x.shape[2:], kernel, stride, size, strict=True)
        height, width = (
            (count - torch.arange(n, device=x.device) * s).clamp(1, k)
            for n, k, s, count in axes
        )
        x = x / (height[:, None] * width)
    sides, steps = (tuple(map(min, each, size)) for each in (kernel, stride))
    window = x.new_ones(1, 1, *sides)
    planes = F.conv_transpose2d(x.flatten(0, 1).unsqueeze(1), window, stride=steps)
    rows, columns = (count - n for count, n in zip(size, planes.shape[2:], strict=True))
    return F.pad(planes, (0, columns, 0, rows)).view(*x.shape[:2], *size)


def pixel_places(n: int, count: int, coordinates: str = "asymmetric") -> torch.Tensor:
    """The coordinates of `count` output pixels in an axis of n input pixels.

    `coordinates` is ONNX's coordinate_transformation_mode.
    """
    places = torch.arange(count, dtype=torch.float32)
    if coordinates == "align_corners" and count > 1:
        return places * ((n - 1) / (count - 1))
    if coordinates == "half_pixel":
        return (places + 0.5) * (n / count) - 0.5
    if coordinates == "pytorch_half_pixel" and count > 1:
        return (places + 0.5) * (n / count) - 0.5
    return places * (n / count)


def resize_nearest(
    x: torch.Tensor,
    size: tuple[int, ...],
    axis: int = 2,
    coordinates: str = "asymmetric",
) -> torch.Tensor:
    """Nearest-neighbour resizing with any of ONNX's coordinate transformations.

    `axis` is the first axis to resize.
    `coordinates` is ONNX's coordinate_transformation_mode.
    """
    for i, count in enumerate(size, axis):
        n = x.shape[i]
        if coordinates == "align_corners":
            index = pixel_places(n, count, coordinates) + 0.5
        elif coordinates == "onnx":
            index = pixel_places(n, count, "half_pixel")
        elif coordinates == "half_pixel":
            index = pixel_places(n, count, "half_pixel") + 0.5
        else:
            index = pixel_places(n, count)
        index = index.floor().long().clamp(0, n - 1)
        x = x.index_select(i, index.to(x.device))
    return x


def resize_linear(
    x: torch.Tensor,
    size: tuple[int, ...],
    axis: int = 2,
    coordinates: str = "asymmetric",
) -> torch.Tensor:
    """Linear resizing with any of ONNX's coordinate transformations.

    `axis` is the first axis to resize.
    `coordinates` is ONNX's coordinate_transformation_mode.
    """
    for i, count in enumerate(size, axis):
        n = x.shape[i]
        places = pixel_places(n, count, coordinates).to(x.device)
        before = places.floor().long().clamp(min=0)
        after = places.ceil().long().clamp(max=n - 1)
        share = places - places.floor()
        share = share.reshape(-1, *[1] * (x.dim() - i - 1))
        x = torch.lerp(x.index_select(i, before), x.index_select(i, after), share)
    return x

"""How padding that only a program can give is said in PyTorch."""

from __future__ import annotations

from padding_cases import graph

import proto2net
from proto2net.layers import Convolution, Deconvolution, Layer, Pooling


def line(layer: Layer, words: str) -> str:
    """The line of the emitted file that has these words."""
    source = proto2net.convert(graph(layer, (2, 3, 8, 10)), to="torch")
    (found,) = (line.strip() for line in source.splitlines() if words in line)
    return found.partition("  #")[0]


def test_padding_that_no_size_changes_is_said_in_numbers() -> None:
    odd = Convolution(4, (3,), pad_type=1)
    assert line(odd, "Conv2d(") == "self.layer = nn.Conv2d(3, 4, kernel_size=3, padding=1)"
    even = Convolution(4, (4,), pad_type=1)
    assert line(even, "self.layer(") == "return self.layer(F.pad(x, (1, 2, 1, 2)))"
    given = Convolution(4, (3,), (2,), pad_r=1, pad_b=1)
    assert line(given, "self.layer(") == "return self.layer(F.pad(x, (0, 1, 0, 1)))"
    mean = Pooling("AVE_EXC_PAD", (3,), pad_type=1)
    assert line(mean, "return F.avg_pool2d(").endswith(
        "stride=1, padding=1, count_include_pad=False)"
    )
    most = Pooling("MAX", (3,), (2,), pad_r=1, pad_b=1)
    padded = 'F.pad(x, (0, 1, 0, 1), value=float("-inf"))'
    assert padded in proto2net.convert(graph(most, (2, 3, 8, 10)), to="torch")


def test_padding_by_the_size_of_the_image_stands_where_it_is_used() -> None:
    layer = Convolution(4, (3,), (2,), pad_type=1)
    assert line(layer, "self.layer(") == "return self.layer(pad_same(x, (3, 3), (2, 2)))"


def test_a_deconvolution_cuts_off_what_each_side_says() -> None:
    cut = Deconvolution(4, (4,), (2,), pad_r=1, pad_b=2)
    assert line(cut, "self.layer(") == "return F.pad(self.layer(x), (0, -1, 0, -2))"

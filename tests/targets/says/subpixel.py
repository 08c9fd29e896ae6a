"""What the targets print of proto2net/layers/subpixel.py."""

from says import Row, says

DEEP = (2, 12, 5, 7)

ROWS: list[Row] = [
    says(
        "Tiling { tile_dim: 2 }",
        bottoms=[DEEP],
        torch="F.pixel_shuffle(x, 2)",
        tf='PixelShuffle(2, name="f")(x)',
        numpy="pixel_shuffle(x, 2)",
    ),
    says(
        "Rearrange { depth: 3 }",
        bottoms=[DEEP],
        torch="F.pixel_shuffle(x, 2)",
        tf='PixelShuffle(2, name="f")(x)',
        numpy="pixel_shuffle(x, 2)",
    ),
    says(
        "PixelShuffle { upscale_factor: 2 }",
        bottoms=[DEEP],
        torch="F.pixel_shuffle(x, 2)",
        tf='PixelShuffle(2, name="f")(x)',
        numpy="pixel_shuffle(x, 2)",
    ),
    says(
        "PeriodicShuffle { group_size: 2 num_output: 3 }",
        bottoms=[DEEP],
        torch="F.pixel_shuffle(shuffle_channel(x, 4), 2)",
        tf=('f = ShuffleChannel(4, name="f")(x)', 'PixelShuffle(2, name="f_1")(f)'),
        numpy="pixel_shuffle(shuffle_channel(x, 4), 2)",
    ),
    says(
        "GSTiling { stride: 2 reverse: true }",
        bottoms=[DEEP],
        torch="F.pixel_shuffle(shuffle_channel(x, 4), 2)",
        tf=('f = ShuffleChannel(4, name="f")(x)', 'PixelShuffle(2, name="f_1")(f)'),
        numpy="pixel_shuffle(shuffle_channel(x, 4), 2)",
    ),
]

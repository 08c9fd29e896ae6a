"""GoogLeNet for ImageNet: one inception block, written once and called nine times.

A method of one's own that returns `self` stands in a chain as the others do. For another number of
classes, such as the 17 of the smaller Oxford flowers, write a subclass with `classes = 17`.
"""

from __future__ import annotations

from proto2net import CaffeNetwork
from proto2net.layers import Filler, ParamSpec


class GoogleNet(CaffeNetwork):
    """Photographs to the probabilities of classes: those of ImageNet, or in a subclass others."""

    classes = 1000
    inputs = {"data": (None, 3, 224, 224)}
    weight_filler = Filler("xavier")
    bias_filler = Filler("constant", value=0.2)
    params = (ParamSpec(lr_mult=1, decay_mult=1), ParamSpec(lr_mult=2, decay_mult=0))

    def setup(self) -> None:
        (
            self.feed("data")
            .conv(64, kernel=7, stride=2, pad=3, relu="conv1/relu_7x7", name="conv1/7x7_s2")
            .max_pool(kernel=3, stride=2, name="pool1/3x3_s2")
            .lrn(local_size=5, alpha=1e-4, name="pool1/norm1")
            .convolution("conv2", "3x3_reduce", 64)
            .convolution("conv2", "3x3", 192, kernel=3)
            .lrn(local_size=5, alpha=1e-4, name="conv2/norm2")
            .max_pool(kernel=3, stride=2, name="pool2/3x3_s2")
            .inception("3a", 64, (96, 128), (16, 32), 32)
            .inception("3b", 128, (128, 192), (32, 96), 64)
            .max_pool(kernel=3, stride=2, name="pool3/3x3_s2")
            .inception("4a", 192, (96, 208), (16, 48), 64)
            .inception("4b", 160, (112, 224), (24, 64), 64)
            .inception("4c", 128, (128, 256), (24, 64), 64)
            .inception("4d", 112, (144, 288), (32, 64), 64)
            .inception("4e", 256, (160, 320), (32, 128), 128)
            .max_pool(kernel=3, stride=2, name="pool4/3x3_s2")
            .inception("5a", 256, (160, 320), (32, 128), 128)
            .inception("5b", 384, (192, 384), (48, 128), 128)
            .avg_pool(kernel=7, name="pool5/7x7_s1")
            .dropout(0.4, name="pool5/drop_7x7_s1", top="pool5/7x7_s1")
            .fc(self.classes, bias_filler=Filler(), name="loss3/classifier")
            .softmax(name="prob")
        )

    def inception(
        self, name: str, one: int, three: tuple[int, int], five: tuple[int, int], pool: int
    ) -> GoogleNet:
        """Four ways to see the same blob, joined along the channels.

        They are convolutions of 1 x 1, of 3 x 3 and of 5 x 5 pixels, the larger ones behind a
        reduction of the channels, and a pooling with a projection.
        """
        block = f"inception_{name}"
        (bottom,) = self.terminals  # what the call before has made
        self.feed(bottom).convolution(block, "1x1", one)
        self.feed(bottom).convolution(block, "3x3_reduce", three[0])
        self.convolution(block, "3x3", three[1], kernel=3)
        self.feed(bottom).convolution(block, "5x5_reduce", five[0])
        self.convolution(block, "5x5", five[1], kernel=5)
        self.feed(bottom).max_pool(kernel=3, stride=1, pad=1, name=f"{block}/pool")
        self.convolution(block, "pool_proj", pool)
        ways = (f"{block}/{way}" for way in ("1x1", "3x3", "5x5", "pool_proj"))
        return self.feed(*ways).concat(name=f"{block}/output")

    def convolution(self, block: str, name: str, channels: int, kernel: int = 1) -> GoogleNet:
        """A convolution that keeps the image's size, and its ReLU."""
        return self.conv(
            channels,
            kernel,
            pad=kernel // 2,
            relu=f"{block}/relu_{name}",
            name=f"{block}/{name}",
        )


if __name__ == "__main__":
    print(GoogleNet())

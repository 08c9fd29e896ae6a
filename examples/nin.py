"""Network in Network for ImageNet, in the style of ethereon's caffe-tensorflow.

Its learned layers are called as in models/prototxt/nin.prototxt, so that trained weights fit:
`NiN().load("nin_imagenet.caffemodel").to("torch")`.
"""

from proto2net import Network


class NiN(Network):
    """Photographs to a score for each of 1000 classes. Every convolution has a ReLU."""

    inputs = {"data": (None, 224, 224, 3)}

    def setup(self) -> None:
        (
            self.feed("data")
            .conv(11, 11, 96, 4, 4, padding="VALID", name="conv1")
            .conv(1, 1, 96, 1, 1, name="cccp1")
            .conv(1, 1, 96, 1, 1, name="cccp2")
            .max_pool(3, 3, 2, 2, padding=0, name="pool0")  # a number: sizes rounded up, as Caffe
            .conv(5, 5, 256, 1, 1, name="conv2")
            .conv(1, 1, 256, 1, 1, name="cccp3")
            .conv(1, 1, 256, 1, 1, name="cccp4")
            .max_pool(3, 3, 2, 2, padding=0, name="pool2")
            .conv(3, 3, 384, 1, 1, name="conv3")
            .conv(1, 1, 384, 1, 1, name="cccp5")
            .conv(1, 1, 384, 1, 1, name="cccp6")
            .max_pool(3, 3, 2, 2, padding=0, name="pool3")
            .dropout(0.5, name="drop")
            .conv(3, 3, 1024, 1, 1, name="conv4-1024")
            .conv(1, 1, 1024, 1, 1, name="cccp7-1024")
            .conv(1, 1, 1000, 1, 1, name="cccp8-1024")
            .avg_pool(6, 6, 1, 1, padding=0, name="pool4")
        )


if __name__ == "__main__":
    print(NiN())

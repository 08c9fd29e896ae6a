"""AlexNet for ImageNet in Caffe's style: convolutions in two groups, LRN, and Caffe's fillers."""

from proto2net import CaffeNetwork
from proto2net.layers import Filler, ParamSpec

TENTH = Filler("constant", value=0.1)
"""Biases above 0, so that the ReLUs behind them begin alive."""
NARROW = Filler("gaussian", std=0.005)


class AlexNet(CaffeNetwork):
    """Photographs to the probabilities of 1000 classes."""

    inputs = {"data": (None, 3, 227, 227)}
    weight_filler = Filler("gaussian", std=0.01)
    params = (ParamSpec(lr_mult=1, decay_mult=1), ParamSpec(lr_mult=2, decay_mult=0))

    def setup(self) -> None:
        (
            self.feed("data")
            .conv(96, kernel=11, stride=4, relu="relu1", name="conv1")
            .lrn(local_size=5, alpha=1e-4, name="norm1")
            .max_pool(kernel=3, stride=2, name="pool1")
            .conv(256, kernel=5, pad=2, group=2, bias_filler=TENTH, relu="relu2", name="conv2")
            .lrn(local_size=5, alpha=1e-4, name="norm2")
            .max_pool(kernel=3, stride=2, name="pool2")
            .conv(384, kernel=3, pad=1, relu="relu3", name="conv3")
            .conv(384, kernel=3, pad=1, group=2, bias_filler=TENTH, relu="relu4", name="conv4")
            .conv(256, kernel=3, pad=1, group=2, bias_filler=TENTH, relu="relu5", name="conv5")
            .max_pool(kernel=3, stride=2, name="pool5")
            .fc(4096, weight_filler=NARROW, bias_filler=TENTH, relu="relu6", name="fc6")
            .dropout(0.5, name="drop6", top="fc6")  # a top of its input's name: in place
            .fc(4096, weight_filler=NARROW, bias_filler=TENTH, relu="relu7", name="fc7")
            .dropout(0.5, name="drop7", top="fc7")
            .fc(1000, name="fc8")
            .softmax(name="prob")
        )


if __name__ == "__main__":
    print(AlexNet())

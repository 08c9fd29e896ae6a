"""TensorFlow: a Keras 3 functional model, channels last, layers under Caffe's names."""

from proto2net.backends.tensorflow.backend import backend

__all__ = ["backend"]

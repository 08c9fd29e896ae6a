"""The data of a training: batches of arrays, as the data layers of Caffe give them.

Nothing of it is imported when a network is converted.
"""

from typing import Any

from proto2net.data.reading import Batches, batches

__all__ = ["Batches", "batches", "tf_dataset", "torch_dataset"]


def torch_dataset(batches: Batches) -> Any:
    """The batches for PyTorch: a torch.utils.data.IterableDataset of dicts of tensors."""
    from proto2net.data.torch import dataset

    return dataset(batches)


def tf_dataset(batches: Batches, *, any_size: bool = False) -> Any:
    """The batches for TensorFlow: a tf.data.Dataset of dicts of tensors, images channels last.

    With `any_size` the height and width of images may differ from batch to batch.
    """
    from proto2net.data.tensorflow import dataset

    return dataset(batches, any_size=any_size)

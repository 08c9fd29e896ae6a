"""The devices that a Keras network learns with: GPUs, or parts of the CPU where there are none."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any

from proto2net.backends.learner import Setting
from proto2net.errors import Proto2NetError


@contextmanager
def learning(setting: Setting) -> Iterator[None]:
    """In which a network is made that learns so."""
    import keras

    if setting.seed >= 0:
        keras.utils.set_random_seed(setting.seed)
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_bfloat16" if setting.bfloat16 else before)
    try:
        with _scope(setting.devices):
            yield
    finally:
        keras.config.set_dtype_policy(before)


def _scope(devices: int) -> AbstractContextManager[Any]:
    """What spreads a network over devices (tf.distribute)."""
    if devices == 1:
        return nullcontext()
    import tensorflow as tf

    kind = "GPU" if tf.config.list_physical_devices("GPU") else "CPU"
    if kind == "CPU":
        _split(devices)
    found = [each.name.removeprefix("/device:") for each in tf.config.list_logical_devices(kind)]
    if len(found) < devices:
        raise Proto2NetError(f"TensorFlow finds {len(found)} devices here, and not {devices}")
    scope: AbstractContextManager[Any] = tf.distribute.MirroredStrategy(found[:devices]).scope()
    return scope


def _split(devices: int) -> None:
    """Make logical devices of the CPU, if TensorFlow has not begun to use it."""
    import tensorflow as tf

    parts = [tf.config.LogicalDeviceConfiguration()] * devices
    try:
        (cpu,) = tf.config.list_physical_devices("CPU")
        tf.config.set_logical_device_configuration(cpu, parts)
    except RuntimeError:  # what it finds now is counted
        return

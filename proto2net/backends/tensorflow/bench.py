"""Timing of TensorFlow: as a tf.function, which is how Keras itself predicts and trains."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from proto2net.backends.bench import Bench, Run
from proto2net.backends.tensorflow.layout import order
from proto2net.errors import Proto2NetError

if TYPE_CHECKING:
    from proto2net.arrays import Ndarray


class TensorFlowBench(Bench):
    """TensorFlow on the CPU or its CUDA devices; `compiled` means XLA."""

    def __init__(self, device: str, compiled: bool) -> None:
        import tensorflow as tf

        gpus = tf.config.list_physical_devices("GPU")
        if device == "cuda" and not gpus:
            raise Proto2NetError("TensorFlow finds no CUDA device here", "use --device cpu")
        if device == "cpu":
            tf.config.set_visible_devices([], "GPU")
        else:
            for gpu in gpus:  # else it takes all memory, also that of other targets
                tf.config.experimental.set_memory_growth(gpu, True)
        self.version = tf.__version__
        self._compiled = compiled

    def forward(self, network: Any, feeds: Sequence[Ndarray], *, training: bool) -> Run:
        def outputs(*inputs: Any) -> Any:
            return _called(network, inputs, training)

        return self._run(outputs, _laid_out(feeds))

    def forward_backward(
        self, network: Any, feeds: Sequence[Ndarray], *, training: bool
    ) -> Run | None:
        import tensorflow as tf

        learned = [variable.value for variable in network.trainable_variables]

        def both(*inputs: Any) -> tuple[Any, list[Any]]:
            with tf.GradientTape() as tape:
                outputs = _called(network, inputs, training)
            return outputs, tape.gradient(outputs, learned)

        laid_out = _laid_out(feeds)
        _, gradients = both(*map(tf.constant, laid_out)) if learned else (None, [])
        if all(gradient is None for gradient in gradients):
            return None
        return self._run(both, laid_out)

    def product(self, a: Ndarray, b: Ndarray, repeats: int) -> Run:
        import tensorflow as tf

        return self._run(tf.matmul, [a, b], repeats)

    def _run(self, work: Callable[..., Any], feeds: Sequence[Ndarray], repeats: int = 1) -> Run:
        """Calls the work as a graph; what it returns is computed, whoever reads it."""
        import tensorflow as tf

        function = tf.function(work, jit_compile=self._compiled)
        tensors = [tf.constant(feed) for feed in feeds]

        def run() -> None:
            for _ in range(repeats):
                function(*tensors)
            tf.test.experimental.sync_devices()

        return run


def _called(network: Any, inputs: Sequence[Any], training: bool) -> Any:
    return network(inputs[0] if len(inputs) == 1 else list(inputs), training=training)


def _laid_out(feeds: Sequence[Ndarray]) -> list[Ndarray]:
    return [feed.transpose(order(feed.ndim)) for feed in feeds]

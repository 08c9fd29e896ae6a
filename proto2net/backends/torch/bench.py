"""Timing of PyTorch: eager, or by torch.compile."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from proto2net.backends.bench import Bench, Run
from proto2net.errors import Proto2NetError

if TYPE_CHECKING:
    from proto2net.arrays import Ndarray


class TorchBench(Bench):
    """PyTorch on the CPU or the first CUDA device."""

    def __init__(self, device: str, compiled: bool) -> None:
        import torch

        if device == "cuda" and not torch.cuda.is_available():
            raise Proto2NetError("PyTorch finds no CUDA device here", "use --device cpu")
        self.version = torch.__version__
        self._device = device
        self._compiled = compiled

    def forward(self, network: Any, feeds: Sequence[Ndarray], *, training: bool) -> Run:
        import torch

        outputs = self._outputs(network, feeds)

        def run() -> None:
            with torch.no_grad():
                outputs()
            self._wait()

        return run

    def forward_backward(
        self, network: Any, feeds: Sequence[Ndarray], *, training: bool
    ) -> Run | None:
        import torch

        outputs = self._outputs(network, feeds)
        learned = [p for p in network.parameters() if p.requires_grad]
        if not any(output.requires_grad for output in outputs()):
            return None

        def run() -> None:
            sums = [output.sum() for output in outputs() if output.requires_grad]
            torch.autograd.grad(sums, learned, allow_unused=True)
            self._wait()

        return run

    def product(self, a: Ndarray, b: Ndarray, repeats: int) -> Run:
        import torch

        left, right = self._placed([a, b])
        out = left @ right

        def run() -> None:
            for _ in range(repeats):
                torch.mm(left, right, out=out)
            self._wait()

        return run

    def _outputs(self, network: Any, feeds: Sequence[Ndarray]) -> Callable[[], tuple[Any, ...]]:
        """What computes the outputs on the device."""
        import torch

        network.to(self._device)
        call = torch.compile(network) if self._compiled else network
        tensors = self._placed(feeds)

        def outputs() -> tuple[Any, ...]:
            found = call(*tensors)
            return found if isinstance(found, tuple) else (found,)

        return outputs

    def _placed(self, arrays: Sequence[Ndarray]) -> list[Any]:
        import torch

        return [torch.as_tensor(array, device=self._device) for array in arrays]

    def _wait(self) -> None:
        import torch

        if self._device == "cuda":
            torch.cuda.synchronize()

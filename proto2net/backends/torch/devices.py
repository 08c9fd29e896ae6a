"""Where a PyTorch network learns: on which device, and as one of how many processes."""

from __future__ import annotations

import os
from typing import Any

from proto2net.errors import Proto2NetError


def begin(seed: int) -> None:
    """Have random numbers follow from a seed, those of each process from another."""
    import torch

    if seed >= 0:
        torch.manual_seed(seed + int(os.environ.get("RANK", "0")))


class Devices:
    """The device of this process. `torchrun` starts several, which average their gradients."""

    def __init__(self, device: str) -> None:
        import torch

        self.processes = int(os.environ.get("WORLD_SIZE", "1"))
        self.rank = int(os.environ.get("RANK", "0"))
        if device == "cuda" and not torch.cuda.is_available():
            raise Proto2NetError("PyTorch finds no GPU here", "--device cpu trains without")
        local = f"cuda:{os.environ.get('LOCAL_RANK', '0')}"
        self.device = torch.device(local if device == "cuda" else "cpu")
        torch.backends.cudnn.allow_tf32 = False  # whose convolutions are right to three digits
        if self.processes > 1 and not torch.distributed.is_initialized():
            if device == "cuda":
                torch.cuda.set_device(self.device)
            torch.distributed.init_process_group("nccl" if device == "cuda" else "gloo")

    def spread(self, network: Any) -> Any:
        """The network as one of all processes, which average the gradients of each."""
        import torch

        network.to(self.device)
        if self.processes == 1:
            return network
        return torch.nn.parallel.DistributedDataParallel(network)

    def mean(self, value: Any) -> float:
        """The mean of a number of all processes."""
        import torch

        if self.processes > 1:
            torch.distributed.all_reduce(value)
        return float(value) / self.processes

    def any(self, flag: bool) -> bool:
        """Whether one of all processes says so."""
        import torch

        return bool(self.mean(torch.tensor(float(flag), device=self.device)))

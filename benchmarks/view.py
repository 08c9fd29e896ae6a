"""Times `proto2net view`: ResNet-152, and a network of 10,000 layers, as a page and as SVG.

It is the time of the processor from the start of the process to its end, medians of a few rounds.
Beside it stands `inspect`, which reads the same network and finds its blocks.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from resource import RUSAGE_CHILDREN, getrusage

ROOT = Path(__file__).parents[1]
ROUNDS = 3
LAYERS = 10_000


def deep(layers: int) -> str:
    """A network of residual blocks, each of five layers."""
    lines = ["name: 'deep' input: 'res0' input_dim: 1 input_dim: 8 input_dim: 8 input_dim: 8"]
    for block in range(1, layers // 5 + 1):
        name = f"res{block}_branch2a"
        wires = f"bottom: '{name}' top: '{name}'"
        lines += [
            f"layer {{ name: '{name}' type: 'Convolution' bottom: 'res{block - 1}' top: '{name}' "
            "convolution_param { num_output: 8 kernel_size: 3 pad: 1 } }",
            f"layer {{ name: 'bn{block}_branch2a' type: 'BatchNorm' {wires} }}",
            f"layer {{ name: 'scale{block}_branch2a' type: 'Scale' {wires} }}",
            f"layer {{ name: '{name}_relu' type: 'ReLU' {wires} }}",
            f"layer {{ name: 'res{block}' type: 'Eltwise' bottom: 'res{block - 1}' "
            f"bottom: '{name}' top: 'res{block}' }}",
        ]
    return "\n".join(lines) + "\n"


def seconds(*arguments: str) -> float:
    """The processor's time of a command."""
    # Installed packages are compiled, so the checkout's modules shall be too.
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    command = [sys.executable, "-m", "proto2net", *arguments]
    before = getrusage(RUSAGE_CHILDREN)
    subprocess.run(command, check=True, cwd=ROOT, env=environment, capture_output=True)
    after = getrusage(RUSAGE_CHILDREN)
    return after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime


def main() -> None:
    """Print the medians, and how large the files are."""
    with tempfile.TemporaryDirectory() as folder:
        (large := Path(folder, "deep.prototxt")).write_text(deep(LAYERS))
        for net in (ROOT / "models" / "prototxt" / "resnet152.prototxt", large):
            times = {"inspect": [seconds("inspect", str(net)) for _ in range(ROUNDS)]}
            for form in ("svg", "html"):
                out = str(Path(folder, f"{net.stem}.{form}"))
                times[form] = [
                    seconds("view", str(net), "-o", out, "--force") for _ in range(ROUNDS)
                ]
            told = "  ".join(f"{name} {statistics.median(x):.2f} s" for name, x in times.items())
            sizes = {
                file.suffix: file.stat().st_size for file in Path(folder).glob(f"{net.stem}.[sh]*")
            }
            shown = "  ".join(f"{end} {size / 1e6:.2f} MB" for end, size in sorted(sizes.items()))
            print(f"{net.stem:<10}  {told}  {shown}")


if __name__ == "__main__":
    main()

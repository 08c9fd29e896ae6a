"""Converts mutants of good definitions, and tells the slowest and the memory that they needed.

    python benchmarks/mutants.py --count 10000

needs the packages of the tests. Each mutant has to become a network, for every target that takes
it, or one Proto2NetError: anything else ends the run. So does a mutant that needs more than 2
seconds of a core, or more than 500 MB of memory.
"""

import argparse
import logging
import resource
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

import mutants  # noqa: E402  # found by the line above

SECONDS = 2.0
MEGABYTES = 500.0
BYTES = 2 * 10**9
"""Of addresses, of which a process has more than it uses."""


class Run(NamedTuple):
    """What became of a mutant."""

    seconds: float
    seed: int
    converted: bool
    megabytes: float
    """The most that the process has had so far."""


def run(seed: int) -> Run:
    """Convert one mutant; every fourth for training."""
    text = mutants.mutant(seed, GOOD).text
    begun = time.process_time()
    try:
        converted = mutants.converted(text, "train" if seed % 4 == 0 else "test")
    except Exception as error:
        raise RuntimeError(f"mutant {seed}: {error!r}") from error
    seconds = time.process_time() - begun
    megabytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000
    return Run(seconds, seed, converted, megabytes)


def bounded() -> None:
    """Have what needs very much memory fail, and not the machine."""
    resource.setrlimit(resource.RLIMIT_AS, (BYTES, BYTES))


GOOD = mutants.sources()


def main() -> None:
    """Run all, on all cores."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    options = parser.parse_args()
    logging.disable()
    with ProcessPoolExecutor(initializer=bounded) as pool:
        seeds = range(options.first, options.first + options.count)
        runs = list(pool.map(run, seeds, chunksize=20))
    slowest = max(runs)
    most = max(run.megabytes for run in runs)
    networks = sum(run.converted for run in runs)
    print(f"{len(runs):,} mutants: {networks:,} networks, {len(runs) - networks:,} refused")
    print(f"slowest       {slowest.seconds:.2f} s, mutant {slowest.seed} (limit {SECONDS:g})")
    print(f"most memory   {most:.0f} MB (limit {MEGABYTES:g})")
    sys.exit(slowest.seconds > SECONDS or most > MEGABYTES)


if __name__ == "__main__":
    main()

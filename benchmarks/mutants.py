"""Converts mutants of good definitions, and runs what converts: PyTorch and Keras against NumPy.

    python benchmarks/mutants.py --count 10000

needs the packages of the tests. Each mutant has to become a network, for every target that takes
it, or one Proto2NetError: anything else ends the run. A mutant that needs more than 2 seconds of
a core or more than 500 MB of memory fails it, and so does a network that computes in a framework
what it does not compute in NumPy, or that cannot be run there with as much time and memory.
"""

import argparse
import json
import logging
import os
import resource
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import NamedTuple, TextIO

ROOT = Path(__file__).parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tests"), str(ROOT / "tests" / "support")]

import mutants
import mutants_run

SECONDS = 2.0
MEGABYTES = 500.0
BYTES = 2 * 10**9
"""Of addresses, of which a process has more than it uses."""


TARGETS = {"torch": "torch", "tf": "tensorflow"}
"""The targets that are run, and what each imports."""
RUN_SECONDS = 60
"""Of processors, for one run, many times what any needs."""
RUN_BYTES = 2 * 10**9
"""Of memory, beside what the framework takes to start."""
RUNS_A_PROCESS = 300
"""A new one then: TensorFlow keeps something of every network."""
QUIET = {
    "OMP_NUM_THREADS": "1",
    "TF_NUM_INTRAOP_THREADS": "1",
    "TF_NUM_INTEROP_THREADS": "1",
    "TF_CPP_MIN_LOG_LEVEL": "3",
    "CUDA_VISIBLE_DEVICES": "",
}


# ---- converting -----------------------------------------------------------------------------


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
        converted = mutants.converted(text, mutants.phase(seed))
    except Exception as error:
        raise RuntimeError(f"mutant {seed}: {error!r}") from error
    seconds = time.process_time() - begun
    megabytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000
    return Run(seconds, seed, converted, megabytes)


def bounded() -> None:
    """Have what needs very much memory fail, and not the machine."""
    resource.setrlimit(resource.RLIMIT_AS, (BYTES, BYTES))


GOOD = mutants.sources()


# ---- running --------------------------------------------------------------------------------


class Ran(NamedTuple):
    """What a target did with a mutant: as NumPy did, not run and why, or what differs."""

    seed: int
    not_run: str = ""
    differs: str = ""


def ran(target: str, seeds: Sequence[int]) -> list[Ran]:
    """Run these mutants in processes of their own, one after the other."""
    starts = range(0, len(seeds), RUNS_A_PROCESS)
    return [
        found for start in starts for found in _batch(target, seeds[start : start + RUNS_A_PROCESS])
    ]


def _batch(target: str, seeds: Sequence[int]) -> Iterator[Ran]:
    """Run these in one process, as long as it lives; one that ends it differs."""
    left = list(seeds)
    while left:
        command = [sys.executable, __file__, "--serve", target]
        with subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=os.environ | QUIET,
            text=True,
        ) as process:
            answers, _ = process.communicate("".join(f"{seed}\n" for seed in left))
        found = [Ran(*json.loads(answer)) for answer in answers.splitlines()]
        yield from found
        left = left[len(found) :]
        if left:
            yield Ran(left.pop(0), "", f"its process ended with code {process.returncode}")


def serve(target: str, seeds: TextIO, answers: TextIO) -> None:
    """Run each mutant that is asked for, within bounds."""
    __import__(TARGETS[target])
    most = _data_bytes() + RUN_BYTES
    resource.setrlimit(resource.RLIMIT_DATA, (most, most))
    for line in seeds:
        seconds = int(time.process_time()) + RUN_SECONDS
        resource.setrlimit(resource.RLIMIT_CPU, (seconds, -1))
        print(json.dumps(_ran(target, int(line))), file=answers, flush=True)


def _data_bytes() -> int:
    """What RLIMIT_DATA counts so far."""
    status = Path("/proc/self/status").read_text().split()
    return 1024 * int(status[status.index("VmData:") + 1])


def _ran(target: str, seed: int) -> Ran:
    try:
        text = mutants.mutant(seed, GOOD).text
        differs = mutants_run.outcome(text, mutants.phase(seed), seed, target)
    except mutants_run.NotRun as reason:
        return Ran(seed, str(reason))
    except Exception as error:
        return Ran(seed, "", f"{type(error).__name__}: {' '.join(str(error).split())[:300]}")
    return Ran(seed, "", differs)


def told(target: str, runs: Sequence[Ran]) -> bool:
    """Print what came of all runs in a target; whether some differ."""
    reasons = Counter(run.not_run for run in runs if run.not_run)
    differing = [run for run in runs if run.differs]
    alike = len(runs) - reasons.total() - len(differing)
    print(f"{target:<14}{alike:,} as in NumPy, {len(differing):,} differ", end="")
    print("".join(f"; {number:,} not run: {why}" for why, number in reasons.most_common()))
    for run in differing:
        print(f"  mutant {run.seed}: {run.differs}")
    return bool(differing)


def main() -> None:
    """Run all, on all cores."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    parser.add_argument("--serve", choices=TARGETS, help=argparse.SUPPRESS)
    options = parser.parse_args()
    logging.disable()
    if options.serve:
        answers = os.fdopen(os.dup(1), "w")
        os.dup2(2, 1)  # nothing else may be printed there
        serve(options.serve, sys.stdin, answers)
        return
    with ProcessPoolExecutor(initializer=bounded) as pool:
        seeds = range(options.first, options.first + options.count)
        runs = list(pool.map(run, seeds, chunksize=20))
    slowest = max(runs)
    most = max(run.megabytes for run in runs)
    networks = [run.seed for run in runs if run.converted]
    print(
        f"{len(runs):,} mutants: {len(networks):,} networks, {len(runs) - len(networks):,} refused"
    )
    print(f"slowest       {slowest.seconds:.2f} s, mutant {slowest.seed} (limit {SECONDS:g})")
    print(f"most memory   {most:.0f} MB (limit {MEGABYTES:g})", flush=True)
    with ThreadPoolExecutor() as threads:
        found = list(threads.map(partial(ran, seeds=networks), TARGETS))
    differ = [told(target, each) for target, each in zip(TARGETS, found, strict=True)]
    sys.exit(slowest.seconds > SECONDS or most > MEGABYTES or any(differ))


if __name__ == "__main__":
    main()

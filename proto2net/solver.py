"""What a solver says: how the weights of a network are changed, how often, and what is kept.

Specified by SolverParameter (caffe.proto), solver.cpp and sgd_solver.cpp.
"""

from __future__ import annotations

import math
from bisect import bisect_left

from proto2net.errors import ShapeError
from proto2net.frozen import dataclass

TYPES = ("SGD", "Nesterov", "AdaGrad", "RMSProp", "AdaDelta", "Adam")
"""In the order of the enum SolverType, by whose numbers old solvers have them."""
POLICIES = ("fixed", "step", "exp", "inv", "multistep", "poly", "sigmoid", "multifixed")
"""Those of Caffe, and one of YOLO's forks."""
REGULARIZATIONS = ("L2", "L1")


@dataclass(frozen=True)
class Solver:
    """The fields of SolverParameter by Caffe's names and defaults, but for those of networks."""

    type: str = "SGD"
    base_lr: float = 0.0
    lr_policy: str = ""
    gamma: float = 0.0
    power: float = 0.0
    stepsize: int = 0
    stepvalue: tuple[int, ...] = ()
    stageiter: tuple[int, ...] = ()
    stagelr: tuple[float, ...] = ()
    momentum: float = 0.0
    momentum2: float = 0.999
    delta: float = 1e-8
    rms_decay: float = 0.99
    weight_decay: float = 0.0
    regularization_type: str = "L2"
    clip_gradients: float = -1.0
    iter_size: int = 1
    max_iter: int = 0
    display: int = 0
    average_loss: int = 1
    test_iter: tuple[int, ...] = ()
    test_interval: int = 0
    test_initialization: bool = True
    snapshot: int = 0
    snapshot_prefix: str = ""
    snapshot_format: str = "BINARYPROTO"
    snapshot_after_train: bool = True
    random_seed: int = -1
    debug_info: bool = False
    weights: tuple[str, ...] = ()

    def check(self) -> list[tuple[str, str, str]]:
        """What Caffe refuses, and what is not done here: the field, the problem, and a hint."""
        return [(field, what, hint) for field, wrong, what, hint in _rules(self) if wrong]

    def rate(self, iteration: int) -> float:
        """The learning rate of an iteration, counted from 0. Raises ShapeError for no policy."""
        base, gamma = self.base_lr, self.gamma
        match self.lr_policy:
            case "fixed":
                return base
            case "step":
                return base * math.pow(gamma, iteration // self.stepsize)
            case "exp":
                return base * math.pow(gamma, iteration)
            case "inv":
                return base * math.pow(1 + gamma * iteration, -self.power)
            case "multistep":
                return base * math.pow(gamma, sum(step <= iteration for step in self.steps))
            case "poly":
                return base * math.pow(1 - iteration / self.max_iter, self.power)
            case "sigmoid":
                return base / (1 + math.exp(-gamma * (iteration - self.stepsize)))
            case "multifixed":
                return self.stagelr[bisect_left(self.stageiter[:-1], iteration)]
        raise ShapeError(f'no lr_policy "{self.lr_policy}"')

    def passed(self, iteration: int) -> int:
        """How many steps of the policy "step" or "multistep" are passed, which a snapshot tells."""
        if self.lr_policy == "step":
            return max(iteration, 0) // self.stepsize
        return sum(step <= iteration for step in self.steps) * (self.lr_policy == "multistep")

    @property
    def steps(self) -> list[int]:
        """The iterations at which multistep goes on by a step: by one at a time, as Caffe does."""
        found: list[int] = []
        for value in self.stepvalue:
            found.append(max(value, found[-1] + 1) if found else max(value, 0))
        return found


def _rules(s: Solver) -> list[tuple[str, bool, str, str]]:
    """For a field: whether it is wrong, and what is said then."""
    known = ", ".join(TYPES)
    adaptive = s.type in ("AdaGrad", "RMSProp")
    policy = s.lr_policy
    return [
        ("type", s.type not in TYPES, f'no solver "{s.type}"', f"there are {known}"),
        (
            "lr_policy",
            policy not in POLICIES,
            f'no lr_policy "{policy}"',
            f"there are {', '.join(POLICIES)}",
        ),
        (
            "regularization_type",
            s.regularization_type not in REGULARIZATIONS,
            f'no regularization_type "{s.regularization_type}"',
            "there are L2 and L1",
        ),
        ("base_lr", s.base_lr < 0, f"base_lr is {s.base_lr:g}; it must be 0 or more", ""),
        ("gamma", s.gamma < 0, f"gamma is {s.gamma:g}; it must be 0 or more", ""),
        (
            "stepsize",
            policy in ("step", "sigmoid") and s.stepsize <= 0,
            f'the lr_policy "{policy}" needs a stepsize above 0; it is {s.stepsize}',
            "",
        ),
        (
            "max_iter",
            policy == "poly" and s.max_iter <= 0,
            f'the lr_policy "poly" needs a max_iter above 0; it is {s.max_iter}',
            "",
        ),
        (
            "stagelr",
            policy == "multifixed" and not len(s.stagelr) == len(s.stageiter) > 0,
            f"stagelr is given {len(s.stagelr)} times, and stageiter {len(s.stageiter)} times",
            "each stage has a rate, and its last iteration",
        ),
        (
            "momentum",
            adaptive and s.momentum != 0,
            f"{s.type} has no momentum; it is {s.momentum:g}",
            "leave momentum out",
        ),
        (
            "rms_decay",
            s.type == "RMSProp" and not 0 <= s.rms_decay < 1,
            f"rms_decay is {s.rms_decay:g}; it must be at least 0 and below 1",
            "",
        ),
        ("iter_size", s.iter_size < 1, f"iter_size is {s.iter_size}; it must be 1 or more", ""),
        (
            "average_loss",
            s.average_loss < 1,
            f"average_loss is {s.average_loss}; it must be 1 or more",
            "",
        ),
        (
            "debug_info",
            s.debug_info,
            "debug_info is not written here",
            "proto2net.blobs has every value of a network",
        ),
    ]

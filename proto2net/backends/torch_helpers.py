"""What PyTorch lacks, to be pasted into an emitted file that uses it. Never imported."""

from __future__ import annotations

"""Blobs show what Caffe leaves in memory that a layer in place has overwritten."""

from __future__ import annotations

from layer_cases import check_blobs, corner


def test_a_blob_of_overwritten_memory_is_as_caffe_leaves_it(target: str) -> None:
    check_blobs(corner("internal_alias_slice1_blobs_only"), target)

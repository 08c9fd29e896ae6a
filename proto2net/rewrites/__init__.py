"""Rewrites of networks, one file each."""

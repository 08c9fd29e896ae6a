"""Learned weights: read from files of any format, matched with a graph, written for a target."""

"""Weights whose definition is lost: which of many they belong to, and which they carry."""

from proto2net.recognition.matching import Candidate, Match, match
from proto2net.recognition.recovering import Recovered, recover

__all__ = ["Candidate", "Match", "Recovered", "match", "recover"]

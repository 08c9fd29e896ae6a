"""What is pasted into files of every target that use it. Never imported."""

"""What is told of a training: lines as Caffe logs them, and records for a log in JSON lines."""

from __future__ import annotations

from typing import Any

from proto2net.training.loop import Done, Event, Kept, Shown, Tested


def lines_of(event: Event) -> list[str]:
    """Lines in the words of Caffe's log, which tools for that find; none where nothing is shown."""
    match event:
        case Shown(iteration, _, mean, rate):
            begin = f"Iteration {iteration}"
            return [f"{begin}, loss = {mean:g}", f"{begin}, lr = {rate:g}"]
        case Tested(iteration, network, outputs, weights):
            lines = [f"Iteration {iteration}, Testing net (#{network})"]
            for name, array in outputs.items():
                for value in array.flat:
                    line = f"    Test net output #{len(lines) - 1}: {name} = {value:g}"
                    if weight := weights.get(name):
                        line += f" (* {weight:g} = {weight * value:g} loss)"
                    lines.append(line)
            return lines
        case Kept(_, files):
            return [f"Snapshotting to {', '.join(map(str, files))}"]
    return []


def record_of(event: Event) -> dict[str, Any]:
    """A record for a log: of an iteration its loss, of a test the outputs."""
    match event:
        case Shown(iteration, loss, mean, rate, speed):
            kept = {"phase": "train", "iteration": iteration, "loss": loss, "mean_loss": mean}
            return {**kept, "lr": rate, "images_per_second": round(speed, 1)}
        case Done(iteration, loss):
            return {"phase": "train", "iteration": iteration, "loss": loss}
        case Tested(iteration, network, outputs, weights):
            record = {"phase": "test", "iteration": iteration, "network": network}
            values = {name: array.tolist() for name, array in outputs.items()}
            return {**record, "outputs": values, "losses": weights}
        case Kept(iteration, files):
            return {"phase": "snapshot", "iteration": iteration, "files": list(map(str, files))}

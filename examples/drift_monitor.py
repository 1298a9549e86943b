"""Watch a model's outputs for drift, without labels: python examples/drift_monitor.py.

What a classifier says is averaged over each batch and compared with a reference batch: KL says how
much a code made for the reference wastes, JS is symmetric and at most one bit. How much is too much
is learnt from batches that are known to be good.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

import pyinfo


@dataclass
class DriftMonitor:
    """Compares batches of class probabilities with a reference."""

    reference: np.ndarray
    limit: float

    @classmethod
    def from_good_batches(cls, batches: np.ndarray, margin: float = 3.0) -> DriftMonitor:
        """Take the mean of good batches, and a multiple of their largest divergence as limit."""
        means = batches.mean(axis=1)
        reference = means.mean(axis=0)
        largest = pyinfo.js_divergence(means, reference, axis=1).max()
        return cls(reference, margin * largest)

    def check(self, batch: np.ndarray) -> tuple[float, float, bool]:
        """JS and KL in bits from the reference, and whether that is drift."""
        mean = batch.mean(axis=0)
        js = pyinfo.js_divergence(mean, self.reference)
        return js, pyinfo.kl_divergence(mean, self.reference), bool(js > self.limit)


def outputs(rng: np.random.Generator, shift: float, size: int = 500) -> np.ndarray:
    """Class probabilities of a made-up model whose inputs move by `shift`."""
    logits = rng.normal(size=(size, 5)) + shift * np.arange(5)
    raised = np.exp(logits)
    return raised / raised.sum(axis=1, keepdims=True)


def main() -> list[bool]:
    """Watch twelve batches, of which the last six drift."""
    rng = np.random.default_rng(0)
    monitor = DriftMonitor.from_good_batches(np.stack([outputs(rng, 0) for _ in range(20)]))
    alarms = []
    for step in range(12):
        js, kl, drifted = monitor.check(outputs(rng, shift=max(0, step - 5) * 0.08))
        alarms.append(drifted)
        bar = "#" * int(2000 * js)
        print(f"batch {step:2}  JS {js:.5f}  KL {kl:.5f}  {'DRIFT' if drifted else 'ok   '} {bar}")
    return alarms


if __name__ == "__main__":
    main()

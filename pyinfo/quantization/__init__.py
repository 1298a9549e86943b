"""Quantisation: what weights and activations lose, and what they weigh, as integers."""

from pyinfo._namespace import publish

__all__: list[str] = []

publish(globals())


def __dir__() -> list[str]:
    return [*__all__]

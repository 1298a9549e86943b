"""Models per symbol: every symbol is coded with a table of its own, chosen by an index.

What learned compression of images, sound and weights needs: a network predicts the distribution of
each value, one of some dozen scales say, and both sides know which. docs/entropy-models-format.md
has what `encode` returns, byte by byte.
"""

from pyinfo._namespace import publish
from pyinfo.entropy_models.distributions import Gaussian, Laplace, Logistic
from pyinfo.entropy_models.tables import Categorical, Cdfs

__all__ = ["Categorical", "Cdfs", "Gaussian", "Laplace", "Logistic"]

publish(globals())


def __dir__() -> list[str]:
    return [*__all__]

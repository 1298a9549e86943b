"""Fields on a globe, as climate archives hold them."""

import numpy as np
from numpy.typing import NDArray

Field = NDArray[np.float32]


def temperatures(steps: int, grid: tuple[int, int]) -> Field:
    """Temperatures of a globe in kelvins: a smooth field that moves, and noise of 0.5 K."""
    random = np.random.default_rng(0)
    latitude = np.linspace(0, np.pi, grid[0])[:, None]
    longitude = np.linspace(0, 2 * np.pi, grid[1])[None, :]
    waves = 5 * np.sin(3 * longitude + latitude) + 2 * np.cos(7 * longitude) * np.sin(5 * latitude)
    smooth = (288 - 40 * np.cos(latitude) ** 2 + waves).astype(np.float32)
    values = np.empty((steps, *grid), np.float32)
    for step in range(steps):
        random.standard_normal(grid, np.float32, values[step])
        values[step] *= 0.5
        values[step] += np.roll(smooth, 3 * step, axis=1)
    return values

"""Whether a call lets other threads run."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable

PATIENCE = 30  # seconds: a busy machine may not get to the other thread during a single call


class Ticker:
    """A thread that counts whenever it gets the GIL, which nobody is forced to hand over."""

    def __enter__(self) -> Ticker:
        self.ticks = 0
        self.running = True
        self.interval = sys.getswitchinterval()
        sys.setswitchinterval(1000)
        self.thread = threading.Thread(target=self.count)
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.running = False
        sys.setswitchinterval(self.interval)
        self.thread.join()

    def count(self) -> None:
        while self.running:
            self.ticks += 1
            time.sleep(1e-5)

    def counts_during(self, call: Callable[[], object]) -> bool:
        before = self.ticks
        call()
        return self.ticks > before

    def gets_to_count_during(self, call: Callable[[], object]) -> bool:
        """Whether it counts during one of many calls; between them it has no chance to."""
        end = time.monotonic() + PATIENCE
        while not self.counts_during(call):
            if time.monotonic() > end:
                return False
        return True

"""A child process that makes calls on demand: see `bench.processes.children`.

It reads a line of JSON at a time from standard input. ``{"prepare": [family, details, row],
"check": false}`` makes one more call ready, and checks its result if so told; the answer is the
instruction set. ``{"forget": true}`` drops all of them, with their input. ``{"sample": place,
"calls": count}`` makes the call that was prepared as number `place`; the answer is the seconds that
it took. ``{"version": true}`` asks which pyinfo this is.
"""

import json
import sys
from pathlib import Path
from typing import Any

from bench import use_build_as_it_is


def main() -> None:
    use_build_as_it_is()
    import pyinfo
    from bench.processes.machine import active_isa
    from bench.processes.workload import Workload
    from pyinfo.testing.timing import Sampler

    samplers: list[Sampler] = []
    for line in sys.stdin:
        wanted = json.loads(line)
        answer: object = None
        if "sample" in wanted:
            answer = samplers[wanted["sample"]](wanted["calls"])
        elif "prepare" in wanted:
            family, details, row = wanted["prepare"]
            candidate = Workload(family, _hashable(details)).candidate(row)
            if wanted["check"]:
                candidate.check()
            samplers.append(candidate.call.sampler())
            answer = active_isa()
        elif "version" in wanted:
            answer = f"{pyinfo.__version__} in {Path(pyinfo.__file__).parent}"
        else:
            samplers.clear()
        print(json.dumps(answer), flush=True)


def _hashable(value: Any) -> Any:
    """JSON has no tuples, by which prepared data are kept."""
    return tuple(map(_hashable, value)) if isinstance(value, list) else value


if __name__ == "__main__":
    main()

"""A child process that repeats one call after another on demand: see `bench.processes.children`.

Reads a line of JSON at a time from standard input. A list says which call to prepare, as arguments
of `bench.processes.subjects.call_of`; the answer is the instruction set. A number says how often to
make that call; the answer is the seconds that it took.
"""

import json
import sys

from bench.processes.editable import use_build_as_it_is


def main() -> None:
    use_build_as_it_is()
    from bench.processes.machine import active_isa
    from bench.processes.subjects import call_of, loading_call
    from bench.processes.timing import Sampler

    sample: Sampler | None = None
    for line in sys.stdin:
        wanted = json.loads(line)
        if isinstance(wanted, list):
            sample = None  # the input goes before the next one comes
            loading_call(*wanted)()
            sample = call_of(*wanted).sampler()
            print(json.dumps({"isa": active_isa()}), flush=True)
        else:
            assert sample is not None
            print(sample(wanted), flush=True)


if __name__ == "__main__":
    main()

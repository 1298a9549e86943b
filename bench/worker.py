"""A child process that repeats one call on demand: see `bench.children`.

Prints a line of JSON when its input is ready; then, for each number of calls read from standard
input, prints the seconds that they took.
"""

import argparse
import json
import sys

from .editable import use_build_as_it_is

SMALL = 100_000


def main() -> None:
    parser = argparse.ArgumentParser(prog="bench.worker")
    parser.add_argument("measure")
    parser.add_argument("dtype")
    parser.add_argument("n", type=int)
    parser.add_argument("--candidate", required=True)
    arguments = parser.parse_args()

    use_build_as_it_is()
    from .candidates import candidates
    from .machine import active_isa
    from .measures import MEASURES
    from .timing import Call

    def call_on(n: int) -> Call:
        inputs = MEASURES[arguments.measure].inputs((n,), arguments.dtype)
        found = {each.name: each.call for each in candidates(arguments.measure, inputs)}
        return found[arguments.candidate]

    # A small call first: what a process's first call loads is not memory of the measured call.
    call_on(min(arguments.n, SMALL))()
    sample = call_on(arguments.n).sampler()

    print(json.dumps({"isa": active_isa()}), flush=True)
    for line in sys.stdin:
        print(sample(int(line)), flush=True)


if __name__ == "__main__":
    main()

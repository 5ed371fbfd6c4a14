"""The command behind scripts/chaos; see there."""
import argparse
import os
import random
import signal
import sys

from . import faults, report, rounds


def main():
    parser = argparse.ArgumentParser(prog="scripts/chaos", description="Breaks the running server on purpose and checks that nothing is lost or doubled.")
    in_ci = os.environ.get("CI") == "true"
    parser.add_argument("--rounds", type=int, default=5 if in_ci else 50, help="50; 5 where CI=true")
    parser.add_argument("--seed", type=int, help="of the first round; each later round's is one more. Random by default")
    names = [fault.name for fault in faults.ALL]
    parser.add_argument("--fault", action="append", choices=names, help="only this one; may be repeated")
    parser.add_argument("--engine", choices=("sqlite", "postgres"), help="only this one")
    parser.add_argument("--scale", type=float, default=1.0, help="how much is streamed, 1.0")
    parser.add_argument("--keep", required=True, help=argparse.SUPPRESS)
    parser.add_argument("--binary", required=True, help=argparse.SUPPRESS)
    options = parser.parse_args()

    # Whatever ends us, what we started ends too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    seed = options.seed if options.seed is not None else random.randrange(1, 1_000_000)
    rows, failed = [], 0
    print(report.heading(), flush=True)
    for index, (fault, engine) in enumerate(faults.schedule(options.rounds, seed, options.fault, options.engine)):
        folder = os.path.join(options.keep, f"round-{index + 1}")
        result = rounds.play(options.binary, folder, seed + index, fault, engine, options.scale)
        rows.append(report.row(index + 1, seed + index, fault.name, engine, result))
        print(report.line(rows[-1]), flush=True)
        if not result.verdict.holds:
            failed += 1
            for sentence in report.evidence(result):
                print(sentence, flush=True)
            again = f"scripts/chaos --rounds 1 --seed {seed + index} --fault {fault.name} --engine {engine}"
            print(f"    again: {again}", flush=True)
    print(report.total(rows))
    print()
    for sentence in report.markdown(rows):
        print(sentence)
    print()
    if failed:
        print(f"scripts/chaos: {failed} of {len(rows)} rounds did not hold")
        return 1
    print("scripts/chaos: nothing was lost and nothing was doubled")
    return 0


if __name__ == "__main__":
    sys.exit(main())

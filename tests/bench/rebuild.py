#!/usr/bin/env python3
"""What a verdict costs with 1,000 services and 16 targets: on one plan, and on a plan each.

usage: rebuild.py BUILD-FOLDER [DATABASE...]

The databases decide how many classes a plan has: give the city database (tools/geo-data fetch).
Prints, for each of the two, the least, the median, the 99th percentile and the most of

  verdict_to_answer_ms     from a verdict to the first changed answer, the worker half loaded
  rebuild_cpu_ms           CPU time that world_set_verdicts took, whatever else runs
  quiet_million_per_s      answers while nothing flips, the worker fully loaded
  drop_percent             how many fewer while verdicts flip 100 times a second
  drop_per_cpu_s_percent   the same per second of the worker's own CPU time, whatever else runs
"""
import pathlib
import subprocess
import sys
import tempfile

import made_world

FLIPS = 200


def main():
    build, databases = pathlib.Path(sys.argv[1]), [pathlib.Path(d).resolve() for d in sys.argv[2:]]
    for kind in ["one", "own share"]:
        with tempfile.TemporaryDirectory() as folder:
            conf, names = made_world.write(folder, services=1000, targets=16, kind=kind,
                                           databases=databases)
            run = subprocess.run([build / "tests/bench/world_rebuild", conf, names, str(FLIPS)],
                                 capture_output=True, text=True, timeout=280)
        if run.returncode != 0:
            sys.exit(run.stderr)
        print(f"1,000 services, {kind} plan" if kind == "one" else "1,000 services, a plan each")
        for line in run.stdout.splitlines():
            what, *values = line.split()
            print(f"  {what:<24}" + "".join(f"{v:>10}" for v in values), flush=True)


if __name__ == "__main__":
    main()

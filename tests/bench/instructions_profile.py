#!/usr/bin/env python3
"""Where the instructions of an answer go: by source file, what was inlined counted where it was written.

usage: instructions_profile.py ANSWER_PATH KIND...

The kinds are those of answer_path; a table in Markdown, a column each.
"""
import collections
import os
import re
import subprocess
import sys
import tempfile

COUNT = 32 * 1024


def profile(binary, kind):
    """Instructions a query by file."""
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(["valgrind", "--tool=callgrind", "--toggle-collect=dns_answer_batch",
                        f"--callgrind-out-file={folder}/out", binary, kind, str(COUNT)],
                       check=True, capture_output=True)
        with open(f"{folder}/out") as out:
            return by_file(out)


def by_file(lines):
    """Of callgrind's own format: costs stand under the file last named; a call's own are its callee's."""
    names, costs, file, is_call = {}, collections.Counter(), None, False
    for line in lines:
        named = re.match(r"(c?)f[lie]=\((\d+)\)(?: (.*))?", line)
        if named:
            of_callee, number, name = named.groups()
            names.setdefault(number, name)
            file = file if of_callee else names[number]
        elif line.startswith("calls="):
            is_call = True
        elif re.match(r"[\d+*-]", line):
            if not is_call and len(line.split()) == 2:
                costs[os.path.basename(file)] += int(line.split()[1]) / COUNT
            is_call = False
    return costs


def main():
    binary, kinds = sys.argv[1], sys.argv[2:]
    columns = [profile(binary, kind) for kind in kinds]
    print("| | " + " | ".join(kinds) + " |\n|---|" + "---|" * len(kinds))
    total = sum(columns, collections.Counter())
    for file, _ in total.most_common():
        if total[file] >= 1:
            print(f"| {file} | " + " | ".join(f"{c[file]:.0f}" for c in columns) + " |")
    print("| all | " + " | ".join(f"{sum(c.values()):.0f}" for c in columns) + " |")


if __name__ == "__main__":
    main()

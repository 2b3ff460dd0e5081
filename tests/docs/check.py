#!/usr/bin/env python3
"""Runs one checker over the project: check.py ROOT arrows|manual|options|readme|words.

Exit status 0: all is well; 1: findings, one per line; 77: nothing to look at yet.
`check.py ROOT --write` makes the part of the manual page anew that comes from the table of options.
"""

import sys

import arrows
import options
import readme
import words

CHECKERS = {
    "arrows": arrows.check,
    "manual": readme.check_manual,
    "options": options.check,
    "readme": readme.check,
    "words": words.check,
}


def main(argv):
    if len(argv) != 3 or argv[2] not in [*CHECKERS, "--write"]:
        print(__doc__, file=sys.stderr)
        return 2
    root, name = argv[1:]
    if name == "--write":
        options.write_manual(root)
        return 0
    if name == "readme" and readme.MAY_BE_ABSENT and readme.is_absent(root):
        print(f"{readme.README} is still to be written")
        return 77
    found = CHECKERS[name](root)
    for finding in found:
        print(finding)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))

"""Words that speak of the place where the project was made, and of nothing that it has."""

import tree

# Put together here, so that this file does not hold them.
FORBIDDEN = ["/wo" + "rk/", "/tmp" + "/wt", ".." + "/shared"]


def check(root):
    found = []
    for path in tree.files(root):
        for number, line in enumerate(tree.read(root, path).split("\n"), 1):
            found += [f"{path}:{number}: holds {word}" for word in FORBIDDEN if word in line]
    return found

"""Includes against the arrows of the architecture: down only, and libraries in their rooms.

A room may include its own headers, its own door and the doors of rooms on lower levels; rooms of
one level never include each other. A door may include the doors that its room may.
"""

import os
import re

import tree

LEVELS = [
    ["main"],
    ["serve"],
    ["control"],
    ["net", "edge", "health"],
    ["dns"],
    ["world"],
    ["steer"],
    ["geo", "zone"],
    ["wire", "conf", "state"],
    ["util"],
]

# Where a library's headers may be included: rooms, or single files.
LIBRARIES = [
    (r"ldns/", {"zone"}),
    (r"maxminddb", {"geo"}),
    (r"libconfig", {"conf"}),
    (r"sqlite3", {"state"}),
    (r"urcu", {"src/util/rcu.c"}),
    (r"curl/", {"health", "edge", "src/control/fetch_http.c"}),
    (r"(event2/|event\.h|evhttp|evdns)", {"serve", "control", "net", "edge", "health"}),
]

INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*(<[^>\n]+>|"[^"\n]+")', re.M)


def level_of(room):
    for level, rooms in enumerate(LEVELS):
        if room in rooms:
            return level
    return None


UTIL_INLINE = ["block"]


def room_of_door(root, name):
    """conf.h is the door of conf, and wire_hash.h one more of wire; util has a door per source file, and
    some of inline functions alone."""
    stem = name.removesuffix(".h")
    room = stem.partition("_")[0]
    if level_of(room) is not None:
        return room
    if stem in UTIL_INLINE or os.path.exists(os.path.join(root, "src/util", stem + ".c")):
        return "util"
    return None


def room_of_file(path):
    parts = path.split("/")
    if parts[0] != "src":
        return None
    return "main" if len(parts) == 2 else parts[1]


def check_door(root, path, room, target):
    """What is wrong with a file of `room` that includes <waymark/target>; None: nothing."""
    theirs = room_of_door(root, target)
    if not os.path.exists(os.path.join(root, "include/waymark", target)):
        return f"{path} includes <waymark/{target}>, which does not exist"
    if theirs is None:
        return f"include/waymark/{target} is the door of no room"
    if theirs == room or level_of(room) < level_of(theirs):
        return None
    if level_of(room) == level_of(theirs):
        return (f"{path} includes <waymark/{target}>: {room} and {theirs} stand on one level and "
                "never include each other")
    return f"{path} includes <waymark/{target}>: the arrow points from {theirs} down to {room}"


def check_private(root, path, room, target):
    """"x.h" and "ROOM/x.h" are the same file, by two ways."""
    folder = os.path.dirname(path)
    own = target.removeprefix(f"{room}/")
    if target.startswith("/") or ".." in target.split("/"):
        return f'{path} includes "{target}": a private header stays in its room'
    if os.path.exists(os.path.join(root, folder, own)):
        return None
    return f'{path} includes "{target}", which is not in {folder}/'


def check_library(path, room, target):
    for pattern, allowed in LIBRARIES:
        if re.match(pattern, target) and path not in allowed and room not in allowed:
            return f"{path} includes <{target}>, which belongs to {', '.join(sorted(allowed))}"
    return None


def check_file(root, path, room):
    found = []
    for quoted in INCLUDE.findall(tree.read(root, path)):
        target = quoted[1:-1]
        if quoted[0] == '"':
            found.append(check_private(root, path, room, target))
        elif target.startswith("waymark/"):
            found.append(check_door(root, path, room, target.removeprefix("waymark/")))
        else:
            found.append(check_library(path, room, target))
    return [f for f in found if f is not None]


def check_path(root, path):
    """A file of src/ or a door; others may include what they like."""
    if not path.endswith((".c", ".h", ".def")):
        return []
    if path.startswith("include/waymark/"):
        room = room_of_door(root, os.path.basename(path))
        if room is None:
            return [f"{path} is the door of no room"]
        return check_file(root, path, room)
    room = room_of_file(path)
    if room is None:
        return []
    if level_of(room) is None:
        return [f"{path} stands in no room of the architecture"]
    return check_file(root, path, room)


def check(root):
    found = []
    for path in tree.files(root):
        found += check_path(root, path)
    return found

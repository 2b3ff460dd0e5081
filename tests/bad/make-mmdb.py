#!/usr/bin/env python3
"""make-mmdb.py - databases made octet by octet: sound ones, and many that are not.

    make-mmdb.py FOLDER

Beside the files it writes FOLDER/manifest: a line per file, tab-separated:
    name    sound    country of 1.2.3.4
    name    bad      words that the refusal must hold
    name    bad-asn  the same, read as an AS number database
"""
import os
import struct
import sys

MARKER = b"\xab\xcd\xefMaxMind.com"
POINTER, TEXT, DOUBLE, BYTES, U16, U32, MAP, I32, U64, U128, ARRAY = range(1, 12)
BOOL, FLOAT = 14, 15


# ---- the data section ----

class Raw(bytes):
    """Octets that stand for themselves."""


class Typed:
    def __init__(self, kind, value):
        self.kind, self.value = kind, value


def u16(n):
    return Typed(U16, n)


def u32(n):
    return Typed(U32, n)


def u64(n):
    return Typed(U64, n)


def single(x):
    return Typed(FLOAT, x)


def head(kind, size):
    """Control octets of a value of that type and size."""
    if size < 29:
        low, more = size, b""
    elif size < 285:
        low, more = 29, bytes([size - 29])
    elif size < 65821:
        low, more = 30, struct.pack(">H", size - 285)
    else:
        low, more = 31, (size - 65821).to_bytes(3, "big")
    if kind > 7:
        return bytes([low, kind - 7]) + more
    return bytes([kind << 5 | low]) + more


def pointer(to, width=None):
    """A pointer, in as few octets as it needs, or in `width` (1 to 4) of them."""
    if width is None:
        width = 1 if to < 2048 else 2 if to < 526336 else 3 if to < 134744064 else 4
    base = (0, 2048, 526336, 0)[width - 1]
    rest = (to - base).to_bytes(width + (width < 4), "big")
    if width == 4:
        return Raw(bytes([POINTER << 5 | 3 << 3]) + rest)
    return Raw(bytes([POINTER << 5 | (width - 1) << 3 | rest[0]]) + rest[1:])


def encode(value):
    if isinstance(value, Raw):
        return bytes(value)
    if isinstance(value, Typed):
        if value.kind == FLOAT:
            return head(FLOAT, 4) + struct.pack(">f", value.value)
        octets = value.value.to_bytes(16, "big").lstrip(b"\0")
        return head(value.kind, len(octets)) + octets
    if isinstance(value, bool):
        return head(BOOL, int(value))
    if isinstance(value, float):
        return head(DOUBLE, 8) + struct.pack(">d", value)
    if isinstance(value, int):
        return encode(u32(value))
    if isinstance(value, str):
        value = value.encode()
        return head(TEXT, len(value)) + value
    if isinstance(value, bytes):
        return head(TEXT, len(value)) + value
    if isinstance(value, dict):
        return head(MAP, len(value)) + b"".join(
            encode(k) + encode(v) for k, v in value.items())
    if isinstance(value, list):
        return head(ARRAY, len(value)) + b"".join(encode(v) for v in value)
    raise TypeError(value)


# ---- the tree ----

def bits_of(prefix, version):
    """The bits of "1.2.3.0/24" as a list; in an IPv6 tree IPv4 hangs at ::/96."""
    address, length = prefix.split("/")
    octets = bytes(int(o) for o in address.split("."))
    bits = [octets[i // 8] >> (7 - i % 8) & 1 for i in range(int(length))]
    return ([0] * 96 if version == 6 else []) + bits


class Tree:
    """Nodes as pairs: None (empty), ("node", n) or ("data", offset)."""

    def __init__(self):
        self.nodes = [[None, None]]

    def add(self, bits, leaf):
        at = 0
        for bit in bits[:-1]:
            branch = self.nodes[at][bit]
            if branch is None:
                self.nodes.append([None, None])
                branch = self.nodes[at][bit] = ("node", len(self.nodes) - 1)
            at = branch[1]
        self.nodes[at][bits[-1]] = leaf

    def node_at(self, bits):
        at = 0
        for bit in bits:
            at = self.nodes[at][bit][1]
        return at

    def octets(self, size):
        count = len(self.nodes)

        def number(branch):
            if branch is None:
                return count
            kind, n = branch
            return {"node": n, "data": count + 16 + n, "raw": n}[kind]

        out = b""
        for node in self.nodes:
            left, right = (number(b) for b in node)
            if size == 28:
                mid = (left >> 24) << 4 | right >> 24
                out += (left & 0xFFFFFF).to_bytes(3, "big") + bytes([mid]) + \
                    (right & 0xFFFFFF).to_bytes(3, "big")
            else:
                out += left.to_bytes(size // 8, "big") + right.to_bytes(size // 8, "big")
        return out


def metadata(count, size=24, version=4, **changes):
    meta = {
        "node_count": u32(count),
        "record_size": u16(size),
        "ip_version": u16(version),
        "database_type": "Waymark-Test",
        "languages": ["en"],
        "binary_format_major_version": u16(2),
        "binary_format_minor_version": u16(0),
        "build_epoch": u64(1735689600),
        "description": {"en": "made for a test"},
    }
    for key, value in changes.items():
        if value is None:
            del meta[key]
        else:
            meta[key] = value
    return meta


def whole(tree, data, meta, size=24):
    return tree.octets(size) + b"\0" * 16 + data + MARKER + encode(meta)


JAPAN = {"country": {"iso_code": "JP"}, "continent": {"code": "AS"},
         "city": {"names": {"en": "Tokyo"}},
         "subdivisions": [{"iso_code": "13", "names": {"en": "Tokyo"}}],
         "location": {"latitude": 35.68, "longitude": 139.69}}
FRANCE = {"country": {"iso_code": "FR"}, "location": {"latitude": 48.86, "longitude": 2.35}}


def database(first=JAPAN, second=FRANCE, size=24, version=4, raw=None, tree=None, **changes):
    """1.2.3.0/24 has the first record, 90.0.0.0/9 the second."""
    a, b = encode(first), encode(second)
    data = a + b if raw is None else raw
    if tree is None:
        tree = Tree()
        tree.add(bits_of("1.2.3.0/24", version), ("data", 0))
        tree.add(bits_of("90.0.0.0/9", version), ("data", len(a) if raw is None else 0))
    return whole(tree, data, metadata(len(tree.nodes), size, version, **changes), size)


# ---- the files ----

class Folder:
    def __init__(self, path):
        self.path = path
        os.makedirs(path, exist_ok=True)
        self.manifest = open(os.path.join(path, "manifest"), "w")

    def note(self, name, kind, words):
        self.manifest.write(f"{name}\t{kind}\t{words}\n")

    def put(self, name, kind, words, octets):
        with open(os.path.join(self.path, name), "wb") as f:
            f.write(octets)
        self.note(name, kind, words)


def put_sound(folder):
    for size in (24, 28, 32):
        for version in (4, 6):
            folder.put(f"sound-{size}-v{version}", "sound", "JP",
                       database(size=size, version=version))
    flat = {"country_code": "jp", "city": "Tokyo", "state1": "Tokyo",
            "latitude": single(35.68), "longitude": single(139.69), "postcode": ""}
    folder.put("sound-flat", "sound", "JP", database(flat, {"country_code": ""}))
    named = {"where": {"points": [{"breite": 35.68, "laenge": 139.69}], "land": "JP", "ort": "Tokyo"},
             "kontinent": "AS", "teil": "JP-13", "netz": "AS64500", "country_code": "XX"}
    folder.put("named-fields", "named", "JP", database(named, {"where": {"land": "FR"}}))
    folder.put("asn", "asn", "64500", database({"autonomous_system_number": 64500}, {"asn": "AS64501"}))
    folder.put("sound-numbers-as-text", "sound", "JP",
               database({"country_code": "JP", "latitude": "35.68", "longitude": "-139.690"}))
    folder.put("sound-second-metadata", "sound", "JP",
               with_nonsense_before(database()))
    folder.put("sound-unknown-fields", "sound", "JP",
               database({"x": [1, {"y": True}, b"\xff"], "country_code": "JP", "traits": {}}))
    for width in (1, 2, 3, 4):
        at = (0, 100, 5000, 600000, 100)[width]
        record = encode({"country": pointer(at, width)})
        raw = record + b"\0" * (at - len(record)) + encode({"iso_code": "JP"})
        folder.put(f"sound-pointer-{width}", "sound", "JP", database(raw=raw))

    tree = Tree()  # the IPv4 tree shown again at 2002::/16, 2001::/32 and ::ffff:0:0/96
    tree.add(bits_of("1.2.3.0/24", 6), ("data", 0))
    ipv4 = ("node", tree.node_at([0] * 96))
    tree.add([int(b) for b in f"{0x2002:016b}"], ipv4)
    tree.add([int(b) for b in f"{0x20010000:032b}"], ipv4)
    tree.add([0] * 80 + [1] * 16, ipv4)
    folder.put("sound-aliases", "sound", "JP", database(version=6, tree=tree))
    tree = Tree()  # one record for all of ::/3, and so for all of IPv4
    tree.add([0, 0, 0], ("data", 0))
    folder.put("sound-wide", "sound", "JP", database(version=6, tree=tree))


def with_nonsense_before(good):
    """The tree and data of a database with nonsense for metadata before its own."""
    cut = good.rindex(MARKER)
    return good[:cut] + MARKER + b"nonsense" + good[cut:]


def put_cut(folder):
    good = database()
    for length in list(range(1, len(good), 17)) + [len(good) - 1]:
        folder.put(f"cut-{length:04}", "bad", "", good[:length])
    count = len(good)
    meta_at = good.rindex(MARKER)
    for gone in (1, 6, 100):  # octets missing from the middle
        folder.put(f"gap-{gone}", "bad", "", good[:40] + good[40 + gone:])
    folder.put("only-metadata", "bad", "truncated or corrupt", good[meta_at:])
    folder.put("only-marker", "bad", "metadata", MARKER)
    folder.put("marker-too-early", "bad", "no MaxMind metadata", good + b"\0" * (130 * 1024))
    folder.put("empty", "bad", "is empty", b"")
    folder.put("text", "bad", "no MaxMind metadata", b"hello\n" * 100)
    folder.put("zeros", "bad", "no MaxMind metadata", b"\0" * count)
    os.mkdir(os.path.join(folder.path, "folder"))
    folder.note("folder", "bad", "is a folder")
    os.mkfifo(os.path.join(folder.path, "fifo"))
    folder.note("fifo", "bad", "not a regular file")
    folder.note("missing", "bad", "No such file")


def bomb(at):
    """Seven arrays of nine pointers, each to the array before: five million values in 200 octets."""
    out, before = [encode([1] * 9)], at + 2
    for _ in range(6):
        here = at + 2 + sum(map(len, out))
        out.append(encode([pointer(before, 1)] * 9))
        before = here
    return Raw(head(ARRAY, len(out)) + b"".join(out))


def put_bad_metadata(folder):
    nodes = len(Tree().nodes)

    def bad(name, words, **changes):
        folder.put("meta-" + name, "bad", words, database(**changes))

    for key in metadata(nodes):
        bad("no-" + key, key, **{key: None})
    bad("count-large", "truncated or corrupt", node_count=u32(100000))
    bad("count-largest", "truncated or corrupt", node_count=u32(0xFFFFFFFF))
    bad("count-wraps", "truncated or corrupt", node_count=u32(715827883))
    bad("count-small", "separator", node_count=u32(5))
    bad("count-zero", "no network", node_count=u32(0))
    bad("count-text", "wrong type", node_count="31")
    bad("count-u64", "wrong type", node_count=u64(31))
    bad("record-28-for-24", "", record_size=u16(28))
    bad("record-32-for-24", "", record_size=u16(32))
    bad("record-20", "20 bits", record_size=u16(20))
    bad("record-0", "0 bits", record_size=u16(0))
    bad("record-65535", "65535 bits", record_size=u16(65535))
    bad("version-5", "IP version 5", ip_version=u16(5))
    bad("format-3", "format 3", binary_format_major_version=u16(3))
    bad("languages-map", "wrong type", languages={"en": "en"})
    bad("description-array", "wrong type", description=["en"])
    bad("description-deep", "texts only", description={"en": {"en": "x"}})
    bad("languages-numbers", "texts only", languages=[1, 2])
    bad("type-control", "database_type", database_type="a\x1b[2Jb")
    bad("nested", "nested too deeply", extra=Raw(head(ARRAY, 1) * 60000))
    bad("bomb", "too many values", extra=bomb(len(encode(metadata(nodes))) + len(encode("extra"))))
    bad("round", "nested too deeply", extra=[pointer(0)])
    bad("pointer-outside", "outside the data", extra=Raw(b"\x27\xff"))
    good = database()
    cut = good.rindex(MARKER) + len(MARKER)
    folder.put("meta-not-a-map", "bad", "not a map", good[:cut] + encode("hello"))
    folder.put("meta-absurd-map", "bad", "more members than fit",
               good[:cut] + head(MAP, 16000000) + good[cut + 1:])
    folder.put("meta-second-bad", "bad", "metadata", good + MARKER + b"\xe1")


def put_bad_trees(folder):
    def bad(name, words, tree, **changes):
        folder.put("tree-" + name, "bad", words, database(tree=tree, **changes))

    def tree_with(bits, leaf):
        tree = Tree()
        tree.add(bits_of("1.2.3.0/24", 4), ("data", 0))
        tree.add(bits, leaf)
        return tree

    bad("loop", "comes back", tree_with([1, 0, 1], ("node", 1)))
    tree = tree_with([1, 0], None)
    tree.nodes[-1][1] = ("node", len(tree.nodes) - 1)
    bad("self", "comes back", tree)
    bad("root", "", tree_with([1], ("node", 0)))
    bad("twins", "comes back", tree_with([1, 1, 1], ("node", 9)))
    bad("deep", "deeper", tree_with([1] * 33, None))
    bad("far", "outside", tree_with([1, 0], ("raw", 0xFFFFFF)))
    bad("past-the-data", "outside", tree_with([1, 0], ("data", 320)))
    for n in (1, 8, 15):
        tree = tree_with([1, 0], None)
        tree.nodes[-1][1] = ("raw", len(tree.nodes) + n)
        bad(f"separator-{n}", "outside", tree)
    tree = Tree()
    tree.add(bits_of("1.2.3.0/24", 6), ("data", 0))
    tree.add([1, 0], ("node", tree.node_at([0] * 96)))
    bad("alias-elsewhere", "comes back", tree, version=6)
    tree = Tree()
    tree.add([0] * 129, ("data", 0))
    bad("deep-v6", "", tree, version=6)
    tree = Tree()
    tree.nodes[0] = [None, None]
    bad("blank", "no record has a country", tree)


def put_bad_records(folder):
    def bad(name, words, record, kind="bad"):
        folder.put("record-" + name, kind, words, database(record, {"country_code": "FR"}))

    def raw(name, words, octets):
        folder.put("raw-" + name, "bad", words, database(raw=octets))

    raw("text", "not a map", encode("JP"))
    raw("array", "not a map", encode(["JP"]))
    raw("number-key", "key is not a text", head(MAP, 1) + encode(5) + encode("JP"))
    raw("self-pointer", "pointer to a pointer", encode(pointer(0)))
    raw("value-points-to-itself", "pointer to a pointer",
        head(MAP, 1) + encode("country_code") + encode(pointer(14)))
    raw("arrays-in-arrays", "nested too deeply",
        head(MAP, 1) + encode("x") + head(ARRAY, 1) * 40 + encode(1))
    raw("map-in-itself", "no record has a country",
        head(MAP, 1) + encode("country") + encode(pointer(0)))
    raw("pointer-chain", "pointer to a pointer",
        head(MAP, 1) + encode("country_code") + encode(pointer(16)) + encode(pointer(20)))
    raw("pointer-outside", "outside",
        head(MAP, 1) + encode("country_code") + encode(pointer(2000)))
    raw("pointer-far-outside", "outside",
        head(MAP, 1) + encode("country_code") + encode(pointer(0xFFFFFFF0, 4)))
    raw("map-absurd", "more members than fit", head(MAP, 16000000) + b"\x41a\x41b")
    raw("array-absurd", "more members than fit",
        head(MAP, 1) + encode("x") + head(ARRAY, 16000000))
    raw("text-absurd", "runs over the end",
        head(MAP, 1) + encode("country_code") + head(TEXT, 16000000) + b"JP")
    raw("map-short", "outside", head(MAP, 2) + encode("a") + encode("b"))
    raw("type-16", "type that does not exist", head(MAP, 1) + encode("x") + b"\x00\x09")
    raw("type-container", "type that data cannot have",
        head(MAP, 1) + encode("x") + head(12, 0))
    raw("type-end", "type that data cannot have", head(MAP, 1) + encode("x") + head(13, 0))
    raw("bool-2", "neither 0 nor 1", head(MAP, 1) + encode("x") + head(BOOL, 2))
    raw("u16-wide", "longer than its type",
        head(MAP, 1) + encode("x") + head(U16, 3) + b"abc")
    raw("double-short", "odd length",
        head(MAP, 1) + encode("latitude") + head(DOUBLE, 4) + b"abcd")
    raw("map-cut", "more members than fit", head(MAP, 1))
    raw("size-cut", "size that runs over", head(MAP, 1) + encode("x") + bytes([TEXT << 5 | 31]))

    bad("latitude-nan", "not between", {"latitude": float("nan"), "longitude": 1.0})
    bad("latitude-infinite", "not between", {"latitude": float("inf"), "longitude": 1.0})
    bad("latitude-91", "not between -90 and 90", {"latitude": 91.0, "longitude": 1.0})
    bad("longitude-181", "not between -180 and 180", {"latitude": 1.0, "longitude": -181.0})
    bad("latitude-text", "wrong type", {"latitude": "north", "longitude": 1.0})
    bad("latitude-nan-text", "wrong type", {"latitude": "nan", "longitude": 1.0})
    bad("latitude-bool", "wrong type", {"latitude": True, "longitude": 1.0})
    bad("country-long", "two letters", {"country_code": "JPN"})
    bad("country-digits", "two letters", {"country_code": "J1"})
    bad("country-number", "wrong type", {"country_code": 392})
    bad("continent-odd", "AF AN AS", {"country_code": "JP", "continent_code": "XX"})
    bad("city-number", "wrong type", {"city": 5})
    bad("city-latin-1", "UTF-8", {"city": b"S\xe3o Paulo"})
    bad("city-overlong", "UTF-8", {"city": b"\xc0\xaf"})
    bad("city-surrogate", "UTF-8", {"city": b"\xed\xa0\x80"})
    bad("city-escape", "UTF-8", {"city": "a\x1b]0;x\x07"})
    bad("city-cut-short", "UTF-8", {"city": b"Bogot\xc3"})
    bad("city-endless", "octets long", {"city": "x" * 300})
    folder.put("record-asn-only", "bad", "belongs to geo.asn_databases",
               database({"asn": u64(64500)}, {"asn": u64(64501)}))
    bad("as-asn-without", "no record has an AS number", JAPAN, "bad-asn")
    bad("as-asn-wide", "over 32 bits", {"autonomous_system_number": u64(1 << 33)}, "bad-asn")
    bad("as-asn-text", "wrong type", {"asn": "ASx"}, "bad-asn")

    # Every record leads to the same large map: short to write, and long to read.
    large = encode({f"k{i}": 1 for i in range(3000)})
    records = encode({"location": pointer(0)})
    tree = Tree()
    for i in range(1 << 14):
        tree.add(bits_of(f"{20 + (i >> 8)}.{i & 255}.0.0/16", 4),
                 ("data", len(large) + i * len(records)))
    folder.put("record-in-one-another", "bad", "take hours",
               database(tree=tree, raw=large + records * (1 << 14)))


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    folder = Folder(sys.argv[1])
    put_sound(folder)
    put_cut(folder)
    put_bad_metadata(folder)
    put_bad_trees(folder)
    put_bad_records(folder)
    folder.manifest.close()


main()

#!/usr/bin/env python3
"""nested_mmdb.py FLAT.mmdb COUNTRIES.csv NESTED.mmdb - a country database in GeoLite2's layout.

The tree stays as it is; each of the few distinct records {country_code: "JP"} becomes
{continent: {code}, country: {iso_code}}, which is what gdnsd, Knot and PowerDNS read."""
import csv
import struct
import sys

MARKER = b"\xab\xcd\xefMaxMind.com"
SEPARATOR = 16


def head(kind, size):
    assert size < 285
    low = size if size < 29 else 29
    more = b"" if size < 29 else bytes([size - 29])
    return (bytes([low, kind - 7]) if kind > 7 else bytes([kind << 5 | low])) + more


def encode(value):
    if isinstance(value, str):
        octets = value.encode()
        return head(2, len(octets)) + octets
    if isinstance(value, dict):
        return head(7, len(value)) + b"".join(encode(k) + encode(v) for k, v in value.items())
    if isinstance(value, list):
        return head(11, len(value)) + b"".join(map(encode, value))
    kind, number = value
    octets = number.to_bytes(8, "big").lstrip(b"\0")
    return head(kind, len(octets)) + octets


def decode(data, at):
    """Value and what follows it; maps and strings are all that such files hold."""
    control = data[at]
    kind, size = control >> 5, control & 31
    if kind == 1:  # a pointer
        width = size >> 3
        raw = int.from_bytes(data[at + 1:at + 2 + width], "big") | (control & 7) << 8 * (width + 1)
        return decode(data, raw + (0, 2048, 526336, 0)[width])[0], at + 2 + width
    assert kind in (2, 7) and size < 29, "neither a short string nor a map"
    at += 1
    if kind == 2:
        return data[at:at + size].decode(), at + size
    found = {}
    for _ in range(size):
        key, at = decode(data, at)
        found[key], at = decode(data, at)
    return found, at


def metadata(data):
    """The numbers that the tree needs; each stands once, as an unsigned integer."""
    at = data.rfind(MARKER)
    found = {}
    for key in ("node_count", "record_size", "ip_version"):
        value = data.index(encode(key), at) + len(encode(key))
        size = data[value] & 31
        found[key] = int.from_bytes(data[value + 1:value + 1 + size], "big")
    return found


def main():
    with open(sys.argv[1], "rb") as f:
        data = f.read()
    with open(sys.argv[2]) as f:
        rows = csv.reader(line for line in f if not line.startswith("#"))
        continents = {row[0]: row[1] for row in rows if len(row) > 1}
    meta = metadata(data)
    n, size = meta["node_count"], meta["record_size"]
    tree_len = n * size // 4
    section = data[tree_len + SEPARATOR:data.rfind(MARKER)]
    new_section, offsets, out = b"", {}, []

    def rewritten(record):
        nonlocal new_section
        if record <= n:
            return record
        offset = record - n - SEPARATOR
        if offset not in offsets:
            code = decode(section, offset)[0].get("country_code")
            offsets[offset] = len(new_section)
            nested = {"country": {"iso_code": code}} if code else {}
            if continents.get(code):
                nested["continent"] = {"code": continents[code]}
            new_section += encode(nested)
        return offsets[offset] + n + SEPARATOR

    if size == 24:
        records = [int.from_bytes(data[i:i + 3], "big") for i in range(0, tree_len, 3)]
    elif size == 28:
        records = []
        for i in range(0, tree_len, 7):
            b = data[i:i + 7]
            records.append((b[3] >> 4) << 24 | b[0] << 16 | b[1] << 8 | b[2])
            records.append((b[3] & 15) << 24 | b[4] << 16 | b[5] << 8 | b[6])
    else:
        records = list(struct.unpack(f">{n * 2}I", data[:tree_len]))
    for record in records:
        out.append(rewritten(record))
    tree = struct.pack(f">{len(out)}I", *out)
    meta_out = {"node_count": (6, n), "record_size": (5, 32), "ip_version": (5, meta["ip_version"]),
                "database_type": "GeoLite2-Country", "languages": ["en"],
                "binary_format_major_version": (5, 2), "binary_format_minor_version": (5, 0),
                "build_epoch": (9, 1750118400), "description": {"en": "nested"}}
    with open(sys.argv[3], "wb") as f:
        f.write(tree + bytes(SEPARATOR) + new_section + MARKER + encode(meta_out))


if __name__ == "__main__":
    main()

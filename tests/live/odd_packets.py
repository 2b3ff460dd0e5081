"""odd_packets.py - what no resolver sends: a table of malformed queries, and some hurt at random."""
import random
import struct

import live
from live import A, FORMERR, NOERROR, NOTIMP, REFUSED

NAME = "www.plain.example"
ECS, IPV4, IPV6 = 8, 1, 2
BADVERS = NOERROR  # its upper bits stand in OPT
NOTAUTH = 9


def header(number, flags=0, question=1, answer=0, authority=0, additional=0):
    return struct.pack("!6H", number, flags, question, answer, authority, additional)


def question(name=live.name_octets(NAME)):
    return name + struct.pack("!2H", A, 1)


def option(octets, code=ECS, length=None):
    return struct.pack("!2H", code, len(octets) if length is None else length) + octets


def ecs(family, source, address, scope=0):
    return option(struct.pack("!HBB", family, source, scope) + address)


def opt(options=b"", owner=b"\0", version=0, length=None):
    n = len(options) if length is None else length
    return owner + struct.pack("!HHBBHH", 41, 1232, 0, version, 0, n) + options


def with_opt(number, *records):
    return header(number, additional=len(records)) + question() + b"".join(records)


def odd_packets():
    """(what, octets, response code or None for silence); the number is the place in the list."""
    whole = live.query(NAME)[2:]
    label = b"\x3f" + b"a" * 63
    odd = [("nothing but a number", lambda n: struct.pack("!H", n), None),
           ("a header without its end", lambda n: header(n)[:11], None),
           ("an answer", lambda n: header(n, 0x8000) + question(), None),
           ("another opcode", lambda n: header(n, 6 << 11) + question(), NOTIMP),
           ("an update of no zone", lambda n: header(n, 5 << 11) + question(), NOTAUTH),
           ("octets too many", lambda n: struct.pack("!H", n) + whole + b"x", NOERROR),
           ("OPT that is not counted", lambda n: header(n) + question() + opt(), NOERROR),
           ("another class", lambda n: header(n) + live.name_octets(NAME) + b"\0\1\0\3", REFUSED),
           ("EDNS of tomorrow", lambda n: with_opt(n, opt(version=1)), BADVERS)]
    wrong = [
        ("no question", lambda n: header(n, question=0)),
        ("no question, and yet one", lambda n: header(n, question=0) + question()),
        ("two questions", lambda n: header(n, question=2) + question() * 2),
        ("65535 questions", lambda n: header(n, question=65535) + question()),
        ("half a question", lambda n: header(n) + question()[:-2]),
        ("a name without end", lambda n: header(n) + live.name_octets(NAME)[:-1]),
        ("a label beyond the end", lambda n: header(n) + b"\x3fabc\0\0\1\0\1"),
        ("a name that leads to itself", lambda n: header(n) + question(b"\xc0\x0c")),
        ("a name that leads beyond the end", lambda n: header(n) + question(b"\xff\xff")),
        ("a loop behind a label", lambda n: header(n) + question(b"\1a\xc0\x0c")),
        ("a label of another kind", lambda n: header(n) + question(b"\x41a\0")),
        ("a name of 257 octets", lambda n: header(n) + question(label * 4 + b"\0")),
        ("answers that are not there", lambda n: header(n, answer=1) + question()),
        ("authority that is not there", lambda n: header(n, authority=7) + question()),
        ("additions that are not there", lambda n: header(n, additional=65535) + question()),
        ("OPT twice", lambda n: with_opt(n, opt(), opt())),
        ("OPT of a name", lambda n: with_opt(n, opt(owner=b"\1a\0"))),
        ("OPT among the answers", lambda n: header(n, answer=1) + question() + opt()),
        ("OPT longer than the packet", lambda n: with_opt(n, opt(length=9))),
        ("OPT owned by a loop", lambda n: with_opt(n, opt(owner=b"\xc0\x20"))),
        ("an option longer than OPT", lambda n: with_opt(n, opt(option(b"abc", 10, 4)))),
        ("half an option", lambda n: with_opt(n, opt(b"\0\3\0"))),
        ("ECS without an address", lambda n: with_opt(n, opt(ecs(IPV4, 24, b"")))),
        ("ECS without its head", lambda n: with_opt(n, opt(option(b"\0\1\0")))),
        ("ECS twice", lambda n: with_opt(n, opt(ecs(IPV4, 8, b"\x0a") * 2))),
        ("ECS with bits beyond its length",
         lambda n: with_opt(n, opt(ecs(IPV4, 20, b"\xc6\x33\x6f")))),
        ("ECS with octets beyond its length",
         lambda n: with_opt(n, opt(ecs(IPV4, 16, b"\xc6\x33\0\0")))),
        ("ECS longer than IPv4", lambda n: with_opt(n, opt(ecs(IPV4, 33, b"\1\2\3\4\x80")))),
        ("ECS longer than IPv6", lambda n: with_opt(n, opt(ecs(IPV6, 129, b"\x20" * 17)))),
        ("ECS with a scope", lambda n: with_opt(n, opt(ecs(IPV4, 8, b"\x0a", scope=8)))),
        ("ECS of no family", lambda n: with_opt(n, opt(ecs(0, 8, b"\x0a")))),
        ("ECS of family 3", lambda n: with_opt(n, opt(ecs(3, 8, b"\x0a")))),
    ]
    odd += [(what, make, FORMERR) for what, make in wrong]
    return [(what, make(n), code) for n, (what, make, code) in enumerate(odd)]


def mutations(n):
    """Queries, each hurt at a few places; always the same ones."""
    chance = random.Random(20)
    whole = with_opt(7, opt(ecs(IPV4, 24, b"\xc6\x33\x64") + option(b"", 3)))
    for _ in range(n):
        octets = bytearray(whole)
        for _ in range(chance.randrange(1, 5)):
            octets[chance.randrange(len(octets))] = chance.choice((0, 1, 0x29, 0x40, 0xc0, 0xff))
        yield bytes(octets[:chance.randrange(1, len(octets) + 1)])

"""odd.py - packets that no resolver should send: RFC 8906's list of tests, counts and records where
none belong (RFC 9619), client subnets that are not one (RFC 7871 6), signatures by keys that nobody has
(RFC 8945), classes and meta types."""
import random
import struct

from packet import A, ECS, OPT, SOA, TSIG, TXT, Edns, Question, name_octets

CHAOS = [(b"version", b"bind"), (b"id", b"server"), (b"hostname", b"bind"), (b"version", b"server"),
         (b"nosuch", b"bind")]
META = [0, OPT, 128, 249, 250, 253, 254, 65535]
COOKIE, KEEPALIVE, PADDING = 10, 11, 12


def message(question, flags=0, counts=(1, 0, 0, 0), rest=b""):
    return struct.pack("!6H", 0, flags, *counts) + question + rest


def option(code, body):
    return struct.pack("!2H", code, len(body)) + body


def opt(body=b"", owner=b"\0", size=1232, ttl=0):
    return owner + struct.pack("!2HIH", OPT, size, ttl, len(body)) + body


def record(owner, rtype, data, rclass=1):
    return owner + struct.pack("!2HIH", rtype, rclass, 0, len(data)) + data


def tsig(algorithm=(b"hmac-sha256",), mac=b"m" * 32, rclass=255, number=0):
    data = name_octets(algorithm) + struct.pack("!HIHH", 0, 1700000000, 300, len(mac)) + mac
    return record(name_octets((b"some", b"key")), TSIG, data + struct.pack("!3H", number, 0, 0), rclass)


def signed_packets(q):
    yield "signed", message(q, 0, (1, 0, 0, 1), tsig())
    yield "signed, EDNS", message(q, 0, (1, 0, 0, 2), opt() + tsig())
    yield "signed, EDNS version", message(q, 0, (1, 0, 0, 2), opt(ttl=1 << 16) + tsig())
    yield "signed, EDNS behind it", message(q, 0, (1, 0, 0, 2), tsig() + opt())
    yield "signed twice", message(q, 0, (1, 0, 0, 2), tsig() + tsig())
    yield "signed in the answer", message(q, 0, (1, 1, 0, 0), tsig())
    yield "signed in the authority", message(q, 0, (1, 0, 1, 0), tsig())
    yield "signed, class IN", message(q, 0, (1, 0, 0, 1), tsig(rclass=1))
    yield "signed, no algorithm of this world", message(q, 0, (1, 0, 0, 1), tsig((b"rot13",)))
    yield "signed with nothing", message(q, 0, (1, 0, 0, 1), tsig(mac=b""))
    yield "half a signature", message(q, 0, (1, 0, 0, 1), record(b"\1k\0", TSIG, b"abc", 255))
    for opcode in (4, 5):
        yield f"signed, opcode {opcode}", message(q, opcode << 11, (1, 0, 0, 1), tsig())


def bad_subnets():
    """What RFC 7871 6 and 7.1.2 call FORMERR."""
    return [b"\0\1\x18\0\xc0\0", b"\0\1\x18\0\xc0\0\2\0", b"\0\1\x21\0\xc0\0\2\0\0", b"\0\1\x18\x18\xc0\0\2",
            b"\0\1\x14\0\xc0\0\2", b"\0\2\x81\0" + b"\x20" * 17, b"\0\1", b"", b"\0\0\x18\0\xc0\0\2",
            b"\0\3\x18\0\xc0\0\2"]


def packets(labels, rng):
    """(what it is, the packet)"""
    q = name_octets(labels) + struct.pack("!2H", SOA, 1)
    two = q + name_octets(labels) + struct.pack("!2H", A, 1)
    address = record(b"\xc0\x0c", A, b"\xc0\0\2\1")
    for opcode in range(1, 16):
        yield f"opcode {opcode}", message(q, flags=opcode << 11)
        yield f"opcode {opcode} with EDNS", message(q, opcode << 11, (1, 0, 0, 1), opt())
    yield "opcode 2, no question", message(b"", 2 << 11, (0, 0, 0, 0))
    for bit, name in ((0x0400, "AA"), (0x0200, "TC"), (0x0080, "RA"), (0x0040, "Z"), (0x0020, "AD"),
                      (0x000f, "rcode")):
        yield f"flag {name}", message(q, flags=bit)
        yield f"flag {name} with EDNS", message(q, bit, (1, 0, 0, 1), opt())
    yield "no question", message(b"", counts=(0, 0, 0, 0))
    yield "no question, EDNS", message(b"", 0, (0, 0, 0, 1), opt())
    yield "two questions", message(two, counts=(2, 0, 0, 0))
    yield "two questions, EDNS", message(two, 0, (2, 0, 0, 1), opt())
    yield "two questions promised", message(q, counts=(2, 0, 0, 0))
    yield "an answer in the query", message(q, 0, (1, 1, 0, 0), address)
    yield "an answer promised", message(q, counts=(1, 1, 0, 0))
    yield "an additional record promised", message(q, counts=(1, 0, 0, 1))
    yield "half a question", message(q[:-3])
    yield "octets behind the question", message(q, rest=b"\0\1\2\3")
    yield "octets behind OPT", message(q, 0, (1, 0, 0, 1), opt() + b"\0\1\2")
    yield "a label of another kind", message(b"\x41ab" + q)
    yield "a pointer in the question", message(b"\xc0\x0c" + q[-4:])
    yield "a name too long", message(b"\x3f" + b"a" * 63 + b"\x3f" + b"a" * 63 + b"\x3f" + b"a" * 63
                                     + b"\x3f" + b"a" * 63 + q)
    yield "two OPT records", message(q, 0, (1, 0, 0, 2), opt() + opt())
    yield "an OPT of another owner", message(q, 0, (1, 0, 0, 1), opt(owner=b"\1a\0"))
    yield "an OPT that runs out", message(q, 0, (1, 0, 0, 1), opt(b"\0\0\0\7")[:-2])
    yield "an option that runs out", message(q, 0, (1, 0, 0, 1), opt(b"\xfd\xe9\0\7abc"))
    yield "half an option", message(q, 0, (1, 0, 0, 1), opt(b"\xfd\xe9\0"))
    yield from signed_packets(q)
    for body in bad_subnets():
        yield "a client subnet that is none", message(q, 0, (1, 0, 0, 1), opt(option(ECS, body)))
    for version in (1, 255):
        yield "EDNS version", message(q, 0, (1, 0, 0, 1), opt(ttl=version << 16))
        yield "EDNS version, unknown option", message(
            q, 0, (1, 0, 0, 1), opt(option(65001, b"x"), ttl=version << 16))
        yield "EDNS version, unknown flag", message(q, 0, (1, 0, 0, 1), opt(ttl=version << 16 | 0x40))
    yield "EDNS flags", message(q, 0, (1, 0, 0, 1), opt(ttl=0x7fff))
    yield "EDNS DO and flags", message(q, 0, (1, 0, 0, 1), opt(ttl=0xffff))
    yield "EDNS rcode", message(q, 0, (1, 0, 0, 1), opt(ttl=0x01000000))
    yield "unknown options", message(q, 0, (1, 0, 0, 1), opt(
        option(65001, b"") + option(100, b"abc") + option(65534, b"z" * rng.randrange(60))))
    yield "padding", message(q, 0, (1, 0, 0, 1), opt(option(PADDING, b"\0" * 20)))
    yield "a record beside OPT", message(q, 0, (1, 0, 0, 2), address + opt())
    yield "a record behind the question", message(q, 0, (1, 0, 0, 1), address)


def odd_questions(family, n):
    rng = random.Random(family.rng.random())
    plain = [Question((), 0, whole=octets, what=what)
             for what, octets in packets(family.zones[0].apex, rng)]
    for rclass in (0, 2, 3, 4, 254, 255):
        plain.append(Question(family.zones[0].apex, A, qclass=rclass, what="class"))
    for rtype in META:
        plain.append(Question(family.zones[0].apex, rtype, what="meta type"))
    plain += [Question(name, TXT, qclass=3, what="chaos") for name in CHAOS]
    plain += [Question((b"nosuch", b"zone", b"invalid"), A, Edns(), what="no zone of ours"),
              Question((), SOA, what="the root")]
    for q in plain:
        q.is_odd = True
    return rng.sample(plain, min(n, len(plain)))

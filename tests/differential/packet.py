"""packet.py - questions to octets, and answers from octets to what can be compared: names in lower
case and without compression, sections as sets. Strict: what an answer may not be is an error here."""
import struct

A, NS, CNAME, SOA, PTR, MX, TXT, AAAA, SRV, DNAME, OPT, DS = 1, 2, 5, 6, 12, 15, 16, 28, 33, 39, 41, 43
NAPTR, SVCB, HTTPS, ANY, CAA = 35, 64, 65, 255, 257
TSIG = 250
TYPES = {"A": A, "NS": NS, "CNAME": CNAME, "SOA": SOA, "PTR": PTR, "MX": MX, "TXT": TXT,
         "AAAA": AAAA, "SRV": SRV, "NAPTR": NAPTR, "DNAME": DNAME, "DS": DS, "SVCB": SVCB,
         "HTTPS": HTTPS, "ANY": ANY, "CAA": CAA}
TYPE_NAMES = {number: name for name, number in TYPES.items()}
RCODES = ["NOERROR", "FORMERR", "SERVFAIL", "NXDOMAIN", "NOTIMP", "REFUSED", "YXDOMAIN"]
QR, AA, TC, RD, RA, AD, CD = 0x8000, 0x0400, 0x0200, 0x0100, 0x0080, 0x0020, 0x0010
NSID, ECS = 3, 8
NXDOMAIN = 3

# Octets before the first name in the data, and how many names follow.
SHAPES = {NS: (0, 1), CNAME: (0, 1), PTR: (0, 1), DNAME: (0, 1), SOA: (0, 2), MX: (2, 1), SRV: (6, 1)}


class Malformed(Exception):
    pass


def name_octets(labels):
    return b"".join(bytes([len(label)]) + label for label in labels) + b"\0"


def label_text(label):
    text = ""
    for c in label:
        if c in b'.\\"();@$':
            text += "\\" + chr(c)
        elif 0x21 <= c <= 0x7e:
            text += chr(c)
        else:
            text += f"\\{c:03}"
    return text


def name_text(labels):
    return ".".join(map(label_text, labels)) + "."


def labels_of(octets):
    labels, at = [], 0
    while octets[at]:
        labels.append(octets[at + 1:at + 1 + octets[at]])
        at += 1 + octets[at]
    return tuple(labels)


def type_text(number):
    return TYPE_NAMES.get(number, f"TYPE{number}")


def rcode_text(code):
    return RCODES[code] if code < len(RCODES) else f"RCODE{code}"


class Edns:
    def __init__(self, size=1232, do=False, options=(), version=0, flags=0):
        self.size, self.do, self.options = size, do, tuple(options)
        self.version, self.flags = version, flags

    def octets(self):
        data = b"".join(struct.pack("!2H", code, len(body)) + body for code, body in self.options)
        ttl = self.version << 16 | (0x8000 if self.do else 0) | self.flags
        return b"\0" + struct.pack("!2HIH", OPT, self.size, ttl, len(data)) + data

    def __str__(self):
        text = f"EDNS {self.size}"
        text += " DO" if self.do else ""
        text += f" version {self.version}" if self.version else ""
        text += f" flags {self.flags:#x}" if self.flags else ""
        return text + "".join(f" option {code}:{body.hex()}" for code, body in self.options)


class Question:
    """What is asked; `whole` makes a packet that no resolver would send, with an id to be put in."""

    def __init__(self, labels, qtype, edns=None, qclass=1, flags=0, whole=None, what=""):
        self.labels, self.type, self.edns, self.qclass = labels, qtype, edns, qclass
        self.flags, self.whole, self.what = flags, whole, what
        self.is_odd = False

    def octets(self, number):
        if self.whole is not None:
            return struct.pack("!H", number) + self.whole[2:]
        head = struct.pack("!6H", number, self.flags, 1, 0, 0, 1 if self.edns else 0)
        body = name_octets(self.labels) + struct.pack("!2H", self.type, self.qclass)
        return head + body + (self.edns.octets() if self.edns else b"")

    def __str__(self):
        if self.whole is not None:
            return f"{self.what}: {self.whole.hex()}"
        text = f"{name_text(self.labels)} {type_text(self.type)}"
        text += f" class {self.qclass}" if self.qclass != 1 else ""
        text += f" flags {self.flags:#06x}" if self.flags else ""
        text += f", {self.edns}" if self.edns else ""
        return text + (f" ({self.what})" if self.what else "")


class Reader:
    def __init__(self, octets):
        self.octets, self.at = octets, 0

    def take(self, n):
        if n > len(self.octets) - self.at:
            raise Malformed(f"{n} octets are wanted at {self.at} of {len(self.octets)}")
        self.at += n
        return self.octets[self.at - n:self.at]

    def numbers(self, form):
        return struct.unpack(form, self.take(struct.calcsize(form)))

    def name(self):
        """Uncompressed, lower case; pointers only lead backwards (RFC 1035 4.1.4)."""
        octets, at, end, out, least = self.octets, self.at, None, b"", self.at
        while True:
            if at >= len(octets):
                raise Malformed("a name runs out of the message")
            n = octets[at]
            if n >= 0xc0:
                if at + 2 > len(octets):
                    raise Malformed("half a pointer")
                end = end or at + 2
                at = (n & 0x3f) << 8 | octets[at + 1]
                if at >= least or at < 12:
                    raise Malformed("a pointer does not lead backwards")
                least = at
                continue
            if n > 63 or at + 1 + n > len(octets):
                raise Malformed("a label is too long")
            out += octets[at:at + 1 + n]
            at += 1 + n
            if len(out) > 255:
                raise Malformed("a name is too long")
            if n == 0:
                break
        self.at = end or at
        return out.lower()  # length octets are below every letter

    def data(self, rtype, length):
        end = self.at + length
        if end > len(self.octets):
            raise Malformed("a record runs out of the message")
        before, names = SHAPES.get(rtype, (0, 0))
        out = self.take(before)
        for _ in range(names):
            out += self.name()
        if self.at > end:
            raise Malformed("a name runs out of its record")
        return out + self.take(end - self.at)


class Answer:
    def __init__(self, octets):
        r = Reader(octets)
        self.octets = octets
        self.id, self.flags, qd, *counts = r.numbers("!6H")
        self.rcode, self.opt, self.question, self.tsig = self.flags & 15, None, None, None
        if qd > 1:
            raise Malformed("more than one question")
        if qd:
            start = r.at
            r.name()
            r.take(4)
            self.question = octets[start:r.at]
        self.sections = [self.section(r, n) for n in counts]
        if r.at != len(octets):
            raise Malformed(f"{len(octets) - r.at} octets too many")
        self.answer, self.authority, self.additional = map(frozenset, self.sections)

    def section(self, r, n):
        records = []
        for _ in range(n):
            owner = r.name()
            rtype, rclass, ttl, length = r.numbers("!2HIH")
            if rtype == OPT:
                self.read_opt(owner, rclass, ttl, r.take(length))
            elif rtype == TSIG:
                self.read_tsig(owner, r.take(length))
            else:
                records.append((owner, rtype, ttl, r.data(rtype, length)))
                if rclass != 1 and rclass != 3:
                    raise Malformed(f"a record of class {rclass}")
        if len(set(records)) != len(records):
            raise Malformed("a record twice in a section")
        return records

    def read_opt(self, owner, size, ttl, data):
        if self.opt or owner != b"\0":
            raise Malformed("a second OPT, or one that the root does not own")
        options, at = [], 0
        while at < len(data):
            if at + 4 > len(data):
                raise Malformed("half an EDNS option")
            code, n = struct.unpack("!2H", data[at:at + 4])
            options.append((code, data[at + 4:at + 4 + n]))
            at += 4 + n
        if at != len(data):
            raise Malformed("half an EDNS option")
        self.opt = (size, ttl >> 16 & 0xff, bool(ttl & 0x8000), tuple(options))
        self.rcode |= ttl >> 24 << 4

    def read_tsig(self, owner, data):
        """All but the time, which is the client's or the server's."""
        if self.tsig:
            raise Malformed("a second TSIG")
        r = Reader(data)
        algorithm = r.name()
        r.take(6)
        fudge, n = r.numbers("!2H")
        self.tsig = (owner, algorithm, fudge, r.take(n), r.numbers("!3H"))
        if r.at != len(data):
            raise Malformed("octets behind a TSIG")

    @property
    def tc(self):
        return bool(self.flags & TC)

    @property
    def aa(self):
        return bool(self.flags & AA)

    @property
    def is_referral(self):
        return (self.rcode == 0 and any(r[1] == NS for r in self.authority)
                and not any(r[1] == SOA for r in self.authority))

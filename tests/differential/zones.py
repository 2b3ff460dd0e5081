"""zones.py - zones from seeds, as text and as what is worth asking about them.

A family is a zone, z<i>.test, and perhaps zones below it that the same server has; everything about
it comes from (seed, i) alone. Dense in what RFC 1034, 4592 and 6672 treat specially, and free of
what those forbid: servers refuse different things there, and that is not the matter here."""
import random

from packet import (A, AAAA, ANY, CAA, CNAME, DNAME, DS, HTTPS, MX, NAPTR, NS, PTR, SOA, SRV, SVCB,
                    TXT, label_text, name_octets, name_text, type_text)

TTLS = [0, 1, 30, 60, 300, 300, 300, 3600, 86400, 604800]
POOL = [b"a", b"b", b"c", b"d", b"e", b"*", b"*", b"www", b"mail", b"ns", b"_tcp", b"_sip", b"x--y"]
ODD = [b"UPPER", b"MiXeD", b"do.t", b"sp ace", b"back\\slash", b'quo"te', b"semi;colon", b"at@", b"$ttl",
       b"\0nul", b"\xff\xfe\x80", b"par(en)", b"1*", b"**", b"\\*", b"l" * 63, b"L" * 62 + b"\x01"]
ASKED = [A, A, A, AAAA, NS, CNAME, SOA, MX, TXT, SRV, DNAME, DS, PTR, HTTPS, SVCB, CAA, NAPTR, 65280,
         ANY, 48, 46, 47]
ORDINARY = [A, AAAA, TXT, MX, SRV, HTTPS, SVCB, CAA, NAPTR, PTR, 65280]
NAME_MAX = 255


def is_in(name, above):
    return len(name) >= len(above) and fold(name[len(name) - len(above):]) == fold(above)


def fold(name):
    return tuple(label.lower() for label in name)


def length(name):
    return sum(1 + len(label) for label in name) + 1


class Zone:
    """Records by name and type, and which names cut off or lead away what is below them."""

    def __init__(self, apex, rng):
        self.apex, self.rng = apex, rng
        self.sets = {}   # folded name -> {type: (ttl, [data as text])}
        self.names = {}  # folded name -> as written first
        self.cuts, self.dnames = set(), set()

    def types(self, name):
        return self.sets.get(fold(name), {})

    def above(self, name):
        """The strict ancestors inside the zone."""
        return [fold(name[i:]) for i in range(1, len(name) - len(self.apex) + 1)]

    def is_occluded(self, name):
        return any(n in self.cuts or n in self.dnames for n in self.above(name))

    def has_below(self, name):
        return any(len(n) > len(name) and is_in(n, name) for n in self.sets)

    def add(self, name, rtype, data, ttl=None):
        name = name if length(name) <= NAME_MAX else None
        if name is None or not is_in(name, self.apex):
            return
        types = self.sets.setdefault(fold(name), {})
        self.names.setdefault(fold(name), name)
        old = types.get(rtype)
        if old is None:
            old = types[rtype] = (self.rng.choice(TTLS) if ttl is None else ttl, [])
        if data not in old[1]:
            old[1].append(data)

    def text(self):
        out = []
        for folded, types in self.sets.items():
            owner = name_text(self.names[folded])
            for rtype, (ttl, data) in types.items():
                out += [f"{owner}\t{ttl}\tIN\t{type_text(rtype)}\t{d}" for d in data]
        out.sort(key=lambda line: "\tSOA\t" not in line)
        return "\n".join(out) + "\n"


class Maker:
    """Fills one zone."""

    def __init__(self, zone, rng, foreign):
        self.zone, self.rng = zone, rng
        self.foreign = foreign  # names in other zones of this server, and nowhere

    def label(self):
        return self.rng.choice(ODD) if self.rng.random() < 0.12 else self.rng.choice(POOL)

    def new_name(self):
        """Below the apex or below a name that is there; never below a DNAME."""
        zone, rng = self.zone, self.rng
        for _ in range(20):
            base = zone.apex
            if rng.random() < 0.5 and zone.names:
                base = rng.choice(list(zone.names.values()))
            name = tuple(self.label() for _ in range(rng.choice([1, 1, 1, 2, 2, 3]))) + base
            if rng.random() < 0.02:
                name = self.longest(base)
            if length(name) <= NAME_MAX and not self.is_off(name):
                return name
        return None

    def is_off(self, name):
        """Below a DNAME nothing may stand; below a cut only what this file puts there on purpose."""
        return self.zone.is_occluded(name) or fold(name) == fold(self.zone.apex)

    def longest(self, base):
        name = base
        while NAME_MAX - length(name) > 1:
            n = min(63, NAME_MAX - length(name) - 1)
            if NAME_MAX - length(name) - 1 - n == 1:
                n -= 1
            name = (bytes([self.rng.choice(b"abcXYZ")]) * n,) + name
        return name

    def target(self):
        """Where a CNAME or DNAME leads."""
        zone, rng = self.zone, self.rng
        dice = rng.random()
        if dice < 0.12:
            return rng.choice(self.foreign)
        base = rng.choice(list(zone.names.values()))
        if dice < 0.62:
            return base
        name = (self.label(),) + base
        if dice < 0.75:
            name = (b"nosuch",) + name
        return name if length(name) <= NAME_MAX else base

    # ---- what may stand at a name ----

    def data(self, rtype):
        rng = self.rng
        n = rng.randrange(256)
        host = name_text(self.target())
        return {
            A: lambda: f"192.0.2.{n}",
            AAAA: lambda: f"2001:db8::{n:x}",
            TXT: lambda: f'"text {n}" "{"t" * rng.choice([1, 30, 200])}"',
            MX: lambda: f"{n} {host}",
            SRV: lambda: f"{n} 1 5060 {host}",
            PTR: lambda: host,
            HTTPS: lambda: f"{n} {host} alpn=h2,h3 port=8443" if n else f"0 {host}",
            SVCB: lambda: f"{n + 1} . ipv4hint=192.0.2.1",
            CAA: lambda: f'0 issue "ca{n}.example"',
            NAPTR: lambda: f'{n} 10 "u" "E2U+sip" "!^.*$!sip:i@x!" .',
            65280: lambda: f"\\# 3 {n:02x}abcd",
        }[rtype]()

    def put_data(self, name):
        rng = self.rng
        if CNAME in self.zone.types(name):
            return
        for rtype in rng.sample(ORDINARY, rng.choice([1, 1, 2, 3])):
            count = rng.choice([1, 1, 2, 3, 12, 28, 40] if rng.random() < 0.15 else [1, 1, 2])
            for _ in range(count):
                self.zone.add(name, rtype, self.data(rtype))

    def put_cname(self, name, target=None):
        if not self.zone.types(name):
            self.zone.add(name, CNAME, name_text(target or self.target()))

    def put_chain(self, name):
        """A chain of some links; it may end, dangle, loop or leave."""
        names = [name] + [n for n in (self.new_name() for _ in range(self.rng.randrange(1, 7))) if n]
        names = [n for n in dict.fromkeys(names) if not self.zone.types(n)]
        for i, link in enumerate(names):
            last = names[self.rng.randrange(len(names))] if self.rng.random() < 0.4 else self.target()
            if fold(link)[:1] == (b"*",) and self.rng.random() < 0.5:
                continue
            self.put_cname(link, names[i + 1] if i + 1 < len(names) else last)

    def put_dname(self, name):
        if self.zone.types(name) or self.zone.has_below(name) or name[0] == b"*":
            return
        target = self.target()
        if self.rng.random() < 0.15:
            target = self.longest(self.zone.apex)[1:]
        self.zone.add(name, DNAME, name_text(target))
        if self.rng.random() < 0.4:
            self.zone.add(name, A, self.data(A))
        self.zone.dnames.add(fold(name))

    def put_cut(self, name):
        """A delegation: servers below it, beside it (below another cut), in the zone, elsewhere."""
        zone, rng = self.zone, self.rng
        if zone.types(name) or b"*" in name or any(is_in(d, name) for d in zone.dnames):
            return
        count = rng.choice([1, 2, 2, 3, 4, 9, 13])
        for i in range(count):
            self.put_server(name, i)
        if rng.random() < 0.4:
            zone.add(name, DS, f"{rng.randrange(65536)} 8 2 {'ab' * 32}")
        zone.cuts.add(fold(name))
        for _ in range(rng.choice([0, 0, 1, 3])):
            self.put_occluded(name)

    def put_server(self, cut, i):
        zone, rng = self.zone, self.rng
        dice = rng.random()
        server = (b"ns%d" % i,) + cut
        if dice < 0.1:
            server = cut
        elif dice < 0.3 and zone.cuts - {fold(cut)}:
            server = (b"ns%d" % i,) + rng.choice(sorted(zone.cuts - {fold(cut)}))
        elif dice < 0.4:
            server = (b"ns%d" % i,) + zone.apex
        elif dice < 0.5:
            server = (b"ns%d" % i, b"elsewhere", b"invalid")
        if length(server) > NAME_MAX or any(is_in(server, d) for d in zone.dnames):
            server = (b"ns", b"elsewhere", b"invalid")
        zone.add(cut, NS, name_text(server))
        if not is_in(server, zone.apex) or CNAME in zone.types(server) or rng.random() < 0.05:
            return
        for rtype in rng.choice([[A], [A, AAAA], [A, AAAA], [AAAA]]):
            zone.add(server, rtype, self.data(rtype))

    def put_occluded(self, cut):
        name = (self.label(),) + cut
        if self.rng.random() < 0.5:
            name = (self.label(),) + name
        if length(name) > NAME_MAX or self.zone.types(name):
            return
        rtype = self.rng.choice([A, TXT, MX, CNAME, NS])
        if rtype == NS and b"*" in name:
            rtype = A
        if rtype == CNAME:
            self.put_cname(name)
        else:
            self.zone.add(name, rtype, name_text(self.target()) if rtype == NS else self.data(rtype))

    # ---- the whole ----

    def put_apex(self):
        zone, rng = self.zone, self.rng
        server, mailbox = (name_text((label,) + zone.apex) for label in (b"ns1", b"host"))
        zone.add(zone.apex, SOA, f"{server} {mailbox} 1 3600 600 86400 {rng.choice(TTLS)}")
        if zone.apex:
            zone.add(zone.apex, NS, "ns.elsewhere.invalid.")
        if zone.apex and rng.random() < 0.05:
            self.put_dname_at_apex()
            return
        for i in range(1, 5):
            zone.add((b"ns%d" % i,) + zone.apex, A, f"192.0.2.{i}")
            if i < 3:
                zone.add(zone.apex, NS, name_text((b"ns%d" % i,) + zone.apex))
        if rng.random() < 0.5:
            self.put_data(zone.apex)

    def put_dname_at_apex(self):
        """Then the apex is all there is."""
        self.put_data(self.zone.apex)
        self.zone.add(self.zone.apex, DNAME, name_text(self.rng.choice(self.foreign)))
        self.zone.dnames.add(fold(self.zone.apex))

    def fill(self, n):
        self.put_apex()
        verbs = [self.put_data] * 9 + [self.put_cname] * 3 + [self.put_chain] * 2 + \
                [self.put_dname] * 2 + [self.put_cut] * 3
        for _ in range(n):
            name = self.new_name()
            if name is not None:
                self.rng.choice(verbs)(name)


def delegate(parent, child, rng):
    """The parent's side of a zone that is here too: mostly a cut, sometimes forgotten. No glue below a
    child's DNAME: NSD has all zones in one tree and would refuse it."""
    if parent.is_occluded(child.apex) or parent.types(child.apex) or \
            fold(child.apex) in parent.dnames or any(is_in(d, child.apex) for d in parent.dnames):
        return
    if rng.random() < 0.1:
        return
    if child.dnames:
        parent.add(child.apex, NS, "ns.elsewhere.invalid.")
    else:
        parent.add(child.apex, NS, name_text((b"ns1",) + child.apex))
        parent.add((b"ns1",) + child.apex, A, "192.0.2.1")
    if rng.random() < 0.6:
        parent.add(child.apex, DS, f"{rng.randrange(65536)} 8 2 {'cd' * 32}")
    parent.cuts.add(fold(child.apex))


def cross(parent, child, rng):
    """Aliases from one zone of the server into another."""
    if fold(parent.apex) in parent.dnames or fold(child.apex) in child.dnames:
        return
    for i, (zone, other) in enumerate([(parent, child), (parent, child), (child, parent)]):
        target = other.apex if i == 0 else rng.choice(list(other.names.values()))
        name = (b"cross%d" % i,) + zone.apex
        if not zone.types(name):
            zone.add(name, CNAME, name_text(target))


def clash(zone, other):
    """Has one a name below the other's DNAME? NSD has all zones in one tree and refuses both."""
    return any(len(name) > len(d) and is_in(name, d) for a, b in ((zone, other), (other, zone))
               for d in a.dnames for name in b.sets)


def child_apexes(zone, rng):
    """Below a name that is there or beside it; sometimes one more below that."""
    out = []
    if rng.random() < 0.4:
        base = rng.choice([zone.apex, zone.apex, rng.choice(list(zone.names.values()))])
        if b"*" not in base:
            out.append((rng.choice([b"child", b"Kid", b"a"]),) + base)
        if out and rng.random() < 0.4:
            out.append((b"grand", b"ent") + out[0])
    return [n for n in out if length(n) <= 100 and len(name_text(n)) < 250 and not zone.types(n)]


class Family:
    def __init__(self, seed, number, apex=None):
        self.number = number
        rng = self.rng = random.Random(f"{seed}/{number}")
        self.apex = (b"z%d" % number, b"test") if apex is None else apex
        foreign = [(b"www", b"elsewhere", b"invalid"), (b"a", b"z%d" % (number ^ 1), b"test"),
                   (b"z%d" % (number ^ 1), b"test"), (b"nosuch",)]
        top = Zone(self.apex, rng)
        Maker(top, rng, foreign).fill(rng.choice([5, 20, 40, 60]))
        self.zones = [top]
        self.known = self.zones  # those that its questions may end in
        for child_apex in child_apexes(top, rng):
            if any(is_in(child_apex, d) for z in self.zones for d in z.dnames):
                break
            child = Zone(child_apex, rng)
            Maker(child, rng, foreign + [(b"a",) + self.apex]).fill(rng.choice([3, 12]))
            if any(clash(zone, child) for zone in self.zones):
                break
            delegate(self.zones[-1], child, rng)
            self.zones.append(child)
            cross(top, child, rng)

    def is_glue(self, octets_name):
        return any(is_in(octets_name, cut) for zone in self.known for cut in zone.cuts)

    # ---- what is worth asking ----

    def asked_name(self):
        """A name that is there, near one that is, or nowhere."""
        rng = self.rng
        zone = rng.choice(self.zones)
        name = rng.choice(list(zone.names.values()))
        dice = rng.random()
        if dice < 0.30:
            pass
        elif dice < 0.38 and len(name) > len(zone.apex):
            name = name[rng.randrange(1, len(name) - len(zone.apex) + 1):]
        elif dice < 0.75:
            name = tuple(self.asked_label() for _ in range(rng.choice([1, 1, 2, 3]))) + name
        elif dice < 0.85 and len(name) > len(zone.apex):
            name = (self.asked_label(),) + name[1:]
        elif dice < 0.90:
            name = tuple(b"y" * 63 for _ in range((NAME_MAX - length(name)) // 64)) + name
        elif dice < 0.97:
            special = sorted(zone.cuts | zone.dnames) or [zone.apex]
            name = rng.choice(special)
            if rng.random() < 0.7:
                name = (self.asked_label(),) + name
        if length(name) > NAME_MAX:
            name = zone.apex
        return tuple(self.recase(label) for label in name)

    def asked_label(self):
        return self.rng.choice([b"q", b"nosuch"] + POOL + ODD[:4])

    def recase(self, label):
        dice = self.rng.random()
        return label if dice < 0.7 else label.swapcase() if dice < 0.85 else label.lower()

    def asked_type(self, name):
        for zone in self.zones:
            types = [t for t in zone.types(name) if t != CNAME]
            if types and self.rng.random() < 0.4:
                return self.rng.choice(types)
        return self.rng.choice(ASKED)

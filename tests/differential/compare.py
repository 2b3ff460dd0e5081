"""compare.py - what an answer says, field by field, and who stands alone with it."""
import struct

from packet import (A, AA, AAAA, AD, ANY, CD, ECS, NS, QR, RA, RD, TC, Answer, Malformed, labels_of,
                    name_text, rcode_text, type_text)
from zones import is_in

MALFORMED = "malformed"


class Difference:
    """Waymark says one thing, two peers or more another."""

    def __init__(self, family, question, field, views, ours, theirs, transport):
        self.family, self.question, self.field, self.views = family, question, field, views
        self.ours, self.theirs, self.transport = ours, theirs, transport
        self.our_answer = views["waymark"].answer
        self.agreeing = [v for name, v in views.items()
                         if name != "waymark" and v.fields.get(field) == theirs]

    def says_rcode(self, text):
        return self.views["waymark"].fields.get("rcode") == text

    def __str__(self):
        lines = [f"{self.field} differs: {self.question} over {self.transport}"]
        groups = {}
        for name, view in self.views.items():
            groups.setdefault(str(view), []).append(name)
        for text, names in groups.items():
            lines.append(f"  {', '.join(names)}:")
            lines += ["    " + line for line in text.splitlines()]
        return "\n".join(lines)


class Verdict:
    def __init__(self):
        self.differences, self.peers_wrong, self.peers_answers = [], [], []
        self.is_undecided = self.is_truncated = False


class View:
    """One server's answer. `fields` is what is compared."""

    def __init__(self, family, question, octets):
        self.answer, self.trouble = None, None
        if octets is None:
            self.fields = {"rcode": "silence"}
            return
        try:
            self.answer = Answer(octets)
            self.fields = fields_of(family, question, self.answer)
        except (Malformed, struct.error) as e:
            self.trouble = f"{MALFORMED}: {e}: {octets.hex()}"
            self.fields = {"rcode": self.trouble}

    def __str__(self):
        a = self.answer
        if a is None:
            return self.fields["rcode"]
        flags = [name for bit, name in ((AA, "aa"), (TC, "tc"), (RD, "rd"), (RA, "ra"), (CD, "cd"))
                 if a.flags & bit]
        lines = [f"{rcode_text(a.rcode)} {' '.join(flags)}, {len(a.octets)} octets, OPT {a.opt}"]
        for title, records in zip(("answer", "authority", "additional"), a.sections):
            lines += [f"{title}: {record_text(r)}" for r in sorted(records)]
        return "\n".join(lines)


def record_text(record):
    owner, rtype, ttl, data = record
    return f"{name_text(labels_of(owner))} {ttl} {type_text(rtype)} {data[:60]!r}"


def glue_of(family, answer):
    """The addresses of a referral's servers that only this zone can tell: at or below a cut."""
    servers = {r[3] for r in answer.authority if r[1] == NS}
    return frozenset(r for r in answer.additional
                     if r[1] in (A, AAAA) and r[0] in servers and family.is_glue(labels_of(r[0])))


def missing_glue(family, answer):
    """(owner, type) of addresses that the referral had to bring (RFC 9471 3.1) and did not."""
    cut = next((labels_of(r[0]) for r in answer.authority if r[1] == NS), None)
    servers = [labels_of(r[3]) for r in answer.authority if r[1] == NS]
    brought = {(labels_of(r[0]), r[1]) for r in answer.additional}
    zone = next((z for z in family.known if cut in z.cuts), None)
    if zone is None:
        return set()
    needed = {(s, t) for s in servers if is_in(s, cut) for t in zone.types(s) if t in (A, AAAA)}
    return needed - brought


def fields_of(family, question, a):
    fields = {"rcode": rcode_text(a.rcode), "aa": a.aa, "tc": a.tc,
              "flags": a.flags & (QR | 0x7800 | RD | RA | AD | CD | 0x0040),
              "question": a.question,
              "opt": a.opt and (a.opt[1], a.opt[2]), "tsig": a.tsig}
    if question.is_odd:
        return fields
    if question.type == ANY:
        return fields  # a part of what is there is enough (RFC 8482 4.1)
    if not a.tc:
        fields["sections"] = a.answer, a.authority
        if a.is_referral and not a.aa:
            fields["glue"] = glue_of(family, a)
    return fields


def judge(family, question, answers, transport):
    views = {name: View(family, question, octets) for name, octets in answers.items()}
    verdict = Verdict()
    ours = views.pop("waymark")
    verdict.is_truncated = any(v.answer and v.answer.tc for v in [ours, *views.values()])
    verdict.peers_answers = [v.answer for v in views.values() if v.answer]
    everyone = {"waymark": ours, **views}
    for field in sorted({f for v in everyone.values() for f in v.fields}):
        judge_field(verdict, family, question, field, ours, views, transport)
    if ours.trouble:
        verdict.differences.append(
            Difference(family, question, MALFORMED, everyone, None, None, transport))
    if ours.answer is not None:
        for what in own_faults(family, question, ours.answer, transport):
            verdict.differences.append(
                Difference(family, question, what, everyone, None, None, transport))
    return verdict


def judge_field(verdict, family, question, field, ours, views, transport):
    said = {name: v.fields[field] for name, v in views.items() if field in v.fields}
    if field not in ours.fields:
        return  # truncated (RFC 2181 9); the sections come over TCP
    mine = ours.fields[field]
    groups = {}
    for name, value in said.items():
        groups.setdefault(value, []).append(name)
    agreed = [(value, names) for value, names in groups.items() if len(names) >= 2]
    if not agreed:
        verdict.is_undecided = True
        return
    value, names = agreed[0]
    if value != mine:
        verdict.differences.append(Difference(family, question, field, {"waymark": ours, **views},
                                              mine, value, transport))
    verdict.peers_wrong += [f"{name} in {field}" for name in said
                            if name not in names and value == mine]


def own_faults(family, question, answer, transport):
    """What is wrong whatever the peers say."""
    limit = 512
    if question.edns:
        limit = max(512, min(1232, question.edns.size))
    if transport == "udp" and not question.is_odd and len(answer.octets) > limit:
        yield "longer than the client takes"
    if transport == "tcp" and answer.tc:
        yield "truncated over TCP"
    asked = [body for code, body in question.edns.options if code == ECS] if question.edns else []
    told = [body for code, body in answer.opt[3] if code == ECS] if answer.opt else []
    if not question.is_odd and len(told) != len(asked):
        yield "client subnet"
    if told and asked and (told[0][:3] != asked[0][:3] or told[0][4:] != asked[0][4:] or told[0][3]):
        yield "client subnet"
    if answer.is_referral and not answer.aa and not answer.tc and not question.is_odd and missing_glue(family, answer):
        yield "glue is missing"

"""allowed.py - where Waymark may differ from two peers that agree: each entry with the sentence of
the RFC that allows it, word for word. An entry that no question needs any more is to go."""
from compare import missing_glue
from packet import ANY, ECS, NXDOMAIN, SOA, labels_of

ECS_ROOM = 4 + 4 + 16  # the option with the longest address


class Entry:
    def __init__(self, name, sentence, covers):
        self.name, self.sentence, self.covers = name, sentence, covers


def said(difference, value):
    """The peers' answers whose field is `value`."""
    return [v.answer for name, v in difference.views.items()
            if name != "waymark" and v.fields.get(difference.field) == value]


def glue_does_not_fit(d):
    """Each peer that does not truncate left out glue that it had to send, or has no room for the
    client subnet."""
    return (d.field == "tc" and d.ours and d.our_answer.is_referral
            and all(missing_glue(d.family, a) or has_no_room_for_subnet(d, a)
                    for a in said(d, False)))


def all_of_it_fits(d):
    return d.field == "tc" and not d.ours


def has_ecs(options):
    return any(code == ECS for code, _ in options)


def has_no_room_for_subnet(d, answer):
    """The peer did not send the option back, and with it the answer would not have fitted."""
    has_subnet = d.question.edns and has_ecs(d.question.edns.options)
    return (has_subnet and not has_ecs(answer.opt[3])
            and len(answer.octets) + ECS_ROOM > limit_of(d))


def lacks_soa(answer):
    """Left out where it did not fit, though RFC 2308 3 wants it in every negative answer."""
    return answer.rcode == NXDOMAIN and not any(r[1] == SOA for r in answer.authority)


def subnet_takes_room(d):
    return (d.field == "tc" and d.ours
            and all(has_no_room_for_subnet(d, a) or lacks_soa(a) for a in said(d, False)))


def limit_of(d):
    return max(512, min(1232, d.question.edns.size)) if d.question.edns else 512


def siblings_do_not_fit(d):
    """All that it had to bring is there, and of the rest no record more has room."""
    if d.field != "glue" or d.transport != "udp" or missing_glue(d.family, d.our_answer):
        return False
    room = limit_of(d) - len(d.our_answer.octets)
    return all(2 + 10 + len(data) > room for _, _, _, data in d.theirs - d.ours)


def wildcard_below_a_cut(d):
    return d.field == "glue" and not d.ours - d.theirs and all(
        not any(zone.types(labels_of(owner)) for zone in d.family.known)
        for owner, _, _, _ in d.theirs - d.ours)


def is_any(d):
    return d.question.type == ANY and d.field in ("rcode", "tc")


def is_truncated(d):
    return d.field == "rcode" and d.our_answer is not None and d.our_answer.tc


def subnet_is_malformed(d):
    return d.question.what == "a client subnet that is none" and d.says_rcode("FORMERR")


def formerr_has_opt(d):
    return d.field == "opt" and d.says_rcode("FORMERR") and d.ours is not None


ALLOWED = [
    Entry("glue that does not fit: TC", "RFC 9471 3.1: when a name server generates a referral response, "
          "it MUST include all available glue records for in-domain name servers in the additional "
          "section, or MUST set TC=1 if constrained by message size.", glue_does_not_fit),
    Entry("all fits: no TC", "RFC 2181 9: The TC bit should be set in responses only when an RRSet is "
          "required as a part of the response, but could not be included in its entirety.",
          all_of_it_fits),
    Entry("sibling glue as far as it fits", "RFC 9471 3.2: If, after adding glue for all in-domain name "
          "servers, the glue for all sibling domain name servers does not fit due to message size "
          "constraints, the name server MAY set TC=1 but is not obligated to do so.",
          siblings_do_not_fit),
    Entry("no wildcard below a cut", "RFC 1034 4.3.3: Wildcard RRs do not apply: When the query is in "
          "another zone. That is, delegation cancels the wildcard defaults.", wildcard_below_a_cut),
    Entry("ANY", "RFC 8482 4.1: A DNS responder that receives an ANY query MAY decline to provide a "
          "conventional ANY response or MAY instead send a response with a single RRset (or a larger "
          "subset of available RRsets) in the answer section.", is_any),
    Entry("the rcode beside TC", "RFC 2181 9: When a DNS client receives a reply with TC set, it should "
          "ignore that response, and query again, using a mechanism, such as a TCP connection, that "
          "will permit larger replies.", is_truncated),
    Entry("the client subnet takes room", "RFC 7871 7.2.1: Note that the requirement in [RFC6891] to "
          "reserve space for the OPT record could mean that the Answer section of the response will be "
          "truncated and fall back to TCP indicated accordingly.", subnet_takes_room),
    Entry("a client subnet that is none", "RFC 7871 6: A server receiving an ECS option that uses "
          "either too few or too many ADDRESS octets, or that has non-zero ADDRESS bits set beyond "
          "SOURCE PREFIX-LENGTH, SHOULD return FORMERR to reject the packet, as a signal to the software "
          "developer making the request to fix their implementation.", subnet_is_malformed),
    Entry("FORMERR with OPT", "RFC 6891 6.1.1: If an OPT record is present in a received request, "
          "compliant responders MUST include an OPT record in their respective responses.",
          formerr_has_opt),
]


def allowed(difference):
    """The entry that allows a difference; None."""
    return next((entry for entry in ALLOWED if entry.covers(difference)), None)

"""services.py - services over the generated zones: hosts of their own and names that are there anyway,
which all servers serve from their files and Waymark alone steers. What is asked beside and below them
must be as if no service were there."""
import os
import random

from packet import (A, AAAA, ANY, CNAME, DNAME, HTTPS, NS, TXT, Answer, Question, labels_of,
                    name_octets, name_text)
from peers import config_text
from zones import NAME_MAX, fold, is_in, length

HERE = os.path.dirname(os.path.abspath(__file__))
DATABASE = os.path.join(HERE, "..", "..", "geo-data", "demo.mmdb")
STEERED_TYPES = (A, AAAA, HTTPS, CNAME, ANY)
OURS = {bytes([203, 0, 113, 1]), bytes([203, 0, 113, 2]),  # in no zone
        name_octets((b"cdn", b"elsewhere", b"invalid"))}

# The clients' subnets that are asked with have places, so that a scope that does not belong to an
# answer would show.
NETWORKS = """192.0.2.0/24 at=35.7,139.7
198.51.100.0/24 at=51.5,-0.1
2001:db8::/32 at=40.7,-74.0
"""
POLICIES = {  # service: targets and policy
    "near": ('["east", "west"]', '("nearest")'),
    "pool": ('["east", "west"]', '("nearest", { stage = "take"; n = 2; })'),
    "cdn": ('["east", "west", "elsewhere"]', '("nearest", "weighted")'),
}
CONFIGURATION = """geo: {{ databases = ["{database}"]; networks = "{networks}"; }};
pops: {{
  east: {{ at = [35.0, 139.0]; addresses = ["203.0.113.1", "2001:db8:ffff::1"]; }};
  west: {{ at = [51.0, 0.0]; addresses = ["203.0.113.2", "2001:db8:ffff::2"]; }};
}};
providers: {{ elsewhere: {{ cname = "cdn.elsewhere.invalid"; weight = 50; }}; }};
services: ( {services} );
"""


def is_host_label(label):
    """The configuration takes no others."""
    return all(c in b"-_0123456789abcdefghijklmnopqrstuvwxyz" for c in label.lower())


class Services:
    """The hosts of one family: put into its zones, and known by the service that steers them."""

    def __init__(self, family, zones, seed):
        self.family, self.zones = family, zones
        self.rng = random.Random(f"services/{seed}/{family.number}")
        self.hosts = {}  # folded name -> service
        for zone in family.zones:
            self.put_into(zone)
        self.nodes = {name[i:] for zone in family.zones for name in zone.sets
                      for i in range(len(name) + 1)}

    # ---- where they are ----

    def is_free(self, zone, name):
        """Could a host be added here, that belongs to this zone on every server?"""
        labels = name[1:] if name[:1] == (b"*",) else name
        is_deeper = any(is_in(name, z.apex) and len(z.apex) > len(zone.apex) for z in self.zones)
        return (length(name) <= NAME_MAX - 20 and all(map(is_host_label, labels)) and not is_deeper
                and not zone.is_occluded(name) and fold(name) not in zone.cuts
                and not any(is_in(name, d) for z in self.zones for d in z.dnames))

    def put(self, zone, name, service):
        """A host that was not there; whether it is now."""
        if not self.is_free(zone, name) or zone.types(name):
            return False
        zone.add(name, A, "192.0.2.99")
        if service != "cdn":  # a name that may be a CNAME holds nothing else
            zone.add(name, TXT, '"not steered"')
        self.hosts[fold(name)] = service
        return True

    def put_into(self, zone):
        rng = self.rng
        bases = [name for name in [zone.apex, *zone.names.values()]
                 if self.is_free(zone, (b"x",) + name)]
        wild = [name for name in bases if (b"*",) + fold(name) in zone.sets]
        if not bases:
            return  # a DNAME at the apex
        self.put(zone, (b"Steered",) + zone.apex, "near")
        self.put(zone, (b"steered", b"deep", b"ent") + rng.choice(bases), "near")
        self.put(zone, (b"cdn",) + rng.choice([zone.apex, rng.choice(bases)]), "cdn")
        if wild:
            self.put(zone, (b"steered-beside",) + rng.choice(wild), rng.choice(["near", "cdn"]))
        pool = (b"pool",) + rng.choice(bases)
        if self.put(zone, (b"*",) + pool, "pool"):
            zone.add((b"exact",) + pool, TXT, '"not of the pool"')
        self.take_over(zone)

    def take_over(self, zone):
        """Names with data of their own, the apex among them."""
        names = [zone.apex] + self.rng.sample(list(zone.names.values()), min(4, len(zone.names)))
        for name in names:
            types = zone.types(name)
            if A in types and not {CNAME, HTTPS, DNAME} & set(types) and self.is_free(zone, name) \
                    and (NS not in types or name == zone.apex) and fold(name) not in self.hosts:
                self.hosts[fold(name)] = "near"

    # ---- what is asked ----

    def near_name(self):
        """A host's neighbour, what is above and below it; or the host, of which other types are asked."""
        rng = self.rng
        name = rng.choice(list(self.hosts))
        dice = rng.random()
        if dice < 0.15:
            return name
        if dice < 0.45:
            return (rng.choice([b"q", b"*", b"a", b"steered"]),) * rng.choice([1, 1, 2]) + name
        if dice < 0.75:
            return (rng.choice([b"q", b"*", b"exact", b"steere", b"pool"]),) + name[1:]
        if dice < 0.85:
            return (b"q", b"exact") + name[1:]
        return name[rng.choice([1, 2]):]

    # ---- what the services answer, and so is not compared ----

    def service_of(self, name):
        """The service at a name, or at the wildcard that covers it; None."""
        name = fold(name)
        if name in self.nodes:
            return self.hosts.get(name)
        encloser = next((name[i:] for i in range(1, len(name)) if name[i:] in self.nodes), ())
        return self.hosts.get((b"*",) + encloser)

    def is_steered(self, name, rtype):
        service = self.service_of(name)
        return service == "cdn" or (service is not None and rtype in STEERED_TYPES)

    def is_left_out(self, question, peers):
        """Does a service answer it, or where its chain leads? The peers' answers tell."""
        chain = [labels_of(r[3]) for a in peers for r in a.answer if r[1] == CNAME]
        return any(self.is_steered(name, question.type) for name in [question.labels, *chain])

    def checks(self):
        """A question for each host, which its service is to answer."""
        return [Question((b"q",) + host[1:] if host[0] == b"*" else host, A) for host in self.hosts]


def is_a_services(octets):
    """Is this answer's last word a target's?"""
    return octets is not None and any(data in OURS for _, _, _, data in Answer(octets).answer)


def service_text(name, hosts):
    targets, policy = POLICIES[name]
    hosts = ", ".join(f'"{config_text(name_text(h))}"' for h in hosts)
    return f'{{ name = "{name}"; hosts = [{hosts}]; targets = {targets}; policy = {policy}; }}'


def configuration(all_services, folder):
    """What Waymark's configuration has more."""
    networks = os.path.join(folder, "networks")
    with open(networks, "w", encoding="ascii") as f:
        f.write(NETWORKS)
    hosts = {name: [h for s in all_services for h, service in s.hosts.items() if service == name]
             for name in POLICIES}
    services = ",\n".join(service_text(name, hosts[name]) for name in POLICIES if hosts[name])
    return CONFIGURATION.format(database=DATABASE, networks=networks, services=services)

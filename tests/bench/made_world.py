"""Worlds of any size for scale.py and rebuild.py: a configuration, its zone files and, a line each, a
sample of the names to ask for."""
import math
import pathlib
import random

SAMPLE = 4096
ROOT = pathlib.Path(__file__).resolve().parents[2]


def geo_section(databases):
    if not databases:
        databases = [ROOT / "geo-data/demo.mmdb"]
    listed = ", ".join(f'"{d}"' for d in databases)
    return f'geo: {{ databases = [{listed}]; countries = "{ROOT}/geo-data/countries.csv"; }};\n'


def pops(n, check=""):
    """PoPs spread evenly over the globe, the same ones for the same n."""
    lines = []
    for i in range(n):
        latitude = math.degrees(math.asin(1 - (2 * i + 1) / n))
        longitude = (i * 137.50776405) % 360 - 180
        lines.append(f'  p{i}: {{ at = [{latitude:.4f}, {longitude:.4f}]; {check}addresses = '
                     f'["198.18.{i >> 8}.{i & 255}", "2001:db8::{i + 1:x}"]; }};\n')
    return "pops: {\n" + "".join(lines) + "};\n"


def shared_policy(i):
    """Eight views between all services."""
    return f'("healthy", {{ stage = "nearest"; tie_pct = {i % 8}.0; }}, "weighted")'


def one_policy():
    return '("healthy", "nearest")'


def own_share(i):
    """One view, and a plan for each of up to 100,000 services: the standby's share differs."""
    return ('("healthy", "nearest", "weighted", { stage = "floor"; targets = ["p0"]; '
            f'pct = {1 + i / 10000:.4f}; }})')


def own_targets(i, n_targets):
    """No geography, and a plan for each service: its own four targets in its own order."""
    return random.Random(i).sample(range(n_targets), 4)


def zone_text(names):
    return ("$TTL 300\n@ SOA ns1 hostmaster 1 7200 3600 1209600 300\n@ NS ns1\nns1 A 192.0.2.53\n" +
            "".join(f"{name} A 192.0.2.{i % 250}\n" for i, name in enumerate(names)))


def write_zone(folder, name, names):
    path = folder / f"{name}.zone"
    with open(path, "w") as f:
        f.write(zone_text(names))
    return f'  {{ name = "{name}"; file = "{path}"; }}'


def service_text(i, targets, policy):
    listed = ", ".join(f'"p{t}"' for t in targets)
    return (f'  {{ name = "s{i}"; hosts = ["s{i}.made.example"]; targets = [{listed}];\n'
            f'    policy = {policy}; }}')


def services_text(kind, n, n_targets, listed):
    every = range(min(n_targets, listed))
    texts = []
    for i in range(n):
        if kind == "own targets":
            texts.append(service_text(i, own_targets(i, n_targets), '("healthy", "priority")'))
        elif kind == "one":
            texts.append(service_text(i, every, one_policy()))
        elif kind == "own share":
            texts.append(service_text(i, every, own_share(i)))
        else:
            texts.append(service_text(i, every, shared_policy(i)))
    return "services: (\n" + ",\n".join(texts) + "\n);\n"


def sample(names):
    return random.Random(1).sample(names, SAMPLE) if len(names) > SAMPLE else names


def write(folder, port=5353, *, names=1000, zones=1, services=100, targets=16, kind="shared",
          listed=64, databases=(), ask="services", check=""):
    """`names` names in each zone but the first, which has the hosts of the services. Returns the
    paths of the configuration and of the names to ask for: of the services, or of the zones."""
    folder = pathlib.Path(folder)
    hosts = [f"s{i}" for i in range(services)]
    listing, asked = [write_zone(folder, "made.example", hosts)], []
    for z in range(zones):
        apex = f"z{z}.example"
        labels = [f"n{i}" for i in range(names)]
        listing.append(write_zone(folder, apex, labels))
        asked += [f"{label}.{apex}" for label in sample(labels)]
    if ask == "services":
        asked = [f"{host}.made.example" for host in hosts]
    with open(folder / "waymark.conf", "w") as f:
        f.write(f'server: {{ listen = ["127.0.0.1:{port}"]; threads = 1; state = "{folder}/state"; '
                f'control = "{folder}/control.sock"; draw_key_file = "{folder}/draw.key"; }};\n')
        f.write("zones: (\n" + ",\n".join(listing) + "\n);\n" + geo_section(databases))
        f.write(pops(targets, check) + services_text(kind, services, targets, listed))
    (folder / "names").write_text("\n".join(sample(asked)) + "\n")
    return folder / "waymark.conf", folder / "names"

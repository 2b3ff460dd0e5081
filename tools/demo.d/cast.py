"""cast.py - the demo's server, its ports and its folder, and who of its targets is dead.

One process plays all: the DNS server, an edge for each PoP and provider, the shield. A target is dead
while run/demo/dead/NAME exists: its edge is taken out of the configuration, the server reloads, and
connections to it are refused, as if its process had crashed.

Everything lives under run/demo and ends with the tour: the child is ended by pid, and the kernel ends
it if the tour itself is killed.
"""
import ctypes
import fcntl
import os
import re
import shutil
import signal
import socket
import subprocess
import time

from ask import WAYMARK, Trouble

FOLDER = "run/demo"
DEAD = FOLDER + "/dead"
CONF = FOLDER + "/waymark.conf"
LOG = FOLDER + "/waymark.log"
SOURCE = os.path.join(os.path.dirname(os.path.relpath(__file__)), "waymark.conf")

POPS = {"tokyo": "127.0.10.1", "london": "127.0.10.2", "newyork": "127.0.10.3",
        "sydney": "127.0.10.4", "paris": "127.0.10.5"}
PROVIDERS = {"alpha": "127.0.20.1", "beta": "127.0.20.2", "gamma": "127.0.20.3"}
SHIELD = "london"
TARGETS = {**POPS, **PROVIDERS}

DNS_PORT, METRICS_PORT, HTTP_PORT = 5353, 9153, 8080
EDGE = re.compile(r'^ *\{ pop = "(\w+)";.*\}', re.M)
PORTS_TRIED = 50
START_S = 20
PR_SET_PDEATHSIG = 1


def end_with_parent():
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def can_bind(address, port, kind):
    with socket.socket(socket.AF_INET, kind) as s:
        if kind == socket.SOCK_STREAM:
            s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            s.bind((address, port))
            if kind == socket.SOCK_STREAM:
                s.listen(1)
        except OSError:
            return False
        return True


def free_port(first, addresses, kinds):
    for port in range(first, first + PORTS_TRIED):
        if all(can_bind(a, port, k) for a in addresses for k in kinds):
            return port
    raise Trouble(f"no free port from {first} to {first + PORTS_TRIED - 1}")


class Cast:
    def __init__(self):
        self.children = []
        self.lock = None
        self.is_kept = False  # leave the folder, for whoever looks into the log

    def prepare(self):
        """The folder, the ports and the configuration with them."""
        os.makedirs(FOLDER, exist_ok=True)
        self.lock = open(FOLDER + "/lock", "w")
        try:
            fcntl.flock(self.lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Trouble("a demo is running in this tree already: one at a time") from None
        shutil.rmtree(DEAD, ignore_errors=True)
        shutil.rmtree(FOLDER + "/state", ignore_errors=True)
        os.makedirs(DEAD)
        both = (socket.SOCK_DGRAM, socket.SOCK_STREAM)
        self.dns_port = free_port(DNS_PORT, ["127.0.0.1"], both)
        self.metrics_port = free_port(METRICS_PORT, ["127.0.0.1"], both[1:])
        self.http_port = free_port(HTTP_PORT, list(TARGETS.values()), both[1:])
        with open(SOURCE) as f:
            text = f.read()
        text = text.replace(f":{DNS_PORT}\"", f":{self.dns_port}\"")
        text = text.replace(f":{METRICS_PORT}\"", f":{self.metrics_port}\"")
        self.text = re.sub(rf":{HTTP_PORT}(?=[/\"])", f":{self.http_port}", text)
        self.write_conf()

    def dead(self):
        return {name for name in os.listdir(DEAD) if name in TARGETS}

    def write_conf(self):
        """Without the edges of the dead; nobody can have a dead shield."""
        self.is_dead = self.dead()
        edges = list(EDGE.finditer(self.text))
        alive = [e.group(0) for e in edges if e.group(1) not in self.is_dead]
        if SHIELD in self.is_dead:
            alive = [e.replace(f'shield = "{SHIELD}"; ', "") for e in alive]
        text = self.text[:edges[0].start()] + ",\n".join(alive) + self.text[edges[-1].end():]
        with open(CONF + ".new", "w") as f:
            f.write(text)
        os.rename(CONF + ".new", CONF)

    def follow_deaths(self):
        """If the folder of the dead has changed, so do the edges."""
        if self.dead() == self.is_dead:
            return
        self.write_conf()
        done = subprocess.run([WAYMARK, "reload", "-c", CONF], capture_output=True, text=True)
        if done.returncode != 0:
            raise Trouble(f"waymark reload failed: {done.stdout}{done.stderr}")

    def ports(self):
        """What, its usual port, its port."""
        return (("DNS", DNS_PORT, self.dns_port), ("/metrics", METRICS_PORT, self.metrics_port),
                ("HTTP of the edges", HTTP_PORT, self.http_port))

    def spawn(self, words, **how):
        child = subprocess.Popen(words, stdin=subprocess.DEVNULL, preexec_fn=end_with_parent,
                                 start_new_session=True, **how)
        self.children.append(child)
        return child

    def start(self):
        with open(LOG, "w") as log:
            self.server = self.spawn([WAYMARK, "serve", "-c", CONF], stderr=log)

    def wait(self, is_done, trouble):
        """Until `is_done()`; a child that ends before is the trouble."""
        until = time.monotonic() + START_S
        while not is_done():
            self.check_alive()
            if time.monotonic() > until:
                raise Trouble(f"{trouble} after {START_S} s; the log is {LOG}")
            time.sleep(0.05)

    def check_alive(self):
        for child in self.children:
            if child.poll() is not None:
                raise Trouble(f"{child.args[0]} ended with status {child.returncode}\n{self.log()}")

    def log(self):
        if not os.path.exists(LOG):
            return ""
        with open(LOG) as log:
            return log.read()

    def kill(self, name):
        """Connections to the target are refused when this returns."""
        open(os.path.join(DEAD, name), "w").close()
        self.follow_deaths()

    def revive(self, name):
        os.unlink(os.path.join(DEAD, name))
        self.follow_deaths()

    def stop(self):
        for child in reversed(self.children):
            if child.poll() is None:
                child.terminate()
        for child in self.children:
            try:
                child.wait(5)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()
        self.children = []
        if self.lock is not None and not self.is_kept:
            shutil.rmtree(FOLDER, ignore_errors=True)

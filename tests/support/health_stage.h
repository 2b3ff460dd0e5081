/* health_stage.h - a conf written by hand and peers to probe, for tests and benches of health. */
#pragma once

#include <sys/types.h>

#include "fake_world.h"

/* ---- peers: tests/support/health_peers.py ---- */

struct peers {
    pid_t pid;
    int to, from;
    char folder[64];
    size_t n;
    struct {
        char name[32];
        int port;
    } ports[48];
};

bool peers_start(struct peers *peers);
void peers_stop(struct peers *peers);
int peers_port(const struct peers *peers, const char *name); /* 0: there is none */
void peers_set(struct peers *peers, const char *name, const char *mode);

struct peer_seen {
    int n;
    char host[64], sni[64];
};
struct peer_seen peers_seen(struct peers *peers, const char *name);

/* ---- the conf: a target and its check per subject ---- */

struct subject {
    const char *name;
    const char *address, *second; /* second may be NULL; without address it has a cname */
    const char *cname;
    const char *probe[4]; /* ADDRESS:PORT, port 0: the URL's */
    const char *url;      /* %d stands for the port; NULL: no check */
    const char *port_of;  /* a peer */
    const char *host, *body, *ca_file;
    int status, timeout_ms, min_up, fall, rise; /* 0: 200, 700, 1, 2, 2 */
    int every_s;                                /* 0: 1 */
};

struct stage {
    struct fake_conf conf;
    struct conf_target *targets;
    struct conf_check *checks;
    struct endpoint resolver;
};

void stage_init(struct stage *stage, const struct subject *subjects, size_t n,
                const struct peers *peers);
/* Nobody may reference the conf any more. */
void stage_fini(struct stage *stage);

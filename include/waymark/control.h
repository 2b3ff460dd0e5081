/* control.h - the admin side: control socket, metrics, and the client half of the subcommands.
 *
 * Threads: everything here runs on the main thread's libevent loop, or in a client process.
 * Owner:   serve opens and closes it.
 * The control socket takes one JSON object per line and answers with one; only the server's user and
 * root may connect. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include <waymark/conf.h>
#include <waymark/why.h>

struct event_base;
struct world_hub;
struct health;
struct edges;
struct net;
struct dns_desk;
struct report;
struct control;

/* Called on the main thread when the reload has ended; the report (NULL: none) is the callee's to
 * free. Never called after control_close. */
typedef void control_reloaded_cb(void *ctx, bool is_done, struct report *report);

/* What serve lends. Everything outlives the control. */
struct control_hooks {
    void *ctx;
    /* Starts a reload in the background; -EBUSY while one runs. */
    int (*reload)(void *ctx, control_reloaded_cb *done, void *done_ctx);
    const struct dns_desk *const *desks;
    size_t n_desks;
    const struct net *net; /* NULL: no figures of sockets */
    struct world_hub *hub;
    struct health *health;
    struct edges *edges; /* NULL: none */
    int64_t started_ms; /* wall clock */
};

/* Opens conf->control and conf->metrics. 0, or -errno with `why`. */
int control_open(struct event_base *base, const struct conf_server *conf,
                 const struct control_hooks *hooks, struct control **out,
                 char why[static WHY_LEN]);
void control_close(struct control *control); /* NULL is fine */

/* A reload that something else began (a signal) has ended: status shows how. The report is copied. */
void control_note_reload(struct control *control, bool is_done, const struct report *report);

/* ---- the client half: each returns the exit status ---- */

int control_status(const char *socket_path, bool is_json, FILE *out);
int control_reload(const char *socket_path, FILE *out);

/* What to forget: one of the four. */
struct control_purge_args {
    const char *url, *prefix, *tag;
    bool is_all;
    bool is_soft; /* make stale instead */
    bool is_json;
};
int control_purge(const char *socket_path, const struct control_purge_args *args, FILE *out);

/* What the /healthz of that PoP's edge says from now on: "up", "draining" or "down". */
int control_edge(const char *socket_path, const char *pop, const char *state, FILE *out);

/* With which verdicts is a question about files answered? With the running server's; without one, with
 * those in its state folder that a start would take for first results; else every target is up. */
struct control_verdicts_args {
    const char *socket; /* NULL: as the file says */
    const char *state;  /* a folder or file of saved ones: these, whatever their age, and no server's */
    const char *down;   /* "fra,ams": as if those were down; NULL: nobody */
    bool is_offline;    /* ask no server */
    bool is_all_up;     /* and look at no saved ones */
};

struct control_explain_args {
    const char *conf_file; /* NULL: the socket alone */
    struct control_verdicts_args verdicts;
    const char *name, *type; /* type NULL: A */
    const char *client;      /* ADDRESS[/LEN]; NULL: the resolver's own */
    const char *resolver;    /* NULL: 127.0.0.1 */
    const char *at;          /* RFC 3339 or seconds since 1970; NULL: now */
    const char *diff;        /* another configuration, for control_explain_diff */
    bool is_json;
};
/* Asks the running server, whose inputs are live; without one, builds the world from the file. */
int control_explain(const struct control_explain_args *args, FILE *out);
/* Every class of a service's clients, with its share of the address space and its row. */
int control_explain_table(const struct control_explain_args *args, FILE *out);
/* For whom the other configuration would change the answer; `name` NULL: every service. */
int control_explain_diff(const struct control_explain_args *args, FILE *out);

struct control_simulate_args {
    const char *conf_file;
    const char *queries;  /* path of the recorded queries */
    const char *client, *resolver; /* of lines that name none, as for explain */
    struct control_verdicts_args verdicts;
    bool is_csv;
};
struct control_map_args {
    const char *conf_file;
    const char *service; /* by name; NULL: the first */
    struct control_verdicts_args verdicts;
    const char *out_file;
};
/* The world as SVG: PoPs, and countries in the colour of the target that their clients get; `out` is told
 * which verdicts they have. */
int control_map(const struct control_map_args *args, FILE *out);

/* What each target would get of recorded queries. */
int control_simulate(const struct control_simulate_args *args, FILE *out);

struct control_fetch_args {
    const char *conf_file; /* as for explain, like the socket */
    const char *socket;
    const char *url;      /* http://host/path or https:// */
    const char *client;   /* as for explain */
    const char *resolver; /* likewise */
    bool is_json;
};
/* A whole delivery: the answer that the client's resolver would get, as explain finds it, then the
 * object from there over HTTP. */
int control_fetch(const struct control_fetch_args *args, FILE *out);

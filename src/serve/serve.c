/* serve.c - the server from its first step to its last. Main thread: it runs the control loop; DNS
 * workers, edges, the prober and reloads have threads of their own. */
#include <waymark/serve.h>

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdbool.h>
#include <unistd.h>

#include <event2/event.h>
#include <systemd/sd-daemon.h>

#include <waymark/clock.h>
#include <waymark/conf.h>
#include <waymark/control.h>
#include <waymark/edge.h>
#include <waymark/health.h>
#include <waymark/log.h>
#include <waymark/net.h>
#include <waymark/report.h>
#include <waymark/world.h>

#include "desks.h"
#include "files.h"
#include "findings.h"
#include "limits.h"
#include "reload.h"
#include "user.h"
#include "watchdog.h"

enum { SERVE_MAGIC = 0x5e24e, LOW_PORTS = 1024 };

/* Everything there is one of. In the order in which it comes to life; it ends in reverse. */
struct serve {
    uint32_t magic;
    const char *conf_path;
    int64_t started_ms;
    struct event_base *base;
    struct event *hang_up, *terminate, *interrupt;
    struct report *report;
    struct conf *conf; /* of the start */
    struct world_hub *hub;
    size_t n_workers;
    struct desks desks; /* of the workers' threads */
    struct net *net;
    struct edges *edges;
    struct edges_next *next_edges; /* the reload's until it has ended */
    struct user user;
    struct reload *reload;
    struct health *health;
    struct control *control;
    struct watchdog *watchdog;
};

static struct serve *serve_of(void *arg)
{
    struct serve *s = arg;

    assert(s->magic == SERVE_MAGIC);
    return s;
}

static int out_of_memory(char why[static WHY_LEN])
{
    return why_set(why, -ENOMEM, "out of memory");
}

static void on_hang_up(evutil_socket_t fd, short what, void *arg)
{
    reload_request(serve_of(arg)->reload);
}

/* From now on the signals do what they do to any program: a second one ends us at once. */
static void on_terminate(evutil_socket_t signal_number, short what, void *arg)
{
    struct serve *s = serve_of(arg);

    log_line(LOG_LEVEL_NOTICE, "%s: stopping", signal_number == SIGTERM ? "SIGTERM" : "SIGINT");
    event_del(s->terminate);
    event_del(s->interrupt);
    event_base_loopbreak(s->base);
}

static struct event *on_signal(struct serve *s, int number, event_callback_fn callback)
{
    struct event *e = evsignal_new(s->base, number, callback, s);

    if (e != NULL && event_add(e, NULL) != 0) {
        event_free(e);
        return NULL;
    }
    return e;
}

/* Before anything takes time: a SIGHUP during the start asks for what the start did not see. */
static int open_loop(struct serve *s, char why[static WHY_LEN])
{
    signal(SIGPIPE, SIG_IGN);
    signal(SIGUSR1, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN); /* a file that may not grow is one that cannot be written */
    s->base = event_base_new();
    s->report = report_new();
    if (s->base == NULL || s->report == NULL)
        return out_of_memory(why);
    s->hang_up = on_signal(s, SIGHUP, on_hang_up);
    return s->hang_up == NULL ? out_of_memory(why) : 0;
}

static int load_conf(struct serve *s, char why[static WHY_LEN])
{
    s->conf = conf_load(s->conf_path, s->report);
    return s->conf == NULL ? why_set(why, -EINVAL, "%s has errors", s->conf_path) : 0;
}

static int cannot_serve(const struct serve *s, char why[static WHY_LEN])
{
    return why_set(why, -EINVAL, "%s cannot be served", s->conf_path);
}

static int make_desks(struct serve *s, char why[static WHY_LEN])
{
    s->hub = world_hub_new();
    if (s->hub == NULL)
        return out_of_memory(why);
    s->n_workers = limits_workers(&s->conf->server);
    return desks_init(&s->desks, net_n_threads(s->conf->server.n_listen, s->n_workers),
                      why);
}

static int bind_sockets(struct serve *s, char why[static WHY_LEN])
{
    const struct conf_server *conf = &s->conf->server;
    struct net_config config = { .listen = conf->listen,
                                 .n_listen = conf->n_listen,
                                 .desks = s->desks.all,
                                 .n_workers = s->n_workers,
                                 .world = world_hub_slot(s->hub),
                                 .tcp_clients = limits_tcp_clients(s->conf, s->n_workers),
                                 .tcp_idle_s = conf->tcp_idle_s,
                                 .tcp_life_s = conf->tcp_life_s,
                                 .tcp_per_client = conf->tcp_per_client,
                                 .tcp_queries = conf->tcp_queries,
                                 .pins_threads = conf->pin_threads,
                                 .steers_by_cpu = conf->steer_by_cpu };

    edges_check_tls(s->conf, s->report);
    if (report_errors(s->report) > 0)
        return cannot_serve(s, why);
    int err = net_open(&config, &s->net, why);
    return err != 0 ? err : edges_open(s->conf, s->hub, &s->edges, why);
}

static bool has_low_port(const struct endpoint *endpoints, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (endpoints[i].port < LOW_PORTS)
            return true;
    return false;
}

static bool needs_low_ports(const struct conf *conf)
{
    const struct conf_server *server = &conf->server;
    bool needs = has_low_port(server->listen, server->n_listen);

    needs |= server->metrics.addr.family != 0 && server->metrics.port < LOW_PORTS;
    for (size_t i = 0; i < conf->n_edges; i++) {
        needs |= has_low_port(conf->edges[i].listen, conf->edges[i].n_listen);
        needs |= has_low_port(conf->edges[i].listen_tls, conf->edges[i].n_listen_tls);
    }
    return needs;
}

static int drop_privileges(struct serve *s, char why[static WHY_LEN])
{
    const struct conf_server *conf = &s->conf->server;
    int err = user_find(conf->user, &s->user, why);

    if (err == 0)
        err = files_make_folders(conf, &s->user, why);
    if (err == 0)
        err = user_become(&s->user, needs_low_ports(s->conf), why);
    return err;
}

/* As the user that reloads will be: a file that they cannot read is found now. */
static int load_world(struct serve *s, char why[static WHY_LEN])
{
    int err = files_keep_secrets(&s->conf->server, why);

    if (err != 0)
        return err;
    if (access(s->conf_path, R_OK) != 0)
        log_line(LOG_LEVEL_WARNING, "%s: server.user cannot read it, so reloads will fail",
                 s->conf_path);
    edges_check_files(s->conf, s->report);
    if (!world_load(s->hub, s->conf, s->report) || report_errors(s->report) > 0)
        return cannot_serve(s, why);
    return 0;
}

static bool prepare_edges(void *ctx, struct conf *conf, struct report *report)
{
    struct serve *s = serve_of(ctx);
    size_t errors = report_errors(report);
    char why[WHY_LEN];

    edges_check_tls(conf, report);
    if (report_errors(report) == errors)
        edges_check_files(conf, report);
    if (report_errors(report) == errors && edges_prepare(s->edges, conf, &s->next_edges, why) != 0)
        report_error(report, conf->file, 0, "%s", why);
    return report_errors(report) == errors;
}

static void on_reload_ended(void *ctx, bool is_done, struct report *report)
{
    struct serve *s = serve_of(ctx);

    if (is_done) {
        edges_take_up(s->edges, s->next_edges);
        health_reload(s->health);
    } else {
        edges_forget(s->edges, s->next_edges);
    }
    s->next_edges = NULL;
    sd_notifyf(0, "READY=1\nSTATUS=%s",
               is_done ? "Answers queries" : "The last reload failed; answers as before");
}

/* A reload that a signal began: nobody waits for its end, but status tells of it. */
static void on_unasked_reload(void *ctx, bool is_done, struct report *report)
{
    control_note_reload(serve_of(ctx)->control, is_done, report);
    report_free(report);
}

static int start_reload(void *ctx, control_reloaded_cb *done, void *done_ctx)
{
    return reload_start(serve_of(ctx)->reload, done, done_ctx);
}

static int prepare_reloads(struct serve *s, char why[static WHY_LEN])
{
    struct reload_config config = { .base = s->base,
                                    .conf_path = s->conf_path,
                                    .running = s->conf,
                                    .hub = s->hub,
                                    .prepare = prepare_edges,
                                    .ended = on_reload_ended,
                                    .unasked = on_unasked_reload,
                                    .ctx = s };

    return reload_new(&config, &s->reload, why);
}

/* Before the prober, which would find them dead. */
static int start_edges(struct serve *s, char why[static WHY_LEN])
{
    return edges_start(s->edges, why);
}

static int start_health(struct serve *s, char why[static WHY_LEN])
{
    return health_start(s->hub, &s->health, why);
}

static int open_control(struct serve *s, char why[static WHY_LEN])
{
    struct control_hooks hooks = { .ctx = s,
                                   .reload = start_reload,
                                   .desks = (const struct dns_desk *const *)s->desks.all,
                                   .n_desks = s->desks.n,
                                   .net = s->net,
                                   .hub = s->hub,
                                   .health = s->health,
                                   .edges = s->edges,
                                   .started_ms = s->started_ms };

    return control_open(s->base, &s->conf->server, &hooks, &s->control, why);
}

static int start_workers(struct serve *s, char why[static WHY_LEN])
{
    int err = net_start(s->net, why);

    return err != 0 ? err : watchdog_new(s->base, s->net, &s->watchdog, why);
}

static int heed_signals(struct serve *s, char why[static WHY_LEN])
{
    s->terminate = on_signal(s, SIGTERM, on_terminate);
    s->interrupt = on_signal(s, SIGINT, on_terminate);
    return s->terminate == NULL || s->interrupt == NULL ? out_of_memory(why) : 0;
}

/* 0, or -errno with `why`; the report may say more. */
static int start(struct serve *s, char why[static WHY_LEN])
{
    static int (*const steps[])(struct serve * s, char why[static WHY_LEN]) = {
        open_loop,       load_conf,   make_desks,   bind_sockets, drop_privileges, load_world,
        prepare_reloads, start_edges, start_health, open_control, start_workers,   heed_signals,
    };
    int err = 0;

    for (size_t i = 0; i < sizeof steps / sizeof *steps && err == 0; i++)
        err = steps[i](s, why);
    return err;
}

static void say_edge(const struct serve *s, const struct conf_edge *edge)
{
    const char *pop = s->conf->targets[edge->target].name;
    char text[ENDPOINT_TEXT_LEN];

    for (size_t i = 0; i < edge->n_listen; i++)
        log_line(LOG_LEVEL_INFO, "edge %s listens on %s", pop,
                 endpoint_format(&edge->listen[i], text));
    for (size_t i = 0; i < edge->n_listen_tls; i++)
        log_line(LOG_LEVEL_INFO, "edge %s listens on %s, TLS", pop,
                 endpoint_format(&edge->listen_tls[i], text));
}

static const char *plural(size_t n)
{
    return n == 1 ? "" : "s";
}

static void say_ready(const struct serve *s)
{
    char text[ENDPOINT_TEXT_LEN];

    for (size_t i = 0; i < s->conf->server.n_listen; i++)
        log_line(LOG_LEVEL_INFO, "listens on %s, UDP and TCP",
                 endpoint_format(&s->conf->server.listen[i], text));
    for (size_t i = 0; i < s->conf->n_edges; i++)
        say_edge(s, &s->conf->edges[i]);
    log_line(LOG_LEVEL_NOTICE,
             "waymark %s is ready: %zu zone%s, %zu service%s, %zu target%s, %zu edge%s, %zu "
             "worker%s, after %" PRId64 " ms",
             WAYMARK_VERSION, s->conf->n_zones, plural(s->conf->n_zones), s->conf->n_services,
             plural(s->conf->n_services), s->conf->n_targets, plural(s->conf->n_targets),
             s->conf->n_edges, plural(s->conf->n_edges), s->n_workers, plural(s->n_workers),
             clock_wall_ms() - s->started_ms);
    sd_notify(0, "READY=1\nSTATUS=Answers queries");
}

static void free_event(struct event *e)
{
    if (e != NULL)
        event_free(e);
}

/* From whatever point the start reached. */
static void stop(struct serve *s)
{
    watchdog_free(s->watchdog);
    if (s->net != NULL)
        net_stop(s->net);
    reload_free(s->reload); /* before the control: nobody is left to be told of its end */
    control_close(s->control);
    health_stop(s->health);
    edges_forget(s->edges, s->next_edges);
    edges_close(s->edges);
    net_close(s->net);
    world_hub_free(s->hub);
    desks_fini(&s->desks);
    conf_unref(s->conf);
    report_free(s->report);
    free_event(s->hang_up);
    free_event(s->terminate);
    free_event(s->interrupt);
    if (s->base != NULL)
        event_base_free(s->base);
}

static void say_why_not(const struct serve *s, const char *why)
{
    if (s->report != NULL && report_errors(s->report) > 0)
        report_print(s->report, stderr);
    log_line(LOG_LEVEL_ERROR, "cannot start: %s", why);
}

int serve_run(const char *conf_path)
{
    struct serve s = { .magic = SERVE_MAGIC,
                       .conf_path = conf_path,
                       .started_ms = clock_wall_ms() };
    char why[WHY_LEN];
    bool is_started = start(&s, why) == 0;

    if (is_started) {
        findings_log(s.report); /* warnings */
        say_ready(&s);
        event_base_dispatch(s.base);
        sd_notify(0, "STOPPING=1");
    } else {
        say_why_not(&s, why);
    }
    stop(&s);
    if (is_started)
        log_line(LOG_LEVEL_NOTICE, "stopped");
    return is_started ? 0 : 1;
}

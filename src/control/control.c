/* control.c - the admin side of a running server: opens and closes its parts, keeps what they
 * share.
 *
 * Main thread, on its libevent loop; nothing here blocks. What is asked and answered is answer.c's;
 * sockets are socket.c's and metrics_http.c's. */
#include <waymark/control.h>

#include <errno.h>
#include <pwd.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <event2/event.h>

#include <waymark/clock.h>
#include <waymark/report.h>

#include "answer.h"
#include "control_state.h"
#include "map_page.h"
#include "metrics_http.h"
#include "socket.h"

uint64_t resident_bytes(void)
{
    unsigned long long total, resident = 0;
    FILE *in = fopen("/proc/self/statm", "re");

    if (in == NULL)
        return 0;
    if (fscanf(in, "%llu %llu", &total, &resident) != 2)
        resident = 0;
    fclose(in);
    return resident * (uint64_t)sysconf(_SC_PAGESIZE);
}

static void forget_last_load(struct last_load *last)
{
    for (size_t i = 0; i < last->n_lines; i++)
        free(last->lines[i]);
    *last = (struct last_load){ 0 };
}

static char *line_text(const struct report_line *line)
{
    const char *level = line->level == REPORT_ERROR ? "error" : "warning";
    char *text = NULL;
    int n;

    if (line->file[0] == '\0')
        n = asprintf(&text, "%s: %s", level, line->text);
    else if (line->line == 0)
        n = asprintf(&text, "%s: %s: %s", line->file, level, line->text);
    else
        n = asprintf(&text, "%s:%d: %s: %s", line->file, line->line, level, line->text);
    return n < 0 ? NULL : text;
}

void control_note_reload(struct control *control, bool is_done, const struct report *report)
{
    struct last_load *last = &control->last_load;

    forget_last_load(last);
    last->at_ms = clock_wall_ms();
    last->is_done = is_done;
    if (report == NULL)
        return;
    last->n_errors = report_errors(report);
    last->n_warnings = report_warnings(report);
    for (size_t i = 0; i < report_count(report); i++) {
        last->lines[last->n_lines] = line_text(report_at(report, i));
        last->n_lines += last->lines[last->n_lines] != NULL;
    }
}

static void on_request(void *ctx, struct socket_client *client, const struct request *request)
{
    answer_request(ctx, client, request);
}

static void on_gone(void *ctx, struct socket_client *client)
{
    struct control *c = ctx;

    if (c->reload_client == client)
        c->reload_client = NULL; /* the reload itself goes on */
}

static void on_ten_seconds(evutil_socket_t fd, short what, void *ctx)
{
    struct control *c = ctx;
    struct dns_counts counts;

    totals_counts(&c->hooks, &counts);
    rate_add(&c->rate, clock_steady_us(), totals_queries(&counts));
}

static int start_clock(struct control *c, struct event_base *base)
{
    static const struct timeval every = { .tv_sec = RATE_EVERY_S };

    c->every_ten_s = event_new(base, -1, EV_PERSIST, on_ten_seconds, c);
    if (c->every_ten_s == NULL || event_add(c->every_ten_s, &every) != 0)
        return -ENOMEM;
    on_ten_seconds(-1, 0, c);
    return 0;
}

static int copy_conf(struct control *c, const struct conf_server *conf)
{
    c->metrics = conf->metrics;
    c->listen = calloc(conf->n_listen + 1, sizeof *c->listen);
    if (c->listen == NULL)
        return -ENOMEM;
    c->n_listen = conf->n_listen;
    for (size_t i = 0; i < conf->n_listen; i++)
        c->listen[i] = conf->listen[i];
    if (conf->control == NULL)
        return 0;
    c->control_path = strdup(conf->control);
    return c->control_path == NULL ? -ENOMEM : 0;
}

/* Who else than root and we may connect: the user that serve becomes. */
static uid_t server_user(const struct conf_server *conf)
{
    const struct passwd *entry = conf->user == NULL ? NULL : getpwnam(conf->user);

    return entry == NULL ? (uid_t)-1 : entry->pw_uid;
}

static int open_control_socket(struct control *c, struct event_base *base,
                               const struct conf_server *conf, char why[static WHY_LEN])
{
    const struct socket_calls calls = { .ctx = c, .on_request = on_request, .on_gone = on_gone };

    if (c->control_path == NULL)
        return 0;
    return socket_open(base, c->control_path, server_user(conf), &calls, &c->socket, why);
}

int control_open(struct event_base *base, const struct conf_server *conf,
                 const struct control_hooks *hooks, struct control **out, char why[static WHY_LEN])
{
    struct control *c = calloc(1, sizeof *c);
    int err;

    if (c == NULL)
        return why_set(why, -ENOMEM, "control: out of memory");
    signal(SIGPIPE, SIG_IGN); /* a client that hangs up is an event, not our end */
    c->hooks = *hooks;
    c->maps = map_cache_new();
    err = c->maps == NULL ? -ENOMEM : copy_conf(c, conf);
    if (err == 0)
        err = start_clock(c, base);
    if (err != 0) {
        why_set(why, err, "control: out of memory");
        goto fail;
    }
    err = open_control_socket(c, base, conf, why);
    if (err == 0 && c->metrics.addr.family != 0)
        err = metrics_open(base, &c->metrics, c, &c->server, why);
    if (err != 0)
        goto fail;
    *out = c;
    return 0;
fail:
    control_close(c);
    return err;
}

void control_close(struct control *control)
{
    if (control == NULL)
        return;
    socket_close(control->socket);
    metrics_close(control->server);
    if (control->every_ten_s != NULL)
        event_free(control->every_ten_s);
    forget_last_load(&control->last_load);
    map_cache_free(control->maps);
    free(control->control_path);
    free(control->listen);
    free(control);
}

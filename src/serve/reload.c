/* reload.c - loads on a thread of its own, reports on main. What a load is: conf and world. */
#include "reload.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <event2/event.h>
#include <systemd/sd-daemon.h>

#include <waymark/clock.h>
#include <waymark/log.h>
#include <waymark/report.h>
#include <waymark/thread.h>
#include <waymark/world.h>

#include "files.h"
#include "findings.h"
#include "losses.h"
#include "restart.h"

enum { RELOAD_MAGIC = 0x4e10ad };

struct reload {
    uint32_t magic;
    struct reload_config config;
    int ended_fd; /* an eventfd: the thread writes, main reads */
    struct event *ended_event;
    bool is_running, is_queued;
    control_reloaded_cb *done;
    void *done_ctx;
    pthread_t thread;
    /* The thread's until it has been joined. */
    struct report *report;
    bool is_done;
};

static struct reload *reload_of(void *arg)
{
    struct reload *r = arg;

    assert(r->magic == RELOAD_MAGIC);
    return r;
}

/* false: it would take all away. */
static bool is_acceptable(struct world_hub *hub, const struct conf *next, struct report *report)
{
    struct world_hold *hold;
    const struct world *world = world_hold(hub, &hold);
    size_t errors = report_errors(report);

    losses_name(world->base->conf, next, report);
    world_release(hold);
    return report_errors(report) == errors;
}

/* All is ready before anything changes: the world, then what else there is. */
static bool build(const struct reload_config *config, struct conf *conf, struct report *report)
{
    char why[WHY_LEN];

    if (!is_acceptable(config->hub, conf, report))
        return false;
    restart_keep_secrets(&config->running->server, &conf->server);
    if (conf->server.cookies != CONF_COOKIES_OFF &&
        files_keep_cookie_secrets(conf->server.cookie_secrets_file, why) != 0) {
        report_error(report, NULL, 0, "%s", why);
        return false;
    }
    struct world_base_box *built = world_build(config->hub, conf, report);
    if (built == NULL || !config->prepare(config->ctx, conf, report)) {
        world_drop(built);
        return false;
    }
    return world_publish(config->hub, built, report);
}

static bool load(const struct reload_config *config, struct report *report)
{
    struct conf *conf = conf_load(config->conf_path, report);
    bool is_done = conf != NULL && build(config, conf, report);

    if (is_done)
        restart_name_changes(&config->running->server, conf, report);
    else
        world_count_failure(config->hub);
    conf_unref(conf);
    return is_done;
}

static void *run(void *arg)
{
    static const uint64_t one = 1;
    struct reload *r = reload_of(arg);

    r->is_done = load(&r->config, r->report);
    ssize_t n = write(r->ended_fd, &one, sizeof one);
    assert(n == sizeof one);
    return NULL;
}

int reload_start(struct reload *r, control_reloaded_cb *done, void *done_ctx)
{
    if (r->is_running)
        return -EBUSY;
    r->report = report_new();
    if (r->report == NULL)
        return -EAGAIN;
    r->done = done;
    r->done_ctx = done_ctx;
    r->is_done = false;
    if (thread_start(&r->thread, "reload", run, r) != 0) {
        report_free(r->report);
        r->report = NULL;
        return -EAGAIN;
    }
    r->is_running = true;
    log_line(LOG_LEVEL_NOTICE, "reload of %s began", r->config.conf_path);
    sd_notifyf(0, "RELOADING=1\nMONOTONIC_USEC=%" PRId64, clock_steady_us());
    return 0;
}

void reload_request(struct reload *r)
{
    int err = reload_start(r, r->config.unasked, r->config.ctx);

    if (err == -EBUSY)
        r->is_queued = true;
    else if (err != 0)
        log_line(LOG_LEVEL_ERROR, "no memory for a reload: the configuration stays as it is");
}

static void tell(struct reload *r)
{
    r->config.ended(r->config.ctx, r->is_done, r->report);
    findings_log(r->report);
    if (r->is_done)
        log_line(LOG_LEVEL_NOTICE, "reload done: %s serves", r->config.conf_path);
    else
        log_line(LOG_LEVEL_ERROR, "reload failed: what served before goes on serving");
}

static void on_ended(evutil_socket_t fd, short what, void *arg)
{
    struct reload *r = reload_of(arg);
    uint64_t count;

    if (read(fd, &count, sizeof count) != sizeof count)
        return;
    pthread_join(r->thread, NULL);
    r->is_running = false;
    tell(r);
    struct report *report = r->report;
    r->report = NULL;
    r->done(r->done_ctx, r->is_done, report);
    if (r->is_queued) {
        r->is_queued = false;
        reload_request(r);
    }
}

int reload_new(const struct reload_config *config, struct reload **out, char why[static WHY_LEN])
{
    struct reload *r = calloc(1, sizeof *r);

    if (r == NULL)
        return why_set(why, -ENOMEM, "cannot prepare reloads: out of memory");
    r->magic = RELOAD_MAGIC;
    r->config = *config;
    r->ended_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (r->ended_fd >= 0)
        r->ended_event = event_new(config->base, r->ended_fd, EV_READ | EV_PERSIST, on_ended, r);
    if (r->ended_event == NULL || event_add(r->ended_event, NULL) != 0) {
        reload_free(r);
        return why_set(why, -ENOMEM, "cannot prepare reloads: no memory or no descriptor");
    }
    *out = r;
    return 0;
}

void reload_free(struct reload *r)
{
    if (r == NULL)
        return;
    if (r->is_running)
        pthread_join(r->thread, NULL);
    if (r->ended_event != NULL)
        event_free(r->ended_event);
    if (r->ended_fd >= 0)
        close(r->ended_fd);
    report_free(r->report);
    r->magic = 0;
    free(r);
}

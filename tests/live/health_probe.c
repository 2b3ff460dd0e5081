/* health_probe.c - the real health thread against servers on loopback that misbehave in every way.
 *
 * The world is played by tests/support/fake_world.c, the servers by health_peers.py. */
#include "cm.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include <waymark/clock.h>
#include <waymark/health.h>

#include "health_stage.h"

enum { PATIENCE_MS = 30000 }; /* for what takes milliseconds on a machine with nothing else to do */

static struct peers peers;
static struct world_hub hub;
static char ca_file[128];
static char state_folder[128];

static int set_up(void **state)
{
    if (!peers_start(&peers))
        return -1;
    snprintf(ca_file, sizeof ca_file, "%s/ca.pem", peers.folder);
    snprintf(state_folder, sizeof state_folder, "%s/state", peers.folder);
    return 0;
}

static int tear_down(void **state)
{
    peers_stop(&peers);
    return 0;
}

static void nap_ms(int ms)
{
    usleep((useconds_t)ms * 1000);
}

static struct health *start(struct stage *stage)
{
    struct health *health;
    char why[WHY_LEN] = "";

    fake_world_init(&hub, &stage->conf);
    if (health_start(&hub, &health, why) != 0)
        fail_msg("%s", why);
    return health;
}

static void stop(struct health *health)
{
    health_stop(health);
    fake_world_fini(&hub);
}

static void await_ready(int limit_ms)
{
    int64_t end_us = clock_steady_us() + limit_ms * 1000;

    while (!fake_world_is_ready(&hub)) {
        if (clock_steady_us() > end_us)
            fail_msg("not ready after %d ms", limit_ms);
        nap_ms(2);
    }
}

/* Until the world has heard this; returns the milliseconds it took. */
static int await_heard(const char *target, uint8_t address, bool is_up, int limit_ms)
{
    int64_t from_us = clock_steady_us();

    for (;;) {
        struct fake_heard heard = fake_world_heard(&hub, target, address);
        int ms = (int)((clock_steady_us() - from_us) / 1000);
        if (heard.n > 0 && heard.is_up == is_up)
            return ms;
        if (ms > limit_ms)
            fail_msg("%s: not heard to be %s in %d ms", target, is_up ? "up" : "down", limit_ms);
        nap_ms(2);
    }
}

static struct health_status status_of(struct health *health, const char *target, size_t nth)
{
    static struct health_status all[256];
    size_t n = health_statuses(health, all, COUNT_OF(all));

    for (size_t i = 0; i < n; i++) {
        if (strcmp(all[i].target, target) == 0 && nth-- == 0)
            return all[i];
    }
    fail_msg("no status of %s", target);
    return all[0];
}

struct trouble {
    struct subject subject;
    const char *sentence; /* what the error must contain */
};

static void each_kind_of_trouble_has_its_sentence(void **state)
{
    const bool has_authorities = access("/etc/ssl/certs/ca-certificates.crt", R_OK) == 0;
#define PLAIN "http://{address}:%d/"
#define HERE  .address = "127.0.0.1"
#define TLS   "https://{address}:%d/", .host = "www.test", .ca_file = ca_file
    const struct trouble troubles[] = {
        { { "refuses", HERE, .url = PLAIN, .port_of = "refuses" }, "connection refused" },
        { { "refuses-tcp", HERE, .url = "tcp://{address}:%d", .port_of = "refuses" },
          "connection refused" },
        { { "hangs", HERE, .url = PLAIN, .port_of = "hang" }, "timed out after 2500 ms" },
        { { "tls-hangs", HERE, .url = TLS, .port_of = "hang" }, "timed out after 2500 ms" },
        { { "error", HERE, .url = PLAIN, .port_of = "error" }, "status 503, expected 200" },
        { { "wrong-status", HERE, .url = PLAIN, .port_of = "up", .status = 204 },
          "status 200, expected 204" },
        { { "redirect", HERE, .url = PLAIN, .port_of = "redirect" }, "status 302, expected 200" },
        { { "wrong-body", HERE, .url = PLAIN, .port_of = "wrong-body", .body = "systems ok" },
          "body does not contain \"systems ok\"" },
        { { "no-body", HERE, .url = PLAIN, .port_of = "no-content", .body = "ok", .status = 204 },
          "body does not contain \"ok\"" },
        { { "slow-body", HERE, .url = PLAIN, .port_of = "slow-body" }, "timed out after 2500 ms" },
        { { "endless", HERE, .url = PLAIN, .port_of = "endless-body", .body = "ok" },
          "body does not contain \"ok\"" },
        { { "headers", HERE, .url = PLAIN, .port_of = "endless-headers" }, "headers are longer" },
        { { "header", HERE, .url = PLAIN, .port_of = "endless-header" },
          "a header line that is too long" },
        { { "early", HERE, .url = PLAIN, .port_of = "early-close" },
          "closed before the answer was complete" },
        { { "silence", HERE, .url = PLAIN, .port_of = "silence" }, "closed without an answer" },
        { { "reset", HERE, .url = PLAIN, .port_of = "reset" }, "connection reset" },
        { { "garbage", HERE, .url = PLAIN, .port_of = "garbage" }, "not HTTP" },
        { { "no-tls", HERE, .url = TLS, .port_of = "banner" }, "TLS: " },
        { { "expired", HERE, .url = TLS, .port_of = "tls-expired" },
          "certificate: certificate has expired" },
        { { "wrong-name", HERE, .url = TLS, .port_of = "tls-wrong-name" },
          "certificate: no alternative certificate subject name matches" },
        { { "unknown-ca", HERE, .url = TLS, .port_of = "tls-unknown-ca" }, "certificate: " },
        { { "system-ca", HERE, .url = "https://{address}:%d/", .host = "www.test",
            .port_of = "tls-good" },
          has_authorities ? "certificate: " : "the system has no certificate authorities" },
        { { "no-ca-file", HERE, .url = "https://{address}:%d/", .host = "www.test",
            .port_of = "tls-good", .ca_file = "/nowhere/ca.pem" },
          "ca_file /nowhere/ca.pem cannot be used" },
        { { "nxdomain", .cname = "nx.example", .url = "http://{cname}:%d/", .port_of = "up" },
          "nx.example does not exist (NXDOMAIN)" },
        { { "name-hangs", .cname = "hang.example", .url = "http://{cname}:%d/", .port_of = "up" },
          "timed out after 2500 ms, resolving hang.example" },
        { { "no-address", .cname = "empty.example", .url = "http://{cname}:%d/", .port_of = "up" },
          "empty.example has no address" },
        { { "elsewhere", .cname = "elsewhere.example", .url = "http://{cname}:%d/",
            .port_of = "up" },
          "connection refused" },
        { { "one-of-two", .cname = "two.example", .url = "http://{cname}:%d/", .port_of = "up",
            .min_up = 2 },
          "connection refused" },
        { { "too-few", .cname = "up.example", .url = "http://{cname}:%d/", .port_of = "up",
            .min_up = 2 },
          "up.example has 1 address, min_up is 2" },
        { { "bad-url", HERE, .url = "http://{cname}/" }, "the check's URL wants {cname}" },
    };
    struct subject subjects[COUNT_OF(troubles)];
    struct stage stage;

    for (size_t i = 0; i < COUNT_OF(troubles); i++) {
        subjects[i] = troubles[i].subject;
        subjects[i].timeout_ms = 2500; /* on a busy machine peers are slow: time is not their trouble */
    }
    stage_init(&stage, subjects, COUNT_OF(subjects), &peers);
    struct health *health = start(&stage);
    await_ready(PATIENCE_MS);
    for (size_t i = 0; i < COUNT_OF(troubles); i++) {
        struct health_status status = status_of(health, subjects[i].name, 0);
        struct fake_heard heard = fake_world_heard(&hub, subjects[i].name, 0);
        if (strstr(status.error, troubles[i].sentence) == NULL)
            fail_msg("%s: \"%s\", not \"%s\"", subjects[i].name, status.error,
                     troubles[i].sentence);
        assert_int_equal(status.verdict, HEALTH_DOWN);
        assert_int_equal(heard.n > 0, 1);
        assert_false(heard.is_up);
    }
    stop(health);
    stage_fini(&stage);
}

static void what_is_well_is_up(void **state)
{
    bool has_v6 = peers_port(&peers, "six") != 0;
    char second[32];
    snprintf(second, sizeof second, "127.0.0.2:%d", peers_port(&peers, "second"));
    const struct subject subjects[] = {
        { "http", HERE, .url = PLAIN, .port_of = "up", .body = "systems ok" },
        { "tcp", HERE, .url = "tcp://{address}:%d", .port_of = "up" },
        { "https", HERE, .url = TLS, .port_of = "tls-good", .body = "ok" },
        { "no-content", HERE, .url = PLAIN, .port_of = "no-content", .status = 204 },
        { "found-soon", HERE, .url = PLAIN, .port_of = "slow-body", .body = "...." },
        { "endless", HERE, .url = PLAIN, .port_of = "endless-body" },
        { "cname", .cname = "up.example", .url = "http://{cname}:%d/", .port_of = "up" },
        { "alias", .cname = "alias.example", .url = "http://{cname}:%d/", .port_of = "up" },
        { "half", .cname = "half.example", .url = "http://{cname}:%d/", .port_of = "up" },
        { "one-of-two", .cname = "two.example", .url = "http://{cname}:%d/", .port_of = "up" },
        { "fixed", .cname = "nx.example", .url = "http://{cname}/", .probe = { second } },
        { "named-url", HERE, .url = "http://up.example:%d/{address}", .port_of = "up" },
        { "unchecked", HERE },
        { "six", .address = "::1", .url = PLAIN, .port_of = has_v6 ? "six" : "up" },
        { "six-name", .cname = "six.example", .url = "http://{cname}:%d/",
          .port_of = has_v6 ? "six" : "up" },
    };
    size_t n = COUNT_OF(subjects) - (has_v6 ? 0 : 2);
    struct stage stage;

    stage_init(&stage, subjects, n, &peers);
    struct health *health = start(&stage);
    await_ready(PATIENCE_MS);
    for (size_t i = 0; i < n; i++) {
        struct health_status status = status_of(health, subjects[i].name, 0);
        if (status.verdict != HEALTH_UP)
            fail_msg("%s: %s", subjects[i].name, status.error);
        if (subjects[i].url == NULL) {
            assert_false(status.is_checked);
            continue;
        }
        assert_true(fake_world_heard(&hub, subjects[i].name, 0).is_up);
        assert_true(status.rtt_us > 0);
        assert_true(status.since_ms > 0 && status.last_probe_ms >= status.since_ms);
    }
    assert_string_equal(peers_seen(&peers, "second").host, "nx.example");
    stop(health);
    stage_fini(&stage);
}

static void each_address_is_asked_as_itself_for_the_checks_host(void **state)
{
    const struct subject subjects[] = { { "tls", HERE, .url = TLS, .port_of = "tls-good" },
                                        { "plain", HERE, .second = "127.0.0.2",
                                          .url = "http://{address}:%d/", .host = "www.test",
                                          .port_of = "second" } };
    struct stage stage;

    stage_init(&stage, subjects, COUNT_OF(subjects), &peers);
    struct health *health = start(&stage);
    await_ready(PATIENCE_MS);
    struct peer_seen tls = peers_seen(&peers, "tls-good");
    assert_string_equal(tls.host, "www.test");
    assert_string_equal(tls.sni, "www.test");
    assert_string_equal(peers_seen(&peers, "second").host, "www.test");

    /* Nobody listens at the first address, but a verdict is per address. */
    assert_int_equal(status_of(health, "plain", 0).verdict, HEALTH_DOWN);
    assert_int_equal(status_of(health, "plain", 1).verdict, HEALTH_UP);
    assert_false(fake_world_heard(&hub, "plain", 0).is_up);
    assert_true(fake_world_heard(&hub, "plain", 1).is_up);
    stop(health);
    stage_fini(&stage);
}

static void a_proxy_in_the_environment_is_not_used(void **state)
{
    const struct subject subject = { "http", HERE, .url = PLAIN, .port_of = "up" };
    struct stage stage;

    setenv("http_proxy", "http://127.0.0.1:1", 1);
    stage_init(&stage, &subject, 1, &peers);
    struct health *health = start(&stage);
    await_ready(PATIENCE_MS);
    assert_int_equal(status_of(health, "http", 0).verdict, HEALTH_UP);
    stop(health);
    unsetenv("http_proxy");
    stage_fini(&stage);
}

static void a_target_that_dies_is_doubted_then_down_then_up_again(void **state)
{
    const struct subject subjects[] = { { "flip", HERE, .url = PLAIN, .port_of = "flip", .fall = 2,
                                          .rise = 2 },
                                        { "steady", HERE, .url = PLAIN, .port_of = "up" } };
    struct stage stage;
    struct fake_heard heard;

    peers_set(&peers, "flip", "up");
    stage_init(&stage, subjects, 2, &peers);
    struct health *health = start(&stage);
    await_ready(PATIENCE_MS);
    assert_true(fake_world_heard(&hub, "flip", 0).horizon_s == STEER_STEADY);

    peers_set(&peers, "flip", "error");
    do {
        nap_ms(1);
        heard = fake_world_heard(&hub, "flip", 0);
    } while (heard.is_up && heard.horizon_s == STEER_STEADY);
    assert_true(heard.is_up); /* doubted first */
    assert_int_equal(heard.horizon_s, 1);
    assert_in_range(await_heard("flip", 0, false, 4000), 700, 4000);
    assert_true(fake_world_heard(&hub, "flip", 0).horizon_s == STEER_STEADY);
    assert_string_equal(status_of(health, "flip", 0).error, "status 503, expected 200");

    peers_set(&peers, "flip", "up");
    await_heard("flip", 0, true, PATIENCE_MS);
    assert_int_equal(health_figures(health).transitions, 2);
    assert_int_equal(fake_world_heard(&hub, "steady", 0).n, 1);
    stop(health);
    stage_fini(&stage);
}

static void who_hangs_is_not_waited_for_longer_than_told(void **state)
{
    const struct subject subjects[] = {
        { "up", HERE, .url = PLAIN, .port_of = "up" },
        { "hangs", HERE, .url = PLAIN, .port_of = "hang", .timeout_ms = 9000 },
    };
    struct stage stage;

    stage_init(&stage, subjects, 2, &peers);
    stage.conf.conf.health.first_results_s = 3;
    int64_t from_us = clock_steady_us();
    struct health *health = start(&stage);
    await_heard("up", 0, true, 2800);
    assert_false(fake_world_is_ready(&hub));
    await_ready(PATIENCE_MS);
    assert_in_range((clock_steady_us() - from_us) / 1000, 2990, 8000);
    assert_int_equal(fake_world_heard(&hub, "hangs", 0).n, 0);
    assert_int_equal(status_of(health, "hangs", 0).verdict, HEALTH_UNKNOWN);

    from_us = clock_steady_us(); /* nor does the end wait for it */
    stop(health);
    assert_in_range((clock_steady_us() - from_us) / 1000, 0, 4000);
    stage_fini(&stage);
}

static void a_world_without_targets_is_ready_at_once(void **state)
{
    struct stage stage;

    stage_init(&stage, NULL, 0, &peers);
    struct health *health = start(&stage);
    await_ready(PATIENCE_MS);
    assert_int_equal(health_statuses(health, NULL, 0), 0);
    stop(health);
    stage_fini(&stage);
}

static void a_world_short_of_memory_hears_it_later(void **state)
{
    const struct subject subject = { "up", HERE, .url = PLAIN, .port_of = "up" };
    struct stage stage;

    stage_init(&stage, &subject, 1, &peers);
    fake_world_init(&hub, &stage.conf);
    hub.n_failures_wanted = 3;
    struct health *health;
    char why[WHY_LEN];
    assert_int_equal(health_start(&hub, &health, why), 0);
    await_ready(PATIENCE_MS);
    assert_true(fake_world_heard(&hub, "up", 0).is_up);
    stop(health);
    stage_fini(&stage);
}

static void a_reload_keeps_what_stays_and_calls_off_what_goes(void **state)
{
    const struct subject before[] = {
        { "gone", HERE, .url = PLAIN, .port_of = "hang", .timeout_ms = 1500 },
        { "stays", HERE, .url = PLAIN, .port_of = "error", .every_s = 60 },
        { "changes", HERE, .url = PLAIN, .port_of = "up", .every_s = 60 },
    };
    const struct subject after[] = {
        { "new", HERE, .url = PLAIN, .port_of = "up" },
        { "changes", HERE, .url = PLAIN, .port_of = "error", .every_s = 60 },
        { "stays", HERE, .url = PLAIN, .port_of = "error", .every_s = 60 },
    };
    struct stage first, second;

    stage_init(&first, before, 3, &peers);
    stage_init(&second, after, 3, &peers);
    second.resolver.port = (uint16_t)peers_port(&peers, "deaf-resolver");
    struct health *health = start(&first);
    await_heard("stays", 0, false, PATIENCE_MS);
    await_heard("changes", 0, true, PATIENCE_MS);
    while (health_figures(health).in_flight == 0) /* the one that hangs */
        nap_ms(1);
    int64_t since_ms = status_of(health, "stays", 0).since_ms;
    size_t n_told = fake_world_heard(&hub, "stays", 0).n;

    fake_world_change(&hub, &second.conf);
    health_reload(health);
    await_heard("new", 0, true, PATIENCE_MS);
    await_heard("changes", 0, false, PATIENCE_MS);
    assert_int_equal(first.conf.n_refs, 0);
    assert_int_equal(health_statuses(health, NULL, 0), 3);
    assert_int_equal(status_of(health, "stays", 0).verdict, HEALTH_DOWN);
    assert_int_equal(status_of(health, "stays", 0).since_ms, since_ms);
    assert_true(fake_world_heard(&hub, "stays", 0).n > n_told); /* the new world hears it too */
    nap_ms(1700);
    assert_int_equal(fake_world_heard(&hub, "gone", 0).n, 0);
    assert_int_equal(health_figures(health).in_flight, 0);
    stop(health);
    stage_fini(&first);
    stage_fini(&second);
}

static void reloads_in_a_row_leave_nothing_behind(void **state)
{
    const struct subject a[] = {
        { "name", .cname = "hang.example", .url = "http://{cname}:%d/", .port_of = "up" },
        { "flip", HERE, .url = PLAIN, .port_of = "hang" },
        { "tls", HERE, .url = TLS, .port_of = "tls-good" },
    };
    const struct subject b[] = {
        { "flip", HERE, .second = "127.0.0.2", .url = PLAIN, .port_of = "hang" },
        { "tcp", HERE, .url = "tcp://{address}:%d", .port_of = "up" },
    };
    struct stage stages[6];
    struct health *health = NULL;

    for (size_t i = 0; i < COUNT_OF(stages); i++) {
        stage_init(&stages[i], i % 2 == 0 ? a : b, i % 2 == 0 ? 3 : 2, &peers);
        if (i % 3 == 1)
            stages[i].resolver.port = (uint16_t)peers_port(&peers, "deaf-resolver");
    }
    health = start(&stages[0]);
    for (size_t i = 0; i < 30; i++) {
        nap_ms(15);
        fake_world_change(&hub, &stages[i % COUNT_OF(stages)].conf);
        health_reload(health);
    }
    stop(health);
    for (size_t i = 0; i < COUNT_OF(stages); i++)
        stage_fini(&stages[i]);
}

static void verdicts_outlive_a_restart(void **state)
{
    const struct subject subjects[] = {
        { "down", HERE, .url = PLAIN, .port_of = "flip", .every_s = 60 },
        { "up", HERE, .url = PLAIN, .port_of = "up", .every_s = 60 },
        { "changed", HERE, .url = PLAIN, .port_of = "up", .every_s = 60 },
    };
    struct stage stage;

    peers_set(&peers, "flip", "error");
    stage_init(&stage, subjects, 3, &peers);
    stage.conf.conf.server.state = state_folder;
    struct health *health = start(&stage);
    await_ready(PATIENCE_MS);
    int64_t since_ms = status_of(health, "down", 0).since_ms;
    stop(health);

    peers_set(&peers, "flip", "hang"); /* so that only what was saved can speak */
    stage.checks[2].rise = 7;
    health = start(&stage);
    await_heard("down", 0, false, PATIENCE_MS);
    assert_int_equal(status_of(health, "down", 0).verdict, HEALTH_DOWN);
    assert_int_equal(status_of(health, "down", 0).since_ms, since_ms);
    assert_int_equal(status_of(health, "up", 0).since_ms > 0, 1);
    await_ready(PATIENCE_MS); /* once the changed one has been probed */
    stop(health);
    peers_set(&peers, "flip", "up");
    stage_fini(&stage);
}

static void a_transition_is_saved_while_running(void **state)
{
    const struct subject subject = { "up", HERE, .url = PLAIN, .port_of = "up", .every_s = 60 };
    char path[160], copy[160], command[400];
    struct stage stage;

    stage_init(&stage, &subject, 1, &peers);
    snprintf(path, sizeof path, "%s/crash", peers.folder);
    snprintf(copy, sizeof copy, "%s/crash-copy", peers.folder);
    stage.conf.conf.server.state = path;
    struct health *health = start(&stage);
    await_ready(PATIENCE_MS);
    nap_ms(1300);
    snprintf(command, sizeof command, "cp -r %s %s", path, copy); /* as a crash leaves it */
    assert_int_equal(system(command), 0);
    int64_t since_ms = status_of(health, "up", 0).since_ms;
    stop(health);

    stage.conf.conf.server.state = copy;
    health = start(&stage);
    assert_int_equal(status_of(health, "up", 0).since_ms, since_ms);
    stop(health);
    stage_fini(&stage);
}

static void a_broken_state_folder_costs_a_line_only(void **state)
{
    const struct subject subject = { "up", HERE, .url = PLAIN, .port_of = "up" };
    struct stage stage;

    stage_init(&stage, &subject, 1, &peers);
    stage.conf.conf.server.state = "/proc/self/nothing";
    struct health *health = start(&stage);
    await_ready(PATIENCE_MS);
    assert_int_equal(status_of(health, "up", 0).verdict, HEALTH_UP);
    stop(health);
    stage_fini(&stage);
}

/* With few descriptors probes wait in line, and all have their turn. */
static void many_that_hang_do_not_exhaust_descriptors(void **state)
{
    enum { N = 150 };
    static struct subject subjects[N];
    static char names[N][8];
    struct rlimit former, few = { 80, 80 };
    struct stage stage;

    for (int i = 0; i < N; i++) {
        snprintf(names[i], sizeof names[i], "t%d", i);
        subjects[i] =
            (struct subject){ names[i], HERE, .url = PLAIN, .port_of = "hang", .timeout_ms = 300 };
    }
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &former), 0);
    few.rlim_max = former.rlim_max;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
    stage_init(&stage, subjects, N, &peers);
    struct health *health = start(&stage);
    await_ready(PATIENCE_MS);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &former), 0);
    for (int i = 0; i < N; i++) {
        struct health_status status = status_of(health, names[i], 0);
        assert_int_equal(status.verdict, HEALTH_DOWN);
        assert_non_null(strstr(status.error, "timed out"));
    }
    stop(health);
    stage_fini(&stage);
}

/* Our own trouble is no verdict. */
static void without_descriptors_verdicts_stay_as_they_are(void **state)
{
    const struct subject subjects[] = {
        { "http", HERE, .url = PLAIN, .port_of = "up", .fall = 1 },
        { "tcp", HERE, .url = "tcp://{address}:%d", .port_of = "up", .fall = 1 },
    };
    struct rlimit former, none = { 0, 0 };
    struct stage stage;

    stage_init(&stage, subjects, 2, &peers);
    struct health *health = start(&stage);
    await_ready(PATIENCE_MS);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &former), 0);
    none.rlim_max = former.rlim_max;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
    nap_ms(2500);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &former), 0);
    for (int i = 0; i < 2; i++) {
        struct health_status status = status_of(health, subjects[i].name, 0);
        assert_int_equal(status.verdict, HEALTH_UP);
        assert_string_equal(status.error, "too many open files");
    }
    assert_int_equal(health_figures(health).probes_down, 0);
    stop(health);
    stage_fini(&stage);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_kind_of_trouble_has_its_sentence),
        cmocka_unit_test(what_is_well_is_up),
        cmocka_unit_test(each_address_is_asked_as_itself_for_the_checks_host),
        cmocka_unit_test(a_proxy_in_the_environment_is_not_used),
        cmocka_unit_test(a_target_that_dies_is_doubted_then_down_then_up_again),
        cmocka_unit_test(who_hangs_is_not_waited_for_longer_than_told),
        cmocka_unit_test(a_world_without_targets_is_ready_at_once),
        cmocka_unit_test(a_world_short_of_memory_hears_it_later),
        cmocka_unit_test(a_reload_keeps_what_stays_and_calls_off_what_goes),
        cmocka_unit_test(reloads_in_a_row_leave_nothing_behind),
        cmocka_unit_test(verdicts_outlive_a_restart),
        cmocka_unit_test(a_transition_is_saved_while_running),
        cmocka_unit_test(a_broken_state_folder_costs_a_line_only),
        cmocka_unit_test(many_that_hang_do_not_exhaust_descriptors),
        cmocka_unit_test(without_descriptors_verdicts_stay_as_they_are),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}

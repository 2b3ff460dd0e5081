/* play.c - runs the plays named on the command line; the exit status says whether all held. */
#include "play.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <waymark/report.h>

enum { LINE_LEN = 1024 };

void play_fail(struct play *p, const char *format, ...)
{
    va_list args;

    fprintf(stderr, "%s:%d: ", p->path, p->line);
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fputc('\n', stderr);
    p->n_failures++;
}

/* ---- files ---- */

static char *read_line(struct play *p, FILE *in, char line[static LINE_LEN])
{
    if (fgets(line, LINE_LEN, in) == NULL)
        return NULL;
    p->line++;
    line[strcspn(line, "\n")] = '\0';
    return line;
}

/* The folder of every part of the path. */
static void make_folders(const char *path)
{
    char part[256];

    for (const char *slash = strchr(path, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        snprintf(part, sizeof part, "%.*s", (int)(slash - path), path);
        mkdir(part, 0755);
    }
}

static void write_file(struct play *p, FILE *in, char *path)
{
    char line[LINE_LEN];
    char *end = strstr(path, " <<");

    if (end != NULL)
        *end = '\0';
    make_folders(path);
    FILE *out = fopen(path, "w");
    if (out == NULL) {
        play_fail(p, "cannot write %s", path);
        exit(1);
    }
    while (read_line(p, in, line) != NULL && strcmp(line, ".") != 0)
        fprintf(out, "%s\n", line);
    fclose(out);
}

static void use_file(struct play *p, const char *root, const char *path)
{
    char from[512];

    make_folders(path);
    snprintf(from, sizeof from, "%s/%s", root, path);
    if (symlink(from, path) != 0)
        play_fail(p, "cannot use %s", path);
}

/* ---- the world ---- */

static void load(struct play *p)
{
    struct report *report = report_new();
    struct conf *conf = conf_load("waymark.conf", report);

    if (conf == NULL || !world_load(p->hub, conf, report)) {
        play_fail(p, "the configuration does not load:");
        report_print(report, stderr);
        conf_unref(conf);
        report_free(report);
        exit(1);
    }
    report_free(report);
    conf_unref(p->conf);
    p->conf = conf;
    if (!p->waits_for_ready)
        world_set_ready(p->hub);
    p->is_loaded = true;
}

static const struct conf_target *find_target(const struct play *p, const char *name)
{
    for (size_t i = 0; i < p->conf->n_targets; i++)
        if (strcmp(p->conf->targets[i].name, name) == 0)
            return &p->conf->targets[i];
    return NULL;
}

static struct track *track_of(struct play *p, const struct conf_target *t, unsigned address)
{
    for (size_t i = 0; i < p->n_tracks; i++)
        if (p->tracks[i].address == address && strcmp(p->tracks[i].target, t->name) == 0)
            return &p->tracks[i].track;
    const struct conf_check *check = &p->conf->checks[t->check];
    struct play_track *fresh = &p->tracks[p->n_tracks++];
    snprintf(fresh->target, sizeof fresh->target, "%s", t->name);
    fresh->address = address;
    track_init(&fresh->track, &(struct track_rule){ check->fall, check->rise, check->every_s });
    return &fresh->track;
}

/* As the health thread: a result to the track, the track's verdict to the world. */
static void feed(struct play *p, const struct conf_target *t, unsigned address, bool is_up)
{
    struct track *track = track_of(p, t, address);
    enum health_verdict verdict = track_feed(track, is_up, p->now_ms);
    struct world_verdict v = { .target = t->name,
                               .address = (uint8_t)address,
                               .is_up = verdict == HEALTH_UP,
                               .horizon_s = track_horizon_s(track) };

    world_set_verdicts(p->hub, &v, 1, NULL);
}

/* "tokyo down 3 times", "tokyo/1 up" */
static void probe(struct play *p, char *text)
{
    char name[64], what[16];
    int times = 1, address = -1;

    if (sscanf(text, "%63s %15s %d", name, what, &times) < 2) {
        play_fail(p, "no probe: %s", text);
        return;
    }
    char *slash = strchr(name, '/');
    if (slash != NULL) {
        *slash = '\0';
        address = atoi(slash + 1);
    }
    const struct conf_target *t = find_target(p, name);
    if (t == NULL || t->check == CONF_NONE) {
        play_fail(p, "no target with a check: %s", name);
        return;
    }
    unsigned n = t->cname != NULL ? 1 : (unsigned)t->n_addresses;
    for (int i = 0; i < times; i++)
        for (unsigned a = 0; a < n; a++)
            if (address < 0 || (unsigned)address == a)
                feed(p, t, a, strcmp(what, "up") == 0);
}

/* ---- questions ---- */

struct question {
    struct wire_query query;
    struct addr from;
    enum dns_transport transport;
    unsigned n_resolvers; /* 0: just `from` */
};

static bool read_subnet(const char *text, struct wire_ecs *ecs)
{
    struct prefix prefix;

    if (!prefix_parse(text, &prefix))
        return false;
    *ecs = (struct wire_ecs){ .is_present = true,
                              .family = prefix.addr.family == 4 ? 1 : 2,
                              .source_bits = prefix.bits };
    if (prefix.bits > 0)
        ecs->addr = prefix.addr;
    return true;
}

static bool read_clause(struct question *q, const char *word, const char *value)
{
    if (strcmp(word, "from") == 0) {
        q->n_resolvers = strchr(value, '.') == NULL && strchr(value, ':') == NULL
                             ? (unsigned)atoi(value)
                             : 0;
        return q->n_resolvers > 0 || addr_parse(value, &q->from);
    }
    if (strcmp(word, "subnet") == 0)
        return read_subnet(value, &q->query.edns.ecs);
    if (strcmp(word, "opcode") == 0) {
        q->query.flags = (uint16_t)(atoi(value) << 11);
        return true;
    }
    if (strcmp(word, "class") == 0) {
        q->query.class = (uint16_t)atoi(value);
        return true;
    }
    if (strcmp(word, "version") == 0) {
        q->query.edns.version = (uint8_t)atoi(value);
        return true;
    }
    if (strcmp(word, "size") == 0) {
        q->query.edns.udp_size = (uint16_t)atoi(value);
        return true;
    }
    q->transport = DNS_TCP;
    return strcmp(word, "over") == 0 && strcmp(value, "tcp") == 0;
}

static bool read_question(char *text, struct question *q)
{
    char *save;
    const char *name = strtok_r(text, " ", &save), *type = strtok_r(NULL, " ", &save);

    *q = (struct question){ .query = { .id = 1, .class = WIRE_CLASS_IN } };
    q->query.edns = (struct wire_edns){ .is_present = true, .udp_size = 1232 };
    if (name == NULL || type == NULL || !wire_name_from_text(name, &q->query.name))
        return false;
    q->query.type = wire_type_from_text(type);
    for (char *w = strtok_r(NULL, " ", &save); w != NULL; w = strtok_r(NULL, " ", &save)) {
        const char *value = strcmp(w, "resolvers") == 0 ? NULL : strtok_r(NULL, " ", &save);
        if (value != NULL && !read_clause(q, w, value))
            return false;
    }
    return q->query.type != 0;
}

static void ask_once(struct play *p, const struct question *q)
{
    uint8_t packet[512];
    struct dns_in in = { .octets = packet,
                         .len = wire_query_write(packet, sizeof packet, &q->query),
                         .from = q->from,
                         .transport = q->transport };
    struct dns_out out = { .octets = p->octets, .cap = sizeof p->octets };
    struct world_hold *hold;

    memcpy(p->former, p->octets, p->len);
    p->former_len = p->len;
    p->desk.now_ms = p->now_ms;
    dns_answer_batch(world_hold(p->hub, &hold), &p->desk, &in, &out, 1);
    world_release(hold);
    p->len = out.len;
    ldns_pkt_free(p->answer);
    p->answer = NULL;
    if (out.len > 0 && ldns_wire2pkt(&p->answer, p->octets, p->len) != LDNS_STATUS_OK)
        play_fail(p, "ldns cannot read the answer");
}

static void count_share(struct play *p)
{
    char who[256] = "nobody";
    size_t i = 0;

    if (p->answer != NULL && ldns_pkt_ancount(p->answer) > 0)
        play_who(p, ldns_rr_list_rr(ldns_pkt_answer(p->answer), 0), who);
    while (i < p->n_shares && strcmp(p->shares[i].who, who) != 0)
        i++;
    if (i == PLAY_SHARES_MAX)
        return;
    if (i == p->n_shares) {
        snprintf(p->shares[i].who, sizeof p->shares[i].who, "%s", who);
        p->shares[p->n_shares++].n = 0;
    }
    p->shares[i].n++;
}

/* Resolvers in /24s of their own: 10.0.0.1, 10.0.1.1, ... */
static void ask(struct play *p, char *text)
{
    struct question q;

    if (!read_question(text, &q)) {
        play_fail(p, "no question");
        return;
    }
    p->n_shares = 0;
    p->n_asked = q.n_resolvers;
    if (q.n_resolvers == 0)
        ask_once(p, &q);
    for (unsigned i = 0; i < q.n_resolvers; i++) {
        q.from = (struct addr){ .family = 4,
                                .octets = { 10, (uint8_t)(i >> 8), (uint8_t)i, 1 } };
        ask_once(p, &q);
        count_share(p);
    }
}

/* ---- the play ---- */

static void go_to(struct play *p, const char *text)
{
    int64_t to_ms = (int64_t)(atof(text) * 1000) + 1700000000000;

    if (to_ms < p->now_ms)
        play_fail(p, "the clock never goes back");
    p->now_ms = to_ms;
}

static void run_line(struct play *p, FILE *in, const char *root, char *line)
{
    char *rest = strchr(line, ' ');
    static const char *const on_world[] = { "ask", "probe", "ready", "reload" };

    if (line[0] == '\0' || line[0] == '#')
        return;
    if (rest != NULL)
        *rest++ = '\0';
    for (size_t i = 0; i < sizeof on_world / sizeof *on_world; i++)
        if (!p->is_loaded && strcmp(line, on_world[i]) == 0)
            load(p);
    if (strcmp(line, "file") == 0)
        write_file(p, in, rest);
    else if (strcmp(line, "use") == 0)
        use_file(p, root, rest);
    else if (strcmp(line, "starting") == 0)
        p->waits_for_ready = true;
    else if (strcmp(line, "ready") == 0)
        world_set_ready(p->hub);
    else if (strcmp(line, "reload") == 0)
        load(p);
    else if (strcmp(line, "at") == 0)
        go_to(p, rest);
    else if (strcmp(line, "probe") == 0)
        probe(p, rest);
    else if (strcmp(line, "ask") == 0)
        ask(p, rest);
    else if (strcmp(line, "expect") == 0)
        play_expect(p, rest);
    else
        play_fail(p, "no such line: %s", line);
}

static void enter_folder(struct play *p)
{
    strcpy(p->folder, "/tmp/waymark-play-XXXXXX");
    if (mkdtemp(p->folder) == NULL || chdir(p->folder) != 0) {
        perror(p->folder);
        exit(1);
    }
}

static void remove_folder(const struct play *p, const char *root)
{
    char command[128];

    if (chdir(root) != 0)
        return;
    snprintf(command, sizeof command, "rm -r %s", p->folder);
    if (system(command) != 0)
        fprintf(stderr, "%s is left behind\n", p->folder);
}

static bool run(const char *path, const char *root)
{
    struct play *p = calloc(1, sizeof *p);
    FILE *in = fopen(path, "r");
    char line[LINE_LEN];

    if (in == NULL || p == NULL) {
        perror(path);
        exit(1);
    }
    p->path = path;
    p->now_ms = 1700000000000;
    p->hub = world_hub_new();
    p->desk.bank = counter_bank_new();
    p->desk.rates = dns_rates_new();
    rng_seed(&p->desk.rng, 1);
    enter_folder(p);
    while (read_line(p, in, line) != NULL)
        run_line(p, in, root, line);
    if (p->n_expectations == 0)
        play_fail(p, "a play without an expectation proves nothing");
    bool is_good = p->n_failures == 0;
    fclose(in);
    remove_folder(p, root);
    ldns_pkt_free(p->answer);
    world_hub_free(p->hub);
    counter_bank_free(p->desk.bank);
    dns_rates_free(p->desk.rates);
    conf_unref(p->conf);
    free(p);
    return is_good;
}

int main(int argc, char **argv)
{
    char *root = getcwd(NULL, 0);
    int n_failed = 0;

    for (int i = 1; i < argc; i++)
        n_failed += !run(argv[i], root);
    free(root);
    return n_failed > 0 || argc < 2;
}

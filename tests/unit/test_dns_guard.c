/* test_dns_guard.c - cookies, keepalive, strictness and rates, as answers show them. */
#include "cm.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <waymark/dns.h>
#include <waymark/report.h>
#include <waymark/world.h>

#include "wire/wire_opt.h"

static const char zone_text[] =
    "$ORIGIN x.example.\n$TTL 60\n@ SOA ns1 h 1 2 3 4 5\n@ NS ns1\n@ NS ns2\n"
    "ns1 A 192.0.2.1\nns2 A 192.0.2.2\nwww A 192.0.2.3\n"
    "big TXT \"" "0123456789012345678901234567890123456789012345678901234567890123456789"
    "0123456789012345678901234567890123456789012345678901234567890123456789\"\n"
    "sub NS ns.elsewhere.example.\nsub NS ns2.elsewhere.example.\n";

enum { NOW_MS = 1700000 };

struct stage {
    char zone[32];
    struct world_hub *hub;
    struct dns_desk *desk;
    uint8_t query[512], answer[65535];
    size_t query_len, len;
    struct addr from;
    enum dns_transport transport;
    uint8_t cookie[40];
    size_t cookie_len; /* sent with the next query */
};

static struct stage *open_stage(const char *server)
{
    struct stage *s = calloc(1, sizeof *s);
    struct report *report = report_new();
    char text[2048];

    strcpy(s->zone, "/tmp/waymark-zone-XXXXXX");
    FILE *out = fdopen(mkstemp(s->zone), "w");
    fputs(zone_text, out);
    fclose(out);
    snprintf(text, sizeof text,
             "server: { state = \"/nonexistent\"; %s };\n"
             "zones: ( { name = \"x.example\"; file = \"%s\"; } );\n",
             server, s->zone);
    struct conf *conf = conf_parse(text, strlen(text), "test.conf", report);
    s->hub = world_hub_new();
    if (conf == NULL || !world_load(s->hub, conf, report))
        report_print(report, stderr);
    assert_int_equal(report_errors(report), 0);
    conf_unref(conf);
    report_free(report);
    s->desk = calloc(1, sizeof *s->desk);
    s->desk->rates = dns_rates_new();
    s->desk->now_ms = NOW_MS;
    assert_true(addr_parse("192.0.2.77", &s->from));
    return s;
}

static void close_stage(struct stage *s)
{
    unlink(s->zone);
    world_hub_free(s->hub);
    dns_rates_free(s->desk->rates);
    free(s->desk);
    free(s);
}

static void add_option(struct stage *s, uint16_t code, const void *data, size_t len)
{
    uint8_t *opt = s->query + s->query_len;

    for (size_t at = WIRE_HEADER_LEN;; at += 1 + s->query[at])
        if (s->query[at] == 0) {
            opt = s->query + at + 5;
            break;
        }
    wire_put16(s->query + s->query_len, code);
    wire_put16(s->query + s->query_len + 2, (uint16_t)len);
    if (len > 0)
        memcpy(s->query + s->query_len + 4, data, len);
    s->query_len += 4 + len;
    wire_put16(opt + 9, (uint16_t)(wire_get16(opt + 9) + 4 + len));
}

static void make_query(struct stage *s, const char *name, uint16_t type)
{
    struct wire_query q = { .id = 7, .type = type, .class = WIRE_CLASS_IN };

    assert_true(wire_name_from_text(name, &q.name));
    q.edns = (struct wire_edns){ .is_present = true, .udp_size = 1232 };
    s->query_len = wire_query_write(s->query, sizeof s->query, &q);
    if (s->cookie_len > 0)
        add_option(s, WIRE_OPTION_COOKIE, s->cookie, s->cookie_len);
}

static void send_query(struct stage *s)
{
    struct world_hold *hold;
    const struct world *world = world_hold(s->hub, &hold);
    struct dns_in in = { .octets = s->query,
                         .len = s->query_len,
                         .from = s->from,
                         .transport = s->transport,
                         .keepalive_ds = 123 };
    struct dns_out out = { .octets = s->answer, .cap = sizeof s->answer };

    dns_answer_batch(world, s->desk, &in, &out, 1);
    world_release(hold);
    s->len = out.len;
}

static void ask(struct stage *s, const char *name, uint16_t type)
{
    make_query(s, name, type);
    send_query(s);
}

static void learn_cookie(struct stage *s)
{
    memcpy(s->cookie, "abcdefgh", 8);
    s->cookie_len = 8;
    ask(s, "www.x.example", WIRE_A);
}

/* Where OPT begins: its owner is the root, and nothing before it in our answers looks so. */
static const uint8_t *opt_of(const struct stage *s)
{
    for (size_t at = WIRE_HEADER_LEN; at + WIRE_OPT_FIXED <= s->len; at++) {
        const uint8_t *p = s->answer + at;
        size_t rdlen = wire_get16(p + 9);
        if (p[0] == 0 && wire_get16(p + 1) == WIRE_OPT && at + WIRE_OPT_FIXED + rdlen == s->len)
            return p;
    }
    return NULL;
}

static const uint8_t *option(const struct stage *s, uint16_t code, size_t *len)
{
    const uint8_t *opt = opt_of(s);

    for (const uint8_t *p = opt + WIRE_OPT_FIXED; opt != NULL && p < s->answer + s->len;
         p += 4 + wire_get16(p + 2)) {
        if (wire_get16(p) != code)
            continue;
        *len = wire_get16(p + 2);
        return p + 4;
    }
    return NULL;
}

static unsigned rcode(const struct stage *s)
{
    const uint8_t *opt = opt_of(s);

    return (s->answer[3] & 15u) | (opt == NULL ? 0u : (unsigned)opt[5] << 4);
}

static unsigned records(const struct stage *s)
{
    return wire_get16(s->answer + 6);
}

static bool is_truncated(const struct stage *s)
{
    return (s->answer[2] & 2) != 0;
}

/* Takes the answer's cookie over for the next query. */
static void keep_cookie(struct stage *s)
{
    size_t len;
    const uint8_t *cookie = option(s, WIRE_OPTION_COOKIE, &len);

    assert_non_null(cookie);
    assert_int_equal(len, 24);
    assert_memory_equal(cookie, s->cookie, 8);
    memcpy(s->cookie, cookie, len);
    s->cookie_len = len;
}

/* ---- cookies ---- */

static void who_sends_a_cookie_gets_ours_and_keeps_it(void **state)
{
    struct stage *s = open_stage("");
    size_t len;

    ask(s, "www.x.example", WIRE_A);
    assert_null(option(s, WIRE_OPTION_COOKIE, &len));
    learn_cookie(s);
    assert_int_equal(records(s), 1);
    keep_cookie(s);
    ask(s, "no.x.example", WIRE_A);
    assert_int_equal(rcode(s), WIRE_NXDOMAIN);
    assert_memory_equal(option(s, WIRE_OPTION_COOKIE, &len), s->cookie, 24);
    s->cookie[20] ^= 1;
    ask(s, "www.x.example", WIRE_A); /* a bad one is answered, too: it is not required */
    assert_int_equal(records(s), 1);
    assert_int_equal(s->desk->counts.cookies[DNS_COOKIE_NEW], 1);
    assert_int_equal(s->desk->counts.cookies[DNS_COOKIE_GOOD], 1);
    assert_int_equal(s->desk->counts.cookies[DNS_COOKIE_BAD], 1);
    close_stage(s);
}

static void a_cookie_of_an_odd_length_is_a_format_error(void **state)
{
    struct stage *s = open_stage("");

    memset(s->cookie, 'c', sizeof s->cookie);
    for (size_t len = 0; len <= 40; len++) {
        s->cookie_len = 0;
        make_query(s, "www.x.example", WIRE_A);
        add_option(s, WIRE_OPTION_COOKIE, s->cookie, len);
        send_query(s);
        bool is_sound = len == 8 || len >= 16;
        assert_int_equal(rcode(s), is_sound ? WIRE_NOERROR : WIRE_FORMERR);
    }
    close_stage(s);
}

static void of_two_cookies_the_first_counts(void **state)
{
    struct stage *s = open_stage("");
    size_t len;

    learn_cookie(s);
    make_query(s, "www.x.example", WIRE_A);
    add_option(s, WIRE_OPTION_COOKIE, "ijklmnop", 8);
    send_query(s);
    assert_int_equal(rcode(s), WIRE_NOERROR);
    assert_memory_equal(option(s, WIRE_OPTION_COOKIE, &len), "abcdefgh", 8);
    close_stage(s);
}

/* Header, OPT, cookie. */
static void send_nothing_but_a_cookie(struct stage *s, unsigned opcode)
{
    memset(s->query, 0, WIRE_HEADER_LEN + WIRE_OPT_FIXED);
    s->query[2] = (uint8_t)(opcode << 3);
    s->query[11] = 1;
    wire_put16(s->query + 13, WIRE_OPT);
    wire_put16(s->query + 21, (uint16_t)(4 + s->cookie_len));
    wire_put16(s->query + 23, WIRE_OPTION_COOKIE);
    wire_put16(s->query + 25, (uint16_t)s->cookie_len);
    memcpy(s->query + 27, s->cookie, s->cookie_len);
    s->query_len = 27 + s->cookie_len;
    send_query(s);
}

/* RFC 7873 5.4. */
static void a_cookie_without_a_question_is_answered_with_ours(void **state)
{
    struct stage *s = open_stage("");

    memcpy(s->cookie, "abcdefgh", 8);
    s->cookie_len = 8;
    send_nothing_but_a_cookie(s, 0);
    assert_int_equal(rcode(s), WIRE_NOERROR);
    assert_int_equal(s->len, 12 + 11 + 28);
    keep_cookie(s);
    send_nothing_but_a_cookie(s, 0);
    assert_int_equal(rcode(s), WIRE_NOERROR);
    s->cookie[23] ^= 1;
    send_nothing_but_a_cookie(s, 0);
    assert_int_equal(rcode(s), WIRE_BADCOOKIE);
    s->cookie_len = 9; /* malformed */
    send_nothing_but_a_cookie(s, 0);
    assert_int_equal(rcode(s), WIRE_FORMERR);
    for (unsigned opcode = 1; opcode < 16; opcode++) { /* where no cookie is looked for */
        s->cookie_len = opcode % 2 == 0 ? 24 : 9;
        send_nothing_but_a_cookie(s, opcode);
        assert_true(rcode(s) != WIRE_NOERROR && rcode(s) != WIRE_BADCOOKIE);
    }
    close_stage(s);
}

static void where_cookies_are_off_nobody_gets_one(void **state)
{
    struct stage *s = open_stage("cookies = \"off\";");
    size_t len;

    learn_cookie(s);
    assert_int_equal(records(s), 1);
    assert_null(option(s, WIRE_OPTION_COOKIE, &len));
    send_nothing_but_a_cookie(s, 0);
    assert_int_equal(rcode(s), WIRE_FORMERR);
    close_stage(s);
}

static void where_they_are_required_a_client_comes_back_with_ours(void **state)
{
    struct stage *s = open_stage("cookies = \"required\";");

    learn_cookie(s);
    assert_int_equal(rcode(s), WIRE_BADCOOKIE);
    assert_int_equal(records(s), 0);
    keep_cookie(s);
    ask(s, "www.x.example", WIRE_A);
    assert_int_equal(rcode(s), WIRE_NOERROR);
    assert_int_equal(records(s), 1);
    s->desk->now_ms += 3601 * 1000ll;
    ask(s, "www.x.example", WIRE_A);
    assert_int_equal(rcode(s), WIRE_BADCOOKIE);
    s->transport = DNS_TCP; /* where nobody is forged */
    ask(s, "www.x.example", WIRE_A);
    assert_int_equal(records(s), 1);
    s->transport = DNS_UDP; /* who knows no cookies is served */
    s->cookie_len = 0;
    ask(s, "www.x.example", WIRE_A);
    assert_int_equal(records(s), 1);
    assert_int_equal(s->desk->counts.bad_cookie_answers, 2);
    assert_int_equal(s->desk->counts.rcodes[DNS_UDP][WIRE_BADCOOKIE], 2);
    close_stage(s);
}

/* ---- keepalive ---- */

static void tcp_clients_that_ask_hear_how_long_they_are_kept(void **state)
{
    struct stage *s = open_stage("");
    size_t len;

    s->transport = DNS_TCP;
    make_query(s, "www.x.example", WIRE_A);
    add_option(s, WIRE_OPTION_KEEPALIVE, "", 0);
    send_query(s);
    const uint8_t *timeout = option(s, WIRE_OPTION_KEEPALIVE, &len);
    assert_non_null(timeout);
    assert_int_equal(len, 2);
    assert_int_equal(wire_get16(timeout), 123);
    ask(s, "www.x.example", WIRE_A);
    assert_null(option(s, WIRE_OPTION_KEEPALIVE, &len));
    close_stage(s);
}

static void over_udp_keepalive_is_ignored(void **state)
{
    struct stage *s = open_stage("");
    size_t len;

    make_query(s, "www.x.example", WIRE_A);
    add_option(s, WIRE_OPTION_KEEPALIVE, "", 0);
    send_query(s);
    assert_int_equal(records(s), 1);
    assert_null(option(s, WIRE_OPTION_KEEPALIVE, &len));
    close_stage(s);
}

/* ---- strictness ---- */

static void strict_cuts_what_would_be_too_large_for_the_question(void **state)
{
    struct stage *s = open_stage("abuse = \"strict\"; abuse_factor = 3; nsid = \"0123456789\";");
    size_t len;

    ask(s, "www.x.example", WIRE_A);
    assert_int_equal(records(s), 1);
    make_query(s, "big.x.example", WIRE_TXT);
    add_option(s, WIRE_OPTION_NSID, "", 0);
    send_query(s);
    assert_true(is_truncated(s));
    assert_true(s->len <= 3 * s->query_len);
    assert_null(option(s, WIRE_OPTION_NSID, &len));
    assert_int_equal(s->desk->counts.strict_truncated, 1);
    s->transport = DNS_TCP;
    ask(s, "big.x.example", WIRE_TXT);
    assert_int_equal(records(s), 1);
    s->transport = DNS_UDP;
    learn_cookie(s);
    ask(s, "big.x.example", WIRE_TXT);
    assert_true(is_truncated(s));
    keep_cookie(s);
    ask(s, "big.x.example", WIRE_TXT);
    assert_int_equal(records(s), 1);
    assert_false(is_truncated(s));
    close_stage(s);
}

static void the_least_factor_leaves_room_for_every_answer_without_records(void **state)
{
    static const char *const questions[] = { ".", "x.example", "www.x.example", "big.x.example" };
    struct stage *s = open_stage("abuse = \"strict\"; abuse_factor = 2; nsid = \"0123456789\";");

    memset(s->cookie, 'c', sizeof s->cookie);
    for (size_t i = 0; i < COUNT_OF(questions); i++)
        for (size_t cookie_len = 0; cookie_len <= 40; cookie_len += 8) {
            s->cookie_len = 0;
            make_query(s, questions[i], WIRE_TXT);
            add_option(s, WIRE_OPTION_NSID, "", 0);
            if (cookie_len > 0)
                add_option(s, WIRE_OPTION_COOKIE, s->cookie, cookie_len);
            send_query(s);
            assert_in_range(s->len, WIRE_HEADER_LEN, 2 * s->query_len);
        }
    close_stage(s);
}

/* ---- rates ---- */

struct heard {
    unsigned n_full, n_empty, n_silent;
};

static struct heard ask_often(struct stage *s, const char *name, uint16_t type, unsigned n)
{
    struct heard heard = { 0 };

    for (unsigned i = 0; i < n; i++) {
        ask(s, name, type);
        if (s->len == 0)
            heard.n_silent++;
        else if (is_truncated(s))
            heard.n_empty++;
        else
            heard.n_full++;
    }
    return heard;
}

static void a_network_gets_its_rate_and_some_truncated(void **state)
{
    struct stage *s = open_stage("rate_limit: { answers_per_s = 10; slip = 2; };");
    struct heard h = ask_often(s, "www.x.example", WIRE_A, 120);

    assert_int_equal(h.n_full, 20);
    assert_int_equal(h.n_empty, 50);
    assert_int_equal(h.n_silent, 50);
    s->from.octets[3] = 200; /* the same /24 */
    assert_int_equal(ask_often(s, "www.x.example", WIRE_A, 2).n_full, 0);
    s->from.octets[2] = 200;
    assert_int_equal(ask_often(s, "www.x.example", WIRE_A, 2).n_full, 2);
    s->from.octets[2] = 2;
    s->desk->now_ms += 1000;
    assert_int_equal(ask_often(s, "www.x.example", WIRE_A, 100).n_full, 10);
    assert_int_equal(s->desk->counts.rate_slipped[CONF_KIND_ANSWER], 50 + 1 + 45);
    assert_int_equal(s->desk->counts.rate_dropped[CONF_KIND_ANSWER], 50 + 1 + 45);
    close_stage(s);
}

static void an_emptied_answer_has_its_question_and_its_cookie(void **state)
{
    struct stage *s = open_stage("rate_limit: { answers_per_s = 1; burst_s = 1; slip = 1; };");

    learn_cookie(s);
    learn_cookie(s);
    assert_true(is_truncated(s));
    assert_int_equal(records(s), 0);
    assert_int_equal(wire_get16(s->answer + 8), 0);
    assert_int_equal(wire_get16(s->answer + 10), 1);
    assert_memory_equal(s->answer + 12, s->query + 12, 19);
    keep_cookie(s); /* with which it is known from now on */
    assert_int_equal(ask_often(s, "www.x.example", WIRE_A, 1000).n_full, 1000);
    close_stage(s);
}

static void each_kind_has_its_own_limit(void **state)
{
    struct stage *s = open_stage("rate_limit: { answers_per_s = 50; nodata_per_s = 40;"
                                 " nxdomain_per_s = 30; referrals_per_s = 20; errors_per_s = 10;"
                                 " burst_s = 1; slip = 0; };");

    assert_int_equal(ask_often(s, "elsewhere.example", WIRE_A, 100).n_full, 10);
    assert_int_equal(ask_often(s, "a.sub.x.example", WIRE_A, 100).n_full, 20);
    assert_int_equal(ask_often(s, "no.x.example", WIRE_A, 100).n_full, 30);
    assert_int_equal(ask_often(s, "www.x.example", WIRE_MX, 100).n_full, 40);
    assert_int_equal(ask_often(s, "www.x.example", WIRE_A, 100).n_full, 50);
    assert_int_equal(s->desk->counts.rate_dropped[CONF_KIND_REFERRAL], 80);
    close_stage(s);
}

static void exempt_networks_and_tcp_are_not_limited(void **state)
{
    struct stage *s = open_stage("rate_limit: { answers_per_s = 1; slip = 0;"
                                 " exempt = [\"198.51.100.0/24\", \"192.0.2.64/26\"]; };");

    assert_int_equal(ask_often(s, "www.x.example", WIRE_A, 100).n_full, 100);
    assert_int_equal(s->desk->counts.rate_exempt, 98);
    s->from.octets[3] = 1;
    assert_int_equal(ask_often(s, "www.x.example", WIRE_A, 100).n_full, 0);
    s->transport = DNS_TCP;
    assert_int_equal(ask_often(s, "www.x.example", WIRE_A, 100).n_full, 100);
    close_stage(s);
}

static void a_limit_of_nothing_limits_nothing(void **state)
{
    struct stage *s = open_stage("rate_limit: { errors_per_s = 1; slip = 0; burst_s = 1; };");

    assert_int_equal(ask_often(s, "www.x.example", WIRE_A, 1000).n_full, 1000);
    assert_int_equal(ask_often(s, "elsewhere.example", WIRE_A, 1000).n_full, 1);
    close_stage(s);
}

/* The key's name is a pointer to the question's, and there is no signature. */
static void sign_poorly(struct stage *s)
{
    static const uint8_t tsig[] = "\xc0\x0c\0\372\0\377\0\0\0\0\0\x11"
                                  "\0\0\0\1\2\3\4\1\x2c\0\0\0\7\0\0\0";

    memcpy(s->query + s->query_len, tsig, sizeof tsig);
    s->query_len += sizeof tsig;
    s->query[11]++;
}

static void a_key_that_was_compressed_makes_no_long_answer(void **state)
{
    struct stage *s = open_stage("");

    make_query(s, "a-name-that-is-not-here-and-is-some-fifty-octets-long.x.example", WIRE_A);
    sign_poorly(s);
    send_query(s);
    assert_int_equal(s->answer[3] & 15, WIRE_NOTAUTH);
    assert_true(is_truncated(s));
    assert_true(s->len <= s->query_len);
    s->transport = DNS_TCP; /* where nobody is forged */
    send_query(s);
    assert_int_equal(s->answer[3] & 15, WIRE_NOTAUTH);
    assert_false(is_truncated(s));
    assert_true(s->len > s->query_len);
    close_stage(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_sends_a_cookie_gets_ours_and_keeps_it),
        cmocka_unit_test(a_cookie_of_an_odd_length_is_a_format_error),
        cmocka_unit_test(of_two_cookies_the_first_counts),
        cmocka_unit_test(a_cookie_without_a_question_is_answered_with_ours),
        cmocka_unit_test(where_cookies_are_off_nobody_gets_one),
        cmocka_unit_test(where_they_are_required_a_client_comes_back_with_ours),
        cmocka_unit_test(tcp_clients_that_ask_hear_how_long_they_are_kept),
        cmocka_unit_test(over_udp_keepalive_is_ignored),
        cmocka_unit_test(strict_cuts_what_would_be_too_large_for_the_question),
        cmocka_unit_test(the_least_factor_leaves_room_for_every_answer_without_records),
        cmocka_unit_test(a_key_that_was_compressed_makes_no_long_answer),
        cmocka_unit_test(a_network_gets_its_rate_and_some_truncated),
        cmocka_unit_test(an_emptied_answer_has_its_question_and_its_cookie),
        cmocka_unit_test(each_kind_has_its_own_limit),
        cmocka_unit_test(exempt_networks_and_tcp_are_not_limited),
        cmocka_unit_test(a_limit_of_nothing_limits_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* test_zone_text.c - what master files say, down to the octets of the records; and limits. */
#include "cm.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "zone_text.h"

static const struct zone_node *node_of(const struct zone_set *set, const char *name)
{
    struct wire_name n = name_of(name);

    return zone_node_at(set, zone_at(set, 0), &n);
}

/* The only record of a type: its TTL, and its RDATA as hexadecimal digits. */
static void expect_record(const struct zone_set *set, const char *name, uint16_t type, uint32_t ttl,
                          const char *hex)
{
    const struct zone_node *node = node_of(set, name);
    char got[1024] = "";

    assert_non_null(node);
    const struct zone_rrset *rrset = zone_rrset_of(node, type);
    assert_non_null(rrset);
    assert_int_equal(rrset->set.count, 1);
    const uint8_t *p = rrset->set.wire;
    assert_int_equal(wire_get16(p), WIRE_QNAME_POINTER);
    assert_int_equal(wire_get16(p + 2), type);
    assert_int_equal(wire_get16(p + 4), WIRE_CLASS_IN);
    assert_int_equal(wire_rr_ttl(p), ttl);
    assert_int_equal(rrset->ttl, ttl);
    size_t len = wire_rr_len(p);
    assert_int_equal(rrset->set.wire_len, WIRE_RR_HEAD + len);
    for (size_t i = 0; i < len; i++)
        sprintf(got + 2 * i, "%02x", wire_rr_data(p)[i]);
    assert_string_equal(got, hex);
}

static void records_are_type_class_ttl_length_and_data(void **state)
{
    struct zone_set *set = zone_of("example", SOA_AND_NS "a 60 A 192.0.2.3\n"
                                                         "b 60 AAAA 2001:db8::1\n"
                                                         "c 60 MX 10 Mail.Example.\n"
                                                         "d 60 TXT \"a b\" c \"\"\n"
                                                         "e 60 SRV 1 2 65535 .\n"
                                                         "f 60 TYPE65280 \\# 3 ABcd 0 1\n"
                                                         "g 60 CAA 0 issue \"x;y\"\n"
                                                         "h 60 HTTPS 1 . port=8443 alpn=\"h2,h3\"\n"
                                                         "i 60 DS 1 8 2 ABCD EF\n"
                                                         "j 60 A \\# 4 C0000203\n"
                                                         "k 60 TXT \"\\\"\\065\\;\"\n"
                                                         "l 60 HTTPS 0 svc\n"
                                                         "m 60 URI 10 1 \"a(b)\"\n"
                                                         "n 60 NSEC a A MX\n"
                                                         "o 60 APL 1:192.0.2.0/24\n"
                                                         "p 60 IPSECKEY 10 3 2 gw AQID\n"
                                                         "q 60 CERT PGP 0 RSASHA256 AQID\n"
                                                         "r 60 CERT 0 1 2 AQID\n"
                                                         "s 60 APL\n");

    expect_record(set, "a.example", WIRE_A, 60, "c0000203");
    expect_record(set, "b.example", WIRE_AAAA, 60, "20010db8000000000000000000000001");
    expect_record(set, "c.example", WIRE_MX, 60, "000a044d61696c074578616d706c6500");
    expect_record(set, "d.example", WIRE_TXT, 60, "03612062016300");
    expect_record(set, "e.example", WIRE_SRV, 60, "00010002ffff00");
    expect_record(set, "f.example", 65280, 60, "abcd01");
    expect_record(set, "g.example", 257, 60, "00056973737565783b79");
    expect_record(set, "h.example", WIRE_HTTPS, 60,
                  "00010000010006026832026833"
                  "0003000220fb");
    expect_record(set, "i.example", WIRE_DS, 60, "00010802abcdef");
    expect_record(set, "j.example", WIRE_A, 60, "c0000203");
    expect_record(set, "k.example", WIRE_TXT, 60, "0322413b");
    expect_record(set, "l.example", WIRE_HTTPS, 60, "000003737663076578616d706c6500");
    expect_record(set, "m.example", 256, 60, "000a000161286229");
    expect_record(set, "n.example", 47, 60,
                  "0161076578616d706c6500"
                  "00024001");
    expect_record(set, "o.example", 42, 60, "00011803c00002");
    expect_record(set, "p.example", 45, 60,
                  "0a0302"
                  "026777076578616d706c6500"
                  "010203");
    expect_record(set, "q.example", 37, 60, "0003000008010203");
    expect_record(set, "r.example", 37, 60, "0000000102010203");
    expect_record(set, "s.example", 42, 60, "");
    zone_set_free(set);
}

static void owners_may_be_blank_relative_absolute_or_at(void **state)
{
    struct zone_set *set = zone_of("example", SOA_AND_NS "a 60 A 192.0.2.3\n"
                                                         "\t 60 TXT x\n"
                                                         "; a comment between\n"
                                                         "  ( 60\n MX 1 a ) ; and one behind\n"
                                                         "B.Example. 60 A 192.0.2.4\n"
                                                         "$ORIGIN sub\n"
                                                         "@ 60 A 192.0.2.5\n"
                                                         "c 60 CNAME @\n"
                                                         "$ORIGIN example.\n"
                                                         "d\\.e 60 A 192.0.2.6\n"
                                                         "\\100 60 A 192.0.2.7\n");

    assert_int_equal(node_of(set, "a.example")->n_rrsets, 3);
    assert_non_null(node_of(set, "b.example"));
    assert_int_equal(count_of(node_of(set, "sub.example"), WIRE_A), 1);
    expect_record(set, "c.sub.example", WIRE_CNAME, 60, "03737562076578616d706c6500");
    assert_non_null(node_of(set, "d\\.e.example"));
    expect_record(set, "d.example", WIRE_A, 60, "c0000207"); /* \100 is a "d" */
    zone_set_free(set);
}

static void a_ttl_is_its_own_or_the_default_or_the_last_one(void **state)
{
    struct zone_set *set = zone_of("example", "@ 1h30m IN SOA a. b. 1 2 3 4 5\n"
                                              "@ NS a.\n@ NS b.\n"
                                              "a IN 20 A 192.0.2.1\n"
                                              "b A 192.0.2.1\n"
                                              "$TTL 1w\n"
                                              "c A 192.0.2.1\n"
                                              "d 4294967295 A 192.0.2.1\n"
                                              "e 0 A 192.0.2.1\n");

    assert_int_equal(zone_at(set, 0)->soa->ttl, 5400);
    assert_int_equal(zone_at(set, 0)->negative_ttl, 5);
    assert_int_equal(zone_rrset_of(zone_at(set, 0)->node, WIRE_NS)->ttl, 5400);
    expect_record(set, "a.example", WIRE_A, 20, "c0000201");
    expect_record(set, "b.example", WIRE_A, 20, "c0000201");
    expect_record(set, "c.example", WIRE_A, 604800, "c0000201");
    expect_record(set, "d.example", WIRE_A, 0x7fffffff, "c0000201");
    expect_record(set, "e.example", WIRE_A, 0, "c0000201");
    zone_set_free(set);
}

static void mixed_ttls_become_the_lowest_but_not_those_of_signatures(void **state)
{
    struct zone_set *set = zone_of(
        "example", SOA_AND_NS "a 60 A 192.0.2.1\na 30 A 192.0.2.2\na 90 A 192.0.2.3\n"
                              "b 60 RRSIG A 8 2 60 20300101000000 20200101000000 1 a. AAAA\n"
                              "b 30 RRSIG MX 8 2 30 20300101000000 20200101000000 1 a. AAAA\n");
    const struct zone_rrset *a = zone_rrset_of(node_of(set, "a.example"), WIRE_A);
    const struct zone_rrset *sig = zone_rrset_of(node_of(set, "b.example"), 46);

    assert_int_equal(a->ttl, 30);
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(wire_rr_ttl(a->set.wire + 16 * i), 30);
    assert_int_equal(wire_rr_ttl(sig->set.wire), 60);
    assert_int_equal(sig->set.count, 2);
    zone_set_free(set);
}

static void duplicates_go_and_the_order_of_reading_stays(void **state)
{
    struct zone_set *set =
        zone_of("example", SOA_AND_NS "a 60 A 192.0.2.9\na 60 A 192.0.2.1\na 60 A 192.0.2.9\n"
                                      "a 60 TXT x\na 60 A 192.0.2.5\na 60 TXT X\n"
                                      "b 60 MX 10 Foo.\nb 60 MX 10 foO.\nb 60 MX 20 foo.\n"
                                      "c 60 CNAME Foo.\nc 60 CNAME foo.\n");
    const struct zone_rrset *a = zone_rrset_of(node_of(set, "a.example"), WIRE_A);
    static const uint8_t last[] = { 9, 1, 5 };

    assert_int_equal(a->set.count, 3);
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(a->set.wire[16 * i + 15], last[i]);
    assert_int_equal(count_of(node_of(set, "a.example"), WIRE_TXT), 2); /* strings have a case */
    assert_int_equal(count_of(node_of(set, "b.example"), WIRE_MX), 2);
    assert_int_equal(count_of(node_of(set, "c.example"), WIRE_CNAME), 1);
    zone_set_free(set);
}

static void carriage_returns_and_a_missing_last_newline_do_no_harm(void **state)
{
    struct zone_set *set = zone_of("example", "@ 60 SOA a. b. 1 2 3 4 5\r\n@ 60 NS a.\r\n"
                                              "\r\n  \r\n@ 60 NS b.\r\na 60 A 192.0.2.1");

    assert_int_equal(count_of(node_of(set, "a.example"), WIRE_A), 1);
    zone_set_free(set);
}

static void signatures_may_stand_beside_a_cname(void **state)
{
    struct zone_set *set =
        zone_of("example", SOA_AND_NS "a 60 CNAME b\na 60 NSEC b CNAME RRSIG NSEC\n"
                                      "a 60 RRSIG CNAME 8 2 60 20300101000000 20200101000000 1 a. "
                                      "AAAA\n");

    assert_int_equal(node_of(set, "a.example")->n_rrsets, 3);
    zone_set_free(set);
}

static void an_included_file_changes_nothing_behind_it(void **state)
{
    struct zone_source source = { .name = "example", .file = "tests/support/zones/outer.zone" };
    struct zone_set *set = zones_of(&source, 1);

    expect_record(set, "inner.deep.example", WIRE_A, 7,
                  "c0000207");                                    /* the file's own $TTL, origin */
    expect_record(set, "after.example", WIRE_A, 300, "c0000208"); /* ours again */
    expect_record(set, "before.example", WIRE_TXT, 300, "0178");  /* the owner too */
    zone_set_free(set);
}

/* ---- limits: texts too large to keep as files ---- */

static void expect_errors(const char *text, size_t len, size_t n, int line, const char *sentence)
{
    struct zone_source source = { .name = "example", .file = "text", .text = text, .len = len };
    struct report *report = report_new();

    assert_null(zone_set_from_sources(&source, 1, report));
    assert_int_equal(report_errors(report), n);
    assert_int_equal(report_at(report, 0)->line, line);
    if (strstr(report_at(report, 0)->text, sentence) == NULL)
        fail_msg("\"%s\" says nothing of \"%s\"", report_at(report, 0)->text, sentence);
    report_free(report);
}

/* SOA and NS on lines 1 to 5, a head, a part many times, and a last line with an error. */
static char *long_text(const char *head, const char *part, size_t times, const char *tail)
{
    size_t n_head = strlen(head), n_part = strlen(part), n_soa = strlen(SOA_AND_NS);
    char *text = malloc(n_soa + n_head + times * n_part + strlen(tail) + 1);
    char *p = text;

    assert_non_null(text);
    memcpy(p, SOA_AND_NS, n_soa);
    memcpy(p += n_soa, head, n_head);
    p += n_head;
    for (size_t i = 0; i < times; i++, p += n_part)
        memcpy(p, part, n_part);
    memcpy(p, tail, strlen(tail) + 1);
    return text;
}

static void a_line_too_long_is_an_error_and_the_next_is_read(void **state)
{
    char *text = long_text("a 60 TXT ", "xxxxxxxxxx", 60000, "\nb 60 A x\n");

    expect_errors(text, strlen(text), 2, 6, "more text than a record can have");
    free(text);
    text = long_text("a 60 TXT (\n", " \"0123456789012345678901234567890123456789\"\n", 20000,
                     "\nb 60 A x\n");
    expect_errors(text, strlen(text), 2, 6, "an opening parenthesis that is not closed");
    free(text);
}

static void words_too_many_and_records_too_long_are_errors(void **state)
{
    char *text = long_text("a 60 TXT ", "\"\" ", 66001, "\nb 60 A x\n");

    expect_errors(text, strlen(text), 2, 6, "more words than a record can have");
    free(text);
    text = long_text("a 60 TXT ", "\"\" ", 65536, "\n");
    expect_errors(text, strlen(text), 1, 6, "TXT: a record is longer than 65535 octets");
    free(text);
    text = long_text("a 60 TYPE65280 \\# 65535 ", "AB", 65535, "\nb 60 A x\n");
    expect_errors(text, strlen(text), 2, 7, "A: an IPv4 address");
    free(text);
}

static void the_longest_record_that_an_answer_holds_is_taken(void **state)
{
    char *text = long_text("a 60 TXT ", "\"\" ", 65001, "\n");
    struct zone_set *set = zone_of("example", text);

    assert_int_equal(zone_rrset_of(node_of(set, "a.example"), WIRE_TXT)->set.wire_len,
                     WIRE_RR_HEAD + 65001);
    zone_set_free(set);
    free(text);
    text = long_text("a 60 TXT ", "\"\" ", 65535, "\n");
    expect_errors(text, strlen(text), 1, 6, "a.example TXT: 1 record of 65547 octets together fit");
    free(text);
}

static void a_set_that_fits_no_answer_is_an_error(void **state)
{
    char *text = malloc(sizeof SOA_AND_NS + 300 * 300);
    char *p = text + sprintf(text, "%s", SOA_AND_NS);

    for (int i = 0; i < 300; i++)
        p += sprintf(p, "a 60 TXT \"%0230d\"\n", i);
    expect_errors(text, strlen(text), 1, 6,
                  "a.example TXT: 300 records of 72900 octets together fit no answer");
    free(text);
}

/* Each would take minutes if any step looked at all that came before. */
static void many_records_at_one_name_take_no_quadratic_time(void **state)
{
    char *text = long_text("", "a 60 A 192.0.2.1\n", 200000, "");
    struct zone_set *set = zone_of("example", text);

    assert_int_equal(count_of(node_of(set, "a.example"), WIRE_A), 1);
    zone_set_free(set);
    free(text);
    text = long_text("", "x (\n", 100000, "");
    struct zone_source source = {
        .name = "example", .file = "text", .text = text, .len = strlen(text)
    };
    struct report *report = report_new();
    assert_null(zone_set_from_sources(&source, 1, report));
    assert_int_equal(report_errors(report), ZONE_ERRORS_MAX + 1);
    report_free(report);
    free(text);
}

static void warnings_are_counted_beyond_fifty(void **state)
{
    char *text = long_text("", "a 60 A 192.0.2.1\n", 100, "");
    struct zone_source source = {
        .name = "example", .file = "text", .text = text, .len = strlen(text)
    };
    struct report *report = report_new();
    struct zone_set *set = zone_set_from_sources(&source, 1, report);

    assert_non_null(set);
    assert_int_equal(report_warnings(report), ZONE_WARNINGS_MAX + 1);
    assert_string_equal(report_at(report, ZONE_WARNINGS_MAX)->text,
                        "49 further warnings about this zone");
    zone_set_free(set);
    report_free(report);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(records_are_type_class_ttl_length_and_data),
        cmocka_unit_test(owners_may_be_blank_relative_absolute_or_at),
        cmocka_unit_test(a_ttl_is_its_own_or_the_default_or_the_last_one),
        cmocka_unit_test(mixed_ttls_become_the_lowest_but_not_those_of_signatures),
        cmocka_unit_test(duplicates_go_and_the_order_of_reading_stays),
        cmocka_unit_test(carriage_returns_and_a_missing_last_newline_do_no_harm),
        cmocka_unit_test(signatures_may_stand_beside_a_cname),
        cmocka_unit_test(an_included_file_changes_nothing_behind_it),
        cmocka_unit_test(a_line_too_long_is_an_error_and_the_next_is_read),
        cmocka_unit_test(words_too_many_and_records_too_long_are_errors),
        cmocka_unit_test(the_longest_record_that_an_answer_holds_is_taken),
        cmocka_unit_test(a_set_that_fits_no_answer_is_an_error),
        cmocka_unit_test(many_records_at_one_name_take_no_quadratic_time),
        cmocka_unit_test(warnings_are_counted_beyond_fifty),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

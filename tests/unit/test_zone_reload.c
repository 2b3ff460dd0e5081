/* test_zone_reload.c - a set after a set: what did not change is taken over, and answers the same. */
#include "cm.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "zone/zone_set.h"
#include "zone_text.h"

enum { ZONES = 3, PATH = 128 };

/* Three zones in a folder of their own: the second is below the first and includes a file. */
struct folder {
    char path[32];
    char files[ZONES][PATH], included[PATH];
    struct zone_source sources[ZONES];
    struct report *report;
};

static void write_file(const char *path, const char *text)
{
    char next[PATH + 8];

    snprintf(next, sizeof next, "%s.new", path);
    FILE *out = fopen(next, "w");
    assert_non_null(out);
    assert_true(fputs(text, out) >= 0);
    assert_int_equal(fclose(out), 0);
    assert_int_equal(rename(next, path), 0);
}

static void open_folder(struct folder *f)
{
    static const char *const names[ZONES] = { "example", "sub.example", "other.test" };

    strcpy(f->path, "/tmp/zone-reload-XXXXXX");
    assert_non_null(mkdtemp(f->path));
    for (size_t i = 0; i < ZONES; i++) {
        snprintf(f->files[i], PATH, "%s/%zu.zone", f->path, i);
        f->sources[i] = (struct zone_source){ .name = names[i], .file = f->files[i] };
    }
    snprintf(f->included, PATH, "%s/more.inc", f->path);
    write_file(f->files[0], SOA_AND_NS "sub 300 NS ns.sub\nns.sub 300 A 192.0.2.7\n"
                                       "a.deep 300 A 192.0.2.9\n* 300 TXT \"any\"\n");
    write_file(f->files[1], SOA_AND_NS "$INCLUDE more.inc\nns 300 A 192.0.2.7\n");
    write_file(f->files[2], SOA_AND_NS "www 300 A 192.0.2.8\nwww 300 A 192.0.2.9\n");
    write_file(f->included, "inner 300 A 192.0.2.10\n");
    f->report = report_new();
    assert_non_null(f->report);
}

static void close_folder(struct folder *f)
{
    for (size_t i = 0; i < ZONES; i++)
        unlink(f->files[i]);
    unlink(f->included);
    assert_int_equal(rmdir(f->path), 0);
    report_free(f->report);
}

static struct zone_set *load_after(struct folder *f, const struct zone_set *former)
{
    return zone_set_from_sources_after(former, f->sources, ZONES, f->report);
}

/* Loaded, and as if from files that have been at rest for long. */
static struct zone_set *load_at_rest(struct folder *f)
{
    struct zone_set *set = load_after(f, NULL);

    assert_non_null(set);
    for (size_t i = 0; i < set->n_zones; i++) {
        assert_false(set->parts[i].is_firm); /* they are new */
        set->parts[i].is_firm = true;
    }
    return set;
}

static void expect_same_answers(const struct zone_set *set)
{
    expect_at(set, "ns1.example", WIRE_A, ZONE_FOUND, "example", "ns1.example");
    expect_at(set, "deep.example", WIRE_A, ZONE_FOUND, "example", "deep.example");
    expect_at(set, "x.example", WIRE_TXT, ZONE_WILDCARD, "example", "*.example");
    expect_at(set, "sub.example", WIRE_NS, ZONE_FOUND, "sub.example", "sub.example");
    expect_at(set, "sub.example", WIRE_DS, ZONE_FOUND, "example", "sub.example");
    expect_at(set, "ns.sub.example", WIRE_A, ZONE_FOUND, "sub.example", "ns.sub.example");
    expect_at(set, "inner.sub.example", WIRE_A, ZONE_FOUND, "sub.example", "inner.sub.example");
    expect_at(set, "www.other.test", WIRE_A, ZONE_FOUND, "other.test", "www.other.test");
    assert_int_equal(count_of(find(set, "www.other.test", WIRE_A).node, WIRE_A), 2);
}

/* Octet for octet, and nothing of the one is in the other. */
static void expect_same_zones(const struct zone_set *a, const struct zone_set *b)
{
    assert_int_equal(a->n_nodes, b->n_nodes);
    for (uint32_t i = 0; i < a->n_nodes; i++) {
        const struct zone_node *x = &a->nodes[i], *y = &b->nodes[i];
        assert_int_equal(y->id, i);
        assert_int_equal(x->zone, y->zone);
        assert_int_equal(x->flags, y->flags);
        assert_int_equal(x->n_rrsets, y->n_rrsets);
        assert_ptr_not_equal(x->name, y->name);
        for (unsigned k = 0; k < x->n_rrsets; k++) {
            assert_ptr_not_equal(x->rrsets[k].set.wire, y->rrsets[k].set.wire);
            assert_int_equal(x->rrsets[k].set.wire_len, y->rrsets[k].set.wire_len);
            assert_memory_equal(x->rrsets[k].set.wire, y->rrsets[k].set.wire,
                                x->rrsets[k].set.wire_len);
        }
    }
    for (size_t i = 0; i < ZONES; i++) {
        assert_int_equal(zone_at(a, i)->n_records, zone_at(b, i)->n_records);
        assert_int_equal(zone_at(a, i)->negative_ttl, zone_at(b, i)->negative_ttl);
    }
}

static void what_did_not_change_is_taken_over_and_outlives_the_former_set(void **state)
{
    struct folder f;
    open_folder(&f);
    struct zone_set *first = load_at_rest(&f), *second = load_after(&f, first);

    assert_non_null(second);
    assert_int_equal(zone_set_taken_over(first), 0);
    assert_int_equal(zone_set_taken_over(second), ZONES);
    expect_same_zones(first, second);
    zone_set_free(first);
    expect_same_answers(second);
    zone_set_free(second);
    close_folder(&f);
}

static void one_changed_zone_is_the_only_one_that_is_read(void **state)
{
    struct folder f;
    open_folder(&f);
    struct zone_set *first = load_at_rest(&f);

    write_file(f.files[2], SOA_AND_NS "www 300 A 192.0.2.8\nwww 300 A 192.0.2.9\nnew 9 A 192.0.2.1\n");
    struct zone_set *second = load_after(&f, first);
    zone_set_free(first);
    assert_non_null(second);
    assert_int_equal(zone_set_taken_over(second), ZONES - 1);
    expect_same_answers(second);
    expect_at(second, "new.other.test", WIRE_A, ZONE_FOUND, "other.test", "new.other.test");
    zone_set_free(second);
    close_folder(&f);
}

static void a_changed_include_has_its_zone_read(void **state)
{
    struct folder f;
    open_folder(&f);
    struct zone_set *first = load_at_rest(&f);

    write_file(f.included, "inner 300 A 192.0.2.10\ndeeper 300 A 192.0.2.11\n");
    struct zone_set *second = load_after(&f, first);
    zone_set_free(first);
    assert_non_null(second);
    assert_int_equal(zone_set_taken_over(second), ZONES - 1);
    expect_same_answers(second);
    expect_at(second, "deeper.sub.example", WIRE_A, ZONE_FOUND, "sub.example",
              "deeper.sub.example");
    zone_set_free(second);
    close_folder(&f);
}

static void the_same_size_and_modification_time_do_not_deceive(void **state)
{
    struct folder f;
    struct stat st;
    open_folder(&f);
    struct zone_set *first = load_at_rest(&f);

    assert_int_equal(stat(f.files[2], &st), 0);
    usleep(20000); /* longer than the file system's clock needs to tick */
    int fd = open(f.files[2], O_RDWR);
    assert_true(fd >= 0);
    assert_int_equal(pwrite(fd, "SOA ns2", 7, 9), 7);
    const struct timespec times[2] = { st.st_atim, st.st_mtim };
    assert_int_equal(futimens(fd, times), 0);
    close(fd);
    struct zone_set *second = load_after(&f, first);
    assert_non_null(second);
    assert_int_equal(zone_set_taken_over(second), ZONES - 1);
    zone_set_free(first);
    zone_set_free(second);
    close_folder(&f);
}

static void a_file_that_was_just_written_is_read_again(void **state)
{
    struct folder f;
    open_folder(&f);
    struct zone_set *first = load_after(&f, NULL), *second = load_after(&f, first);

    assert_non_null(second);
    assert_int_equal(zone_set_taken_over(second), 0);
    zone_set_free(first);
    zone_set_free(second);
    close_folder(&f);
}

static void a_file_that_is_gone_is_an_error(void **state)
{
    struct folder f;
    open_folder(&f);
    struct zone_set *first = load_at_rest(&f);

    assert_int_equal(unlink(f.included), 0);
    assert_null(load_after(&f, first));
    assert_int_equal(report_errors(f.report), 1);
    expect_same_answers(first);
    zone_set_free(first);
    close_folder(&f);
}

static void a_child_that_comes_or_goes_shadows_a_parent_that_is_taken_over(void **state)
{
    struct folder f;
    open_folder(&f);
    struct zone_source sources[2] = { f.sources[0], f.sources[2] };
    struct zone_set *whole = load_at_rest(&f);
    struct zone_set *without = zone_set_from_sources_after(whole, sources, 2, f.report);

    zone_set_free(whole);
    assert_non_null(without);
    assert_int_equal(zone_set_taken_over(without), 2);
    expect_at(without, "inner.sub.example", WIRE_A, ZONE_DELEGATED, "example", "sub.example");
    for (size_t i = 0; i < 2; i++)
        without->parts[i].is_firm = true;
    struct zone_set *again = load_after(&f, without);
    zone_set_free(without);
    assert_non_null(again);
    assert_int_equal(zone_set_taken_over(again), 2);
    expect_same_answers(again);
    zone_set_free(again);
    close_folder(&f);
}

/* The warnings about a zone whose serial went from one to the other. */
static size_t warnings_from(uint32_t former, uint32_t next)
{
    struct report *report = report_new();
    struct zone_source source = { .name = "example", .file = "text" };
    struct zone_set *set = NULL;
    char text[512];

    for (int i = 0; i < 2; i++) {
        snprintf(text, sizeof text, "$TTL 60\n\n@ SOA ns1.o. a. %u 1 1 1 1\n@ NS ns1.o.\n@ NS ns2.o.\n",
                 i == 0 ? former : next);
        source.text = text;
        source.len = strlen(text);
        struct zone_set *after = zone_set_from_sources_after(set, &source, 1, report);
        zone_set_free(set);
        assert_non_null(after);
        set = after;
    }
    size_t n = report_warnings(report);
    if (n > 0) {
        assert_int_equal(report_at(report, 0)->line, 3);
        assert_non_null(strstr(report_at(report, 0)->text, "went back"));
    }
    zone_set_free(set);
    report_free(report);
    return n;
}

static void a_serial_that_went_back_is_a_warning(void **state)
{
    assert_int_equal(warnings_from(2024060102, 2024060101), 1);
    assert_int_equal(warnings_from(7, 0), 1);
    assert_int_equal(warnings_from(0, UINT32_MAX), 1);
    assert_int_equal(warnings_from(5, UINT32_C(0x80000005)), 1); /* RFC 1982: not defined */
}

static void a_serial_that_stays_or_goes_on_is_none(void **state)
{
    assert_int_equal(warnings_from(7, 7), 0);
    assert_int_equal(warnings_from(7, 8), 0);
    assert_int_equal(warnings_from(UINT32_MAX, 0), 0); /* round the corner */
    assert_int_equal(warnings_from(5, UINT32_C(0x80000004)), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_did_not_change_is_taken_over_and_outlives_the_former_set),
        cmocka_unit_test(one_changed_zone_is_the_only_one_that_is_read),
        cmocka_unit_test(a_changed_include_has_its_zone_read),
        cmocka_unit_test(the_same_size_and_modification_time_do_not_deceive),
        cmocka_unit_test(a_file_that_was_just_written_is_read_again),
        cmocka_unit_test(a_file_that_is_gone_is_an_error),
        cmocka_unit_test(a_child_that_comes_or_goes_shadows_a_parent_that_is_taken_over),
        cmocka_unit_test(a_serial_that_went_back_is_a_warning),
        cmocka_unit_test(a_serial_that_stays_or_goes_on_is_none),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

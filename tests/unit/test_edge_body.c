/* test_edge_body.c - one body, several readers. */
#include "cm.h"

#include <stdlib.h>

#include "edge/body.h"

static char octet_at(uint64_t offset)
{
    return (char)(offset * 2654435761u >> 13);
}

static void grow(struct body *b, size_t len)
{
    char *piece = malloc(len);

    assert_non_null(piece);
    for (size_t i = 0; i < len; i++)
        piece[i] = octet_at(b->len + i);
    assert_int_equal(body_append(b, piece, len), 0);
    free(piece);
}

/* Takes up to `len` octets and holds each against what was put there. */
static size_t take(struct body_reader *r, size_t len)
{
    size_t done = 0;
    const char *at;
    struct body_segment *segment;

    while (done < len) {
        size_t n = body_peek(r, len - done, &at, &segment);
        if (n == 0)
            break;
        assert_true(at >= segment->data && at + n <= segment->data + segment->len);
        for (size_t i = 0; i < n; i++)
            assert_int_equal(at[i], octet_at(r->offset + i));
        body_take(r, n);
        done += n;
    }
    return done;
}

static void every_reader_reads_all_octets_at_its_own_pace(void **state)
{
    struct body *b = body_new();
    struct body_reader fast, slow, late;

    body_reader_init(&fast, b, NULL, NULL);
    body_reader_init(&slow, b, NULL, NULL);
    for (size_t i = 1; i < 400; i++) {
        grow(b, i * 7);
        assert_int_equal(take(&fast, SIZE_MAX), i * 7);
        take(&slow, i * 3);
        assert_int_equal(body_behind(b), b->len - slow.offset);
    }
    body_reader_init(&late, b, NULL, NULL);
    assert_int_equal(take(&late, SIZE_MAX), b->len);
    take(&slow, SIZE_MAX);
    assert_int_equal(slow.offset, b->len);
    body_reader_fini(&fast);
    body_reader_fini(&slow);
    body_reader_fini(&late);
    body_unref(b);
}

/* The sanitizer sees what is freed too early; this sees what is not freed. */
static void a_body_let_go_keeps_only_what_somebody_has_still_to_read(void **state)
{
    struct body *b = body_new();
    struct body_reader r;

    body_reader_init(&r, b, NULL, NULL);
    grow(b, BODY_SEGMENT_MAX * 3);
    body_let_go(b);
    struct body_segment *first = r.at;
    first->refs++;
    take(&r, SIZE_MAX);
    grow(b, BODY_SEGMENT_MAX);
    take(&r, SIZE_MAX);
    assert_int_equal(first->refs, 1); /* ours */
    body_segment_unref(first);
    body_reader_fini(&r);
    body_unref(b);
}

static void a_source_pauses_for_the_slowest_reader_of_a_body_let_go(void **state)
{
    struct body *b = body_new();
    struct body_reader r;

    body_reader_init(&r, b, NULL, NULL);
    grow(b, BODY_WINDOW);
    assert_true(body_wants_more(b)); /* kept: the store is its bound */
    body_let_go(b);
    assert_false(body_wants_more(b));
    take(&r, 1);
    assert_true(body_wants_more(b));
    body_reader_fini(&r);
    body_unref(b);
}

static void output_that_holds_a_segment_outlives_the_body(void **state)
{
    struct body *b = body_new();
    struct body_reader r;
    struct body_segment *segment;
    const char *at;

    body_reader_init(&r, b, NULL, NULL);
    grow(b, 100);
    assert_int_equal(body_peek(&r, 100, &at, &segment), 100);
    segment->refs++;
    body_reader_fini(&r);
    body_unref(b);
    assert_int_equal(at[99], octet_at(99));
    body_segment_unref(segment);
}

static void an_announced_length_is_allocated_in_one_piece(void **state)
{
    struct body *b = body_new();

    b->is_sized = true;
    b->expected = 5000;
    grow(b, 10);
    assert_int_equal(b->last->size, 5000);
    grow(b, 4990);
    assert_ptr_equal(b->first, b->last);
    body_unref(b);
}

struct leaver {
    struct body_reader reader;
    unsigned n_calls;
};

static void leave(void *ctx)
{
    struct leaver *l = ctx;

    l->n_calls++;
    body_reader_fini(&l->reader);
}

static void a_reader_may_leave_when_it_is_woken(void **state)
{
    struct body *b = body_new();
    struct leaver leavers[3] = { 0 };

    for (size_t i = 0; i < 3; i++)
        body_reader_init(&leavers[i].reader, b, leave, &leavers[i]);
    body_wake(b);
    body_wake(b);
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(leavers[i].n_calls, 1);
    assert_null(b->readers);
    body_unref(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_reader_reads_all_octets_at_its_own_pace),
        cmocka_unit_test(a_body_let_go_keeps_only_what_somebody_has_still_to_read),
        cmocka_unit_test(a_source_pauses_for_the_slowest_reader_of_a_body_let_go),
        cmocka_unit_test(output_that_holds_a_segment_outlives_the_body),
        cmocka_unit_test(an_announced_length_is_allocated_in_one_piece),
        cmocka_unit_test(a_reader_may_leave_when_it_is_woken),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

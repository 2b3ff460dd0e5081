/* test_wire_name.c - names from text and octets, at their limits. */
#include "cm.h"

#include <string.h>

#include <waymark/wire.h>

#include "wire/wire_fold.h"

static void text_is_folded_and_round_trips(void **state)
{
    static const struct {
        const char *in, *out;
    } cases[] = {
        { "WWW.Cdn.Example.", "www.cdn.example" }, { ".", "." }, { "a\\.b.c", "a\\.b.c" },
        { "\\065.x", "a.x" },                      { "*.img.x", "*.img.x" },
        { "sp\\032ace.x", "sp\\032ace.x" },
    };
    struct wire_name n;
    char text[WIRE_NAME_TEXT_LEN];

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        assert_true(wire_name_from_text(cases[i].in, &n));
        assert_string_equal(wire_name_to_text(n.octets, text), cases[i].out);
    }
}

static void what_is_no_name_is_refused(void **state)
{
    char label64[70] = { 0 };
    memset(label64, 'a', 64);
    const char *bad[] = { "", "..", "a..b", ".a", "a\\", "a\\25", "a\\256.b", label64 };
    struct wire_name n;

    for (size_t i = 0; i < COUNT_OF(bad); i++)
        assert_false(wire_name_from_text(bad[i], &n));
}

/* Four labels of 61 and one of 5 make 4 * 62 + 6 + 1 = 255. */
static void the_longest_name_fits_and_one_more_octet_does_not(void **state)
{
    char text[300] = { 0 };
    struct wire_name n;

    for (int i = 0; i < 4; i++) {
        memset(text + strlen(text), 'x', 61);
        strcat(text, ".");
    }
    strcat(text, "12345");
    assert_true(wire_name_from_text(text, &n));
    assert_int_equal(n.len, 255);
    assert_int_equal(n.n_labels, 5);
    strcat(text, "6");
    assert_false(wire_name_from_text(text, &n));
}

static void most_labels_fit(void **state)
{
    char text[300] = { 0 };
    struct wire_name n;

    for (int i = 0; i < 127; i++)
        strcat(text, "a.");
    assert_true(wire_name_from_text(text, &n));
    assert_int_equal(n.n_labels, 127);
    assert_int_equal(n.octets[n.label_at[127]], 0);
    strcat(text, "a");
    assert_false(wire_name_from_text(text, &n));
}

static void octets_must_end_inside_their_length(void **state)
{
    struct wire_name n;

    assert_true(wire_name_from_octets((const uint8_t *)"\1A\1b\0", 5, &n));
    assert_memory_equal(n.octets, "\1a\1b\0", 5);
    assert_false(wire_name_from_octets((const uint8_t *)"\1a\1b\0", 4, &n));
    assert_false(wire_name_from_octets((const uint8_t *)"\5a\1b\0", 5, &n));
    assert_false(wire_name_from_octets((const uint8_t *)"\xc0\x0c\0", 3, &n));
    assert_false(wire_name_from_octets((const uint8_t *)"", 0, &n));
}

static void a_name_is_in_itself_and_in_its_ancestors_only(void **state)
{
    struct wire_name www, cdn, adn, root;

    assert_true(wire_name_from_text("www.cdn.example", &www));
    assert_true(wire_name_from_text("cdn.example", &cdn));
    assert_true(wire_name_from_text("xcdn.example", &adn));
    assert_true(wire_name_from_text(".", &root));
    assert_true(wire_name_is_in(&www, &cdn));
    assert_true(wire_name_is_in(&www, &www));
    assert_true(wire_name_is_in(&www, &root));
    assert_false(wire_name_is_in(&cdn, &www));
    assert_false(wire_name_is_in(&adn, &cdn));
}

static void only_ascii_letters_are_folded_wherever_they_stand(void **state)
{
    uint8_t from[19], to[19];

    for (unsigned at = 0; at < sizeof from; at++)
        for (unsigned c = 0; c < 256; c++) {
            memset(from, 0xff, sizeof from);
            from[at] = (uint8_t)c;
            wire_fold(to, from, sizeof from);
            for (unsigned i = 0; i < sizeof to; i++) {
                uint8_t wanted = i != at ? 0xff : c >= 'A' && c <= 'Z' ? (uint8_t)(c + 32) : (uint8_t)c;
                assert_int_equal(to[i], wanted);
            }
        }
}

static void types_read_and_write_by_name_and_number(void **state)
{
    char text[16];

    assert_int_equal(wire_type_from_text("aaaa"), WIRE_AAAA);
    assert_int_equal(wire_type_from_text("TYPE65280"), 65280);
    assert_int_equal(wire_type_from_text("TYPE65536"), 0);
    assert_int_equal(wire_type_from_text("NOSUCH"), 0);
    assert_string_equal(wire_type_to_text(WIRE_HTTPS, text), "HTTPS");
    assert_string_equal(wire_type_to_text(65280, text), "TYPE65280");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_is_folded_and_round_trips),
        cmocka_unit_test(what_is_no_name_is_refused),
        cmocka_unit_test(the_longest_name_fits_and_one_more_octet_does_not),
        cmocka_unit_test(most_labels_fit),
        cmocka_unit_test(octets_must_end_inside_their_length),
        cmocka_unit_test(a_name_is_in_itself_and_in_its_ancestors_only),
        cmocka_unit_test(only_ascii_letters_are_folded_wherever_they_stand),
        cmocka_unit_test(types_read_and_write_by_name_and_number),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

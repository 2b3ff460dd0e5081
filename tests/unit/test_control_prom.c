/* test_control_prom.c - the Prometheus text format: names, numbers, and labels of any octets. */
#include "cm.h"

#include <stdlib.h>
#include <string.h>

#include "control/prom.h"

static char *text_of(const char *value)
{
    char *text = NULL;
    size_t len;
    FILE *out = open_memstream(&text, &len);
    struct prom_label labels[] = { { "a", value }, { "b", "x" } };

    prom_int(out, "m", labels, 2, UINT64_MAX);
    fclose(out);
    return text;
}

static void a_label_is_escaped_as_the_format_says(void **state)
{
    static const struct {
        const char *value, *line;
    } cases[] = {
        { "", "m{a=\"\",b=\"x\"} 18446744073709551615\n" },
        { "plain", "m{a=\"plain\",b=\"x\"} 18446744073709551615\n" },
        { "a\"b", "m{a=\"a\\\"b\",b=\"x\"} 18446744073709551615\n" },
        { "a\\b", "m{a=\"a\\\\b\",b=\"x\"} 18446744073709551615\n" },
        { "a\nb", "m{a=\"a\\nb\",b=\"x\"} 18446744073709551615\n" },
        { "caf\xc3\xa9", "m{a=\"caf\xc3\xa9\",b=\"x\"} 18446744073709551615\n" },
        { "caf\xe9", "m{a=\"caf?\",b=\"x\"} 18446744073709551615\n" },
        { "\xed\xa0\x80", "m{a=\"???\",b=\"x\"} 18446744073709551615\n" }, /* a surrogate */
        { "\xc0\xaf", "m{a=\"??\",b=\"x\"} 18446744073709551615\n" },      /* overlong */
        { "\xf0\x9f\x8c", "m{a=\"???\",b=\"x\"} 18446744073709551615\n" }, /* cut short */
        { "\xf0\x9f\x8c\x8d", "m{a=\"\xf0\x9f\x8c\x8d\",b=\"x\"} 18446744073709551615\n" },
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *text = text_of(cases[i].value);
        assert_string_equal(text, cases[i].line);
        free(text);
    }
}

static void a_metric_has_help_and_type_before_its_samples(void **state)
{
    char *text = NULL;
    size_t len;
    FILE *out = open_memstream(&text, &len);

    prom_head(out, "up", "gauge", "Is it up?");
    prom_real(out, "up", NULL, 0, 0.00025);
    prom_int(out, "up", NULL, 0, 1);
    fclose(out);
    assert_string_equal(text, "# HELP up Is it up?\n# TYPE up gauge\nup 0.00025\nup 1\n");
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_label_is_escaped_as_the_format_says),
        cmocka_unit_test(a_metric_has_help_and_type_before_its_samples),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

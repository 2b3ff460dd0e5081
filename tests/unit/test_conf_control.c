/* test_conf_control.c - the control socket's path, from whatever a file looks like. */
#include "cm.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <waymark/conf.h>

static char *find_in(const char *text)
{
    char path[] = "/tmp/waymark-control-XXXXXX", why[WHY_LEN];
    int fd = mkstemp(path);

    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    close(fd);
    char *found = conf_find_control(path, why);
    unlink(path);
    return found;
}

static void assert_finds(const char *text, const char *control)
{
    char *found = find_in(text);

    assert_non_null(found);
    assert_string_equal(found, control);
    free(found);
}

static void a_good_file_says_where(void **state)
{
    assert_finds("server: { listen = [\"127.0.0.1:53\"]; control = \"run/w.sock\"; };", "run/w.sock");
    assert_finds("server = { control : \"a \\\"b\\\\c\"; }", "a \"b\\c");
    assert_finds("zones: ();", "/run/waymark/waymark.sock");
    assert_finds("", "/run/waymark/waymark.sock");
}

static void a_file_with_mistakes_says_it_too(void **state)
{
    assert_finds("server: { lsten = 5; control = \"x\"; }; zones: ( {{{ \"", "x");
    assert_finds("zones: ( { name = \"a\"; }; \nserver: { control = \"x\"; };", "x");
    assert_finds("@include \"more\"\nserver: { control = \"x\"; };", "x");
    assert_finds("a = 99999999999999999999;\nserver: { threads = ; control = \"x\" };", "x");
    assert_finds("name = \"never ends\nserver: { control = \"x\"; };\n", "x");
    assert_finds("/* never ends\nserver: { control = \"x\"; };\n", "x");
    assert_finds("\xff\xfe\nserver: { control = \"x\"; };\n", "x");
}

static void only_the_servers_own_option_counts(void **state)
{
    assert_finds("pops: { control = \"no\"; }; server: { a: { control = \"no\"; }; control = \"x\"; };",
                 "x");
    assert_finds("server: { control = 5; };", "/run/waymark/waymark.sock");
    assert_finds("server: { nsid = \"control\"; }; control = \"no\";", "/run/waymark/waymark.sock");
}

static void a_file_that_is_not_there_is_named(void **state)
{
    char why[WHY_LEN];

    assert_null(conf_find_control("/nonexistent/waymark.conf", why));
    assert_non_null(strstr(why, "/nonexistent/waymark.conf: "));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_good_file_says_where),
        cmocka_unit_test(a_file_with_mistakes_says_it_too),
        cmocka_unit_test(only_the_servers_own_option_counts),
        cmocka_unit_test(a_file_that_is_not_there_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

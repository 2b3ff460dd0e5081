/* test_serve_files.c - what a first start makes, and what it refuses. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <waymark/hash.h>

#include "serve/files.h"
#include "serve/user.h"

static char folder[64];
static const struct user nobody_else = { 0 };

static int make_folder(void **state)
{
    strcpy(folder, "/tmp/waymark-test-XXXXXX");
    return mkdtemp(folder) == NULL ? -1 : 0;
}

static int remove_folder(void **state)
{
    char command[128];

    snprintf(command, sizeof command, "rm -rf '%s'", folder);
    return system(command);
}

static const char *path_of(const char *name)
{
    static char path[128];

    snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

static void write_file(const char *path, size_t len, mode_t mode)
{
    static const char octets[64];
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

    assert_true(fd >= 0);
    assert_int_equal(write(fd, octets, len), len);
    assert_int_equal(fchmod(fd, mode), 0);
    close(fd);
}

static size_t read_file(const char *path, uint8_t out[static 64])
{
    FILE *f = fopen(path, "r");

    assert_non_null(f);
    size_t n = fread(out, 1, 64, f);
    fclose(f);
    return n;
}

static void a_missing_draw_key_is_made_once_and_stays(void **state)
{
    const char *path = path_of("draw.key");
    uint8_t first[64], second[64], zero[64] = { 0 };
    char why[WHY_LEN];
    struct stat st;

    assert_int_equal(files_keep_draw_key(path, why), 0);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
    assert_int_equal(read_file(path, first), HASH_KEY_LEN);
    assert_memory_not_equal(first, zero, HASH_KEY_LEN);
    assert_int_equal(files_keep_draw_key(path, why), 0);
    assert_int_equal(read_file(path, second), HASH_KEY_LEN);
    assert_memory_equal(first, second, HASH_KEY_LEN);
}

static void nothing_is_left_beside_the_draw_key(void **state)
{
    const char *path = path_of("draw.key");
    char why[WHY_LEN];
    struct stat st;

    assert_int_equal(files_keep_draw_key(path, why), 0);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(rmdir(folder), 0); /* empty */
    assert_int_equal(mkdir(folder, 0700), 0);
    assert_int_not_equal(stat(path, &st), 0);
}

static void a_draw_key_that_everybody_reads_is_refused(void **state)
{
    const char *path = path_of("draw.key");
    char why[WHY_LEN];

    write_file(path, 32, 0644);
    assert_int_equal(files_keep_draw_key(path, why), -EPERM);
    assert_non_null(strstr(why, "chmod 600"));
    write_file(path, 32, 0640); /* a group of its own is the operator's business */
    assert_int_equal(files_keep_draw_key(path, why), 0);
}

static void missing_cookie_secrets_are_made_as_others_write_them(void **state)
{
    const char *path = path_of("cookie.secrets");
    uint8_t first[64], second[64];
    char why[WHY_LEN];
    struct stat st;

    assert_int_equal(files_keep_cookie_secrets(path, why), 0);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
    assert_int_equal(read_file(path, first), 33);
    assert_int_equal(strspn((char *)first, "0123456789abcdef"), 32);
    assert_int_equal(first[32], '\n');
    assert_int_equal(files_keep_cookie_secrets(path, why), 0);
    assert_int_equal(read_file(path, second), 33);
    assert_memory_equal(first, second, 33);
}

static void cookie_secrets_that_everybody_reads_are_refused(void **state)
{
    const char *path = path_of("cookie.secrets");
    char why[WHY_LEN];

    write_file(path, 33, 0644);
    assert_int_equal(files_keep_cookie_secrets(path, why), -EPERM);
    assert_non_null(strstr(why, "chmod 600"));
}

static void a_short_draw_key_is_refused(void **state)
{
    const char *path = path_of("draw.key");
    char why[WHY_LEN];

    write_file(path, 31, 0600);
    assert_int_equal(files_keep_draw_key(path, why), -EINVAL);
    assert_non_null(strstr(why, "31 octets"));
    assert_int_equal(files_keep_draw_key(folder, why), -EINVAL);
    assert_non_null(strstr(why, "regular file"));
}

static void a_draw_key_that_cannot_be_made_gets_a_sentence(void **state)
{
    char why[WHY_LEN];

    assert_int_equal(files_keep_draw_key(path_of("no/such/draw.key"), why), -ENOENT);
    assert_non_null(strstr(why, "draw_key_file"));
}

static void folders_are_made_all_the_way_down(void **state)
{
    char state_path[128], socket_path[128], why[WHY_LEN];
    struct stat st;

    snprintf(state_path, sizeof state_path, "%s/a/b", folder);
    snprintf(socket_path, sizeof socket_path, "%s/run//x/sock", folder);
    struct conf_server conf = { .state = state_path, .control = socket_path };
    assert_int_equal(files_make_folders(&conf, &nobody_else, why), 0);
    assert_int_equal(files_make_folders(&conf, &nobody_else, why), 0); /* and again */
    assert_int_equal(stat(state_path, &st), 0);
    assert_int_equal(st.st_mode & 07027, 0); /* 0750, or what the umask leaves */
    assert_int_equal(stat(path_of("run/x"), &st), 0);
    assert_int_not_equal(stat(socket_path, &st), 0);
}

static void a_file_in_the_way_of_a_folder_gets_a_sentence(void **state)
{
    char path[128], why[WHY_LEN];

    snprintf(path, sizeof path, "%s/file/state", folder);
    write_file(path_of("file"), 1, 0600);
    struct conf_server conf = { .state = path };
    assert_int_equal(files_make_folders(&conf, &nobody_else, why), -ENOTDIR);
    assert_non_null(strstr(why, "in the way"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_missing_draw_key_is_made_once_and_stays, make_folder,
                                        remove_folder),
        cmocka_unit_test_setup_teardown(nothing_is_left_beside_the_draw_key, make_folder,
                                        remove_folder),
        cmocka_unit_test_setup_teardown(a_draw_key_that_everybody_reads_is_refused, make_folder,
                                        remove_folder),
        cmocka_unit_test_setup_teardown(missing_cookie_secrets_are_made_as_others_write_them,
                                        make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(cookie_secrets_that_everybody_reads_are_refused,
                                        make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(a_short_draw_key_is_refused, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(a_draw_key_that_cannot_be_made_gets_a_sentence, make_folder,
                                        remove_folder),
        cmocka_unit_test_setup_teardown(folders_are_made_all_the_way_down, make_folder,
                                        remove_folder),
        cmocka_unit_test_setup_teardown(a_file_in_the_way_of_a_folder_gets_a_sentence, make_folder,
                                        remove_folder),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

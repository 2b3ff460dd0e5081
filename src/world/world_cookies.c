/* world_cookies.c - reads server.cookie_secrets_file: a secret of 32 hexadecimal digits a line, as
 * other servers of a fleet have them. Runs on whoever loads. No finding shows what a line holds. */
#include "world_cookies.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

#include <waymark/file.h>
#include <waymark/report.h>
#include <waymark/rng.h>

enum { FILE_MAX = 16384 };

static int digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

static bool key_from_hex(const char *text, size_t len, struct siphash_key *out)
{
    uint8_t octets[SIPHASH_KEY_LEN];

    if (len != 2 * sizeof octets)
        return false;
    for (size_t i = 0; i < sizeof octets; i++) {
        int high = digit(text[2 * i]), low = digit(text[2 * i + 1]);
        if (high < 0 || low < 0)
            return false;
        octets[i] = (uint8_t)(high << 4 | low);
    }
    siphash_key_init(out, octets);
    explicit_bzero(octets, sizeof octets);
    return true;
}

static void read_line(const char *path, int number, const char *line, size_t len,
                      struct world_cookies *out, struct report *report)
{
    struct siphash_key key;

    while (len > 0 && isspace((unsigned char)line[len - 1]))
        len--;
    while (len > 0 && isspace((unsigned char)*line))
        line++, len--;
    if (len == 0 || *line == '#')
        return;
    if (!key_from_hex(line, len, &key))
        report_error(report, path, number,
                     "no cookie secret: expected 32 hexadecimal digits (`openssl rand -hex 16` "
                     "makes one)");
    else if (out->n == WORLD_COOKIES_MAX)
        report_error(report, path, number,
                     "one secret too many: expected at most %d, the first makes cookies, the "
                     "others are the next and the former ones",
                     WORLD_COOKIES_MAX);
    else
        out->keys[out->n++] = key;
}

void world_cookies_parse(const char *path, const char *text, size_t len, struct world_cookies *out,
                         struct report *report)
{
    const char *end = text + len;
    size_t errors = report_errors(report);
    int number = 1;

    out->n = 0;
    for (const char *line = text; line < end; number++) {
        const char *newline = memchr(line, '\n', (size_t)(end - line));
        const char *line_end = newline == NULL ? end : newline;
        read_line(path, number, line, (size_t)(line_end - line), out, report);
        line = line_end + 1;
    }
    if (out->n == 0 && report_errors(report) == errors)
        report_error(report, path, 0,
                     "holds no cookie secret: expected 32 hexadecimal digits on a line; remove the "
                     "file and the server makes one");
}

static void make_one_up(struct world_cookies *out, struct report *report)
{
    uint8_t octets[SIPHASH_KEY_LEN];

    if (rng_secret(octets, sizeof octets) != 0)
        report_error(report, "", 0, "the kernel gave no random octets for a cookie secret");
    siphash_key_init(&out->keys[0], octets);
    out->n = 1;
    explicit_bzero(octets, sizeof octets);
}

void world_cookies_read(const char *path, struct world_cookies *out, struct report *report)
{
    struct file_text file = { 0 };
    char why[WHY_LEN];
    int err = path == NULL ? -ENOENT : file_read(path, FILE_MAX, &file, why);

    if (err == 0) {
        world_cookies_parse(path, file.text, file.len, out, report);
        explicit_bzero(file.text, file.len);
        file_text_free(&file);
        return;
    }
    if (err == -EACCES)
        report_warning(report, path, 0,
                       "the cookie secrets are not readable for this user: cookies are not the "
                       "server's");
    else if (err != -ENOENT)
        report_error(report, path, 0, "%s", why);
    make_one_up(out, report);
}

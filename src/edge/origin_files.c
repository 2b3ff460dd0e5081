/* origin_files.c - a path becomes a descriptor, step by step, and a head. Edge thread. */
#include "origin_files.h"

#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include <waymark/clock.h>

#include "http_date.h"
#include "lines.h"
#include "object.h"
#include "rule_match.h"

enum { NAME_MAX_LEN = 255 };

static const char *type_of(const char *name)
{
    static const struct {
        const char *suffix, *type;
    } types[] = {
        { "html", "text/html; charset=utf-8" },
        { "htm", "text/html; charset=utf-8" },
        { "txt", "text/plain; charset=utf-8" },
        { "css", "text/css; charset=utf-8" },
        { "js", "text/javascript; charset=utf-8" },
        { "mjs", "text/javascript; charset=utf-8" },
        { "json", "application/json" },
        { "xml", "application/xml" },
        { "svg", "image/svg+xml" },
        { "png", "image/png" },
        { "jpg", "image/jpeg" },
        { "jpeg", "image/jpeg" },
        { "gif", "image/gif" },
        { "webp", "image/webp" },
        { "avif", "image/avif" },
        { "ico", "image/vnd.microsoft.icon" },
        { "woff2", "font/woff2" },
        { "pdf", "application/pdf" },
        { "wasm", "application/wasm" },
        { "mp4", "video/mp4" },
        { "ts", "video/mp2t" },
        { "m3u8", "application/vnd.apple.mpegurl" },
        { "mpd", "application/dash+xml" },
    };
    const char *dot = strrchr(name, '.');

    for (size_t i = 0; dot != NULL && i < sizeof types / sizeof *types; i++)
        if (strcasecmp(dot + 1, types[i].suffix) == 0)
            return types[i].type;
    return "application/octet-stream";
}

/* The next name of the path, its %XX decoded. false: no file can have it. */
static bool next_name(const char **path, char out[static NAME_MAX_LEN + 1])
{
    const char *at = *path;
    size_t len = 0;

    for (; *at != '\0' && *at != '/' && *at != '?'; at++) {
        unsigned char c = (unsigned char)*at;
        if (c == '%') {
            int high = http_hex((unsigned char)at[1]);
            int low = high < 0 ? -1 : http_hex((unsigned char)at[2]);
            if (low < 0)
                return false;
            c = (unsigned char)(high << 4 | low);
            at += 2;
        }
        if (c == '\0' || c == '/' || len == NAME_MAX_LEN)
            return false;
        out[len++] = (char)c;
    }
    out[len] = '\0';
    *path = at;
    return out[0] != '.';
}

/* A descriptor of a regular file, or -1. `name` becomes the file's own. */
static int open_below(const char *directory, const char *target, char name[static NAME_MAX_LEN + 1],
                      struct stat *st)
{
    int at = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    const char *path = target;

    while (at >= 0 && *path == '/') {
        path++;
        if (!next_name(&path, name)) {
            close(at);
            return -1;
        }
        bool is_last = *path != '/';
        if (name[0] == '\0' && is_last)
            strcpy(name, "index.html");
        int next = openat(
            at, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | (is_last ? 0 : O_DIRECTORY));
        close(at);
        at = next;
    }
    if (at >= 0 && (fstat(at, st) != 0 || !S_ISREG(st->st_mode))) {
        close(at);
        return -1;
    }
    return at;
}

static struct fetch *answer(struct fetchers *all, const struct fetch_spec *spec,
                            const char *status_line, const char *more)
{
    struct lines head = { 0 };
    char date[HTTP_DATE_LEN + 1];

    http_date_write(clock_wall_ms() / 1000, date);
    lines_format(&head, "HTTP/1.1 %s\r\nDate: %s\r\n%sContent-Length: 0\r\n\r\n", status_line, date,
                 more);
    struct fetch *f =
        head.is_short ? NULL : edge_fetch_start_file(all, spec, head.at, head.len, -1, 0);
    lines_fini(&head);
    return f;
}

static void put_head(struct lines *fields, const struct stat *st, const char *name,
                     const char *cache_control)
{
    char date[HTTP_DATE_LEN + 1], modified[HTTP_DATE_LEN + 1];

    http_date_write(clock_wall_ms() / 1000, date);
    http_date_write(st->st_mtim.tv_sec, modified);
    lines_format(
        fields, "Date: %s\r\nLast-Modified: %s\r\nETag: \"%" PRIx64 "-%lx-%" PRIx64 "\"\r\n", date,
        modified, (uint64_t)st->st_mtim.tv_sec, (long)st->st_mtim.tv_nsec, (uint64_t)st->st_size);
    lines_format(fields, "Content-Type: %s\r\nCache-Control: %s\r\n", type_of(name), cache_control);
}

static bool is_not_modified(const struct fetch_spec *spec, const struct lines *fields)
{
    struct http_fields asked, ours;

    object_read_fields(spec->fields, spec->fields_len, &asked);
    object_read_fields(fields->at, fields->len, &ours);
    return rule_is_not_modified(&asked, &ours, 200, clock_wall_ms() / 1000);
}

/* The file is open: a head for it, then its octets, if they are wanted. */
static struct fetch *answer_file(struct fetchers *all, const struct fetch_spec *spec,
                                 const struct lines *fields, int fd, uint64_t size)
{
    struct lines head = { 0 };
    bool is_304 = is_not_modified(spec, fields);
    struct fetch *f = NULL;

    lines_format(&head, "HTTP/1.1 %s\r\n", is_304 ? "304 Not Modified" : "200 OK");
    lines_put(&head, fields->at, fields->len);
    if (!is_304)
        lines_format(&head, "Content-Length: %" PRIu64 "\r\n", size);
    lines_put(&head, "\r\n", 2);
    if (is_304 || strcmp(spec->method, "HEAD") == 0 || head.is_short) {
        close(fd);
        fd = -1;
    }
    if (!head.is_short)
        f = edge_fetch_start_file(all, spec, head.at, head.len, fd, size);
    lines_fini(&head);
    return f;
}

struct fetch *origin_files_fetch(struct fetchers *all, const char *directory,
                                 const char *cache_control, const struct fetch_spec *spec)
{
    char name[NAME_MAX_LEN + 1] = "";
    struct lines fields = { 0 };
    struct fetch *f = NULL;
    struct stat st;

    if (strcmp(spec->method, "HEAD") != 0 && strcmp(spec->method, "GET") != 0)
        return answer(all, spec, "405 Method Not Allowed", "Allow: GET, HEAD\r\n");
    int fd = open_below(directory, spec->target, name, &st);
    if (fd < 0)
        return answer(all, spec, "404 Not Found", "");
    put_head(&fields, &st, name, cache_control);
    if (fields.is_short)
        close(fd);
    else
        f = answer_file(all, spec, &fields, fd, (uint64_t)st.st_size);
    lines_fini(&fields);
    return f;
}

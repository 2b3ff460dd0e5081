/* edges_check.c - what can be found out about an edge's files before it is made. Any thread.
 *
 * A finding names the line where the edge or the origin begins. */
#include <waymark/edge.h>

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/ssl.h>

#include <waymark/report.h>

#include "edge_tls.h"

void edges_check_tls(const struct conf *conf, struct report *report)
{
    char why[WHY_LEN];

    for (size_t i = 0; i < conf->n_edges; i++) {
        const struct conf_edge *e = &conf->edges[i];
        SSL_CTX *tls = NULL;
        if (edge_tls_load(e, &tls, why) != 0)
            report_error(report, e->where.file, e->where.line, "%s", why);
        SSL_CTX_free(tls);
    }
}

static void check_origin(const struct conf_origin *o, struct report *report)
{
    int fd = o->n_urls > 0 || o->directory == NULL
                 ? -1
                 : open(o->directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NONBLOCK);

    if (fd >= 0)
        close(fd);
    else if (o->n_urls == 0 && o->directory != NULL)
        report_error(report, o->where.file, o->where.line, "origin \"%s\": directory %s: %s",
                     o->name, o->directory,
                     errno == ENOTDIR  ? "it is a file, or goes through one; a folder is expected"
                     : errno == EACCES ? "server.user may not read it"
                                       : strerror(errno));
}

/* A start reads it before privileges drop, a reload can not. */
static void check_readable(const struct conf_edge *e, const char *path, struct report *report)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

    if (fd >= 0)
        close(fd);
    else
        report_warning(report, e->where.file, e->where.line,
                       "%s: server.user cannot read it (%s), so every reload will be refused: "
                       "give it to the user's group (`chgrp GROUP %s; chmod 640 %s`)",
                       path, strerror(errno), path, path);
}

/* The file, or the folder that it would be made in. */
static void check_log(const struct conf *conf, struct report *report)
{
    const char *path = conf->server.access_log;
    struct stat st;
    char folder[4096] = ".";

    if (path == NULL)
        return;
    const char *slash = strrchr(path, '/');
    if (stat(path, &st) == 0) {
        if (access(path, W_OK) != 0)
            report_error(report, path, 0, "server.user cannot write the access log: %s",
                         strerror(errno));
        return;
    }
    if (slash != NULL && (size_t)(slash - path) < sizeof folder - 1) {
        memcpy(folder, path, (size_t)(slash - path) + 1);
        folder[slash - path + 1] = '\0';
    }
    if (access(folder, W_OK | X_OK) != 0)
        report_error(report, path, 0, "server.user cannot make the access log in %s: %s", folder,
                     strerror(errno));
}

void edges_check_files(const struct conf *conf, struct report *report)
{
    for (size_t i = 0; i < conf->n_origins; i++)
        check_origin(&conf->origins[i], report);
    for (size_t i = 0; i < conf->n_edges; i++) {
        const struct conf_edge *e = &conf->edges[i];
        if (e->certificate == NULL || e->n_listen_tls == 0)
            continue;
        check_readable(e, e->certificate, report);
        check_readable(e, e->key, report);
    }
    if (conf->n_edges > 0)
        check_log(conf, report);
}

/* fetch_file.c - a transfer from a file, a piece at a time between other events. Edge thread. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fetch_inside.h"

enum { FILE_PIECE = 32 * 1024 };

static void read_piece(struct fetch *f)
{
    char piece[FILE_PIECE];
    size_t wanted = f->file_left < sizeof piece ? (size_t)f->file_left : sizeof piece;
    ssize_t n = wanted == 0 ? 0 : read(f->fd, piece, wanted);

    if (n < 0 || (n == 0 && f->file_left > 0) || body_append(f->view.body, piece, (size_t)n) != 0) {
        edge_fetch_end(f, CURLE_READ_ERROR); /* shorter than it was said to be: not complete */
        return;
    }
    f->file_left -= (uint64_t)n;
    if (f->file_left == 0)
        edge_fetch_end(f, CURLE_OK);
    else
        edge_fetch_note_change(f);
}

void edge_fetch_read_file(struct fetch *f)
{
    if (f->view.outcome != FETCH_RUNNING)
        return;
    if (!f->view.has_head && !edge_fetch_set_head(f)) {
        edge_fetch_refuse(f);
        return;
    }
    f->is_paused_in = !body_wants_more(f->view.body);
    if (f->is_paused_in)
        return;
    read_piece(f);
    if (f->view.outcome == FETCH_RUNNING) {
        f->wants_resume = true;
        edge_fetch_run_later(f->all);
    }
}

struct fetch *edge_fetch_start_file(struct fetchers *all, const struct fetch_spec *spec,
                                    const char *head, size_t head_len, int fd, uint64_t len)
{
    struct fetch *f = edge_fetch_allocate(all, spec);

    assert(head_len <= HTTP_HEAD_MAX);
    if (f != NULL)
        f->raw = malloc(HTTP_HEAD_MAX);
    if (f == NULL || f->raw == NULL) {
        edge_fetch_cancel(f);
        if (fd >= 0)
            close(fd);
        return NULL;
    }
    memcpy(f->raw, head, head_len);
    f->raw_len = head_len;
    f->is_file = true;
    f->fd = fd;
    f->file_left = fd < 0 ? 0 : len;
    f->deadline_us = 0;
    f->wants_resume = true;
    edge_fetch_run_later(all);
    return f;
}

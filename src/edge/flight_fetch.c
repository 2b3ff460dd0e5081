/* flight_fetch.c - a flight's fetch: from whom, and with which head and body. Edge thread. */
#include <errno.h>

#include "ask.h"
#include "flight_inside.h"
#include "origin_files.h"

static long read_upload(void *ctx, char *out, size_t room)
{
    struct flight *f = flight_of(ctx);

    if (f->read == NULL) /* the answer came first: its session reads no more of the request */
        return -1;
    f->is_read = true;
    return f->read(f->read_ctx, out, room);
}

static int64_t upload_of(const struct flight *f)
{
    const struct http_request_head *head = &f->request->head;

    if (f->read == NULL || head->body == HTTP_BODY_NONE)
        return FETCH_BODY_NONE;
    return head->body == HTTP_BODY_LENGTH ? (int64_t)head->length : FETCH_BODY_UNKNOWN;
}

static struct fetch *start_fetch(struct flight *f, const struct ask *ask,
                                 const struct ask_head *head)
{
    struct fetchers *fetchers = f->edge->thread->fetchers;
    struct fetch_spec spec = {
        .method = head->method,
        .url = ask->url,
        .connect_to = ask->connect_to,
        .target = head->target.at,
        .host = head->host,
        .fields = head->fields.at,
        .fields_len = head->fields.len,
        .connect_ms = ask->connect_ms,
        .first_byte_ms = ask->first_byte_ms,
        .body_idle_ms = ask->body_idle_ms,
        .upload = upload_of(f),
        .read = read_upload,
        .read_ctx = f,
        .on_change = flight_on_change,
        .ctx = f,
    };

    if (ask->directory != NULL)
        return origin_files_fetch(fetchers, ask->directory, ask->cache_control, &spec);
    return edge_fetch_start(fetchers, &spec);
}

/* Whom to ask is asked anew each time: the configuration may have changed meanwhile. */
int flight_begin_fetch(struct flight *f)
{
    const struct object *stale = f->stale != NULL && f->stale->fresh.can_validate ? f->stale : NULL;
    struct ask_head head = { 0 };
    struct ask ask;

    if (!ask_whom(f->edge, f->attempt, f->no_shield, &ask))
        return -EINVAL;
    f->is_to_shield = ask.is_shield;
    if (ask_write(f->edge, f->request, &ask, f->kind != FLIGHT_PRIVATE, stale, &head))
        f->fetch = start_fetch(f, &ask, &head);
    ask_head_fini(&head);
    counter_bump(&f->edge->counts->fetches, 1);
    return f->fetch == NULL ? -ENOMEM : 0;
}

bool flight_try_another(struct flight *f, const struct fetch_view *view)
{
    if (f->is_read || (f->kind == FLIGHT_PRIVATE && !http_method_is_safe(f->request->head.method)))
        return false;
    if (f->is_to_shield) {
        f->no_shield = true;
    } else {
        if (view->outcome != FETCH_NOTHING || f->attempt > 0 || ask_count(f->edge) < 2)
            return false;
        f->attempt++;
    }
    edge_fetch_cancel(f->fetch);
    f->fetch = NULL;
    return flight_begin_fetch(f) == 0;
}

/* session.h - one client's connection: what it waits for, and until when.
 *
 * steps.h says what happens to a request; here are the bufferevent, the deadlines and the end.
 *
 * Threads: the edge's. Limits: input is read ahead up to SESSION_INPUT_MAX, output is queued up to
 * SESSION_OUTPUT_MAX and a head; deadlines per phase, from the configuration. */
#pragma once

#include <sys/socket.h>

#include "flight.h"
#include "http_chunks.h"
#include "rule_pass.h"

struct bufferevent;
struct ssl_st;

enum {
    SESSION_INPUT_MAX = 64 * 1024,
    SESSION_OUTPUT_MAX = 256 * 1024,
    SESSION_OUTPUT_LOW = 64 * 1024,
    SESSION_PIPELINE_MAX = 32 /* requests answered in one go, then others have their turn */
};

enum step {
    STEP_RECEIVE,
    STEP_LOOK_UP,
    STEP_FETCH,
    STEP_DELIVER,
    STEP_FINISH,
    STEP_WAIT, /* for an event: the step stays the same */
    STEP_GONE  /* the session is freed */
};

struct session {
    uint32_t magic;
    struct edge *edge;
    TAILQ_ENTRY(session) links;
    struct bufferevent *bev;
    char client[64];
    bool is_tls;

    enum step step;
    bool is_running;   /* inside steps: the end waits */
    bool is_gone;      /* to be freed when they return */
    bool is_eof;       /* the client sends no more */
    bool must_close;   /* after this answer */
    bool is_closing;   /* all is queued: close when it is out */
    bool must_linger;  /* the client may still be sending: read it away, or it loses the answer */
    bool is_lingering;
    bool is_head_begun; /* part of a head is here: header_s runs */
    int64_t deadline_us; /* 0: none */
    uint64_t queued, progress; /* octets ever queued; got rid of at the last look */

    /* one request */
    struct request *request; /* counted; NULL between requests */
    struct flight_waiter waiter;
    struct flight_told told; /* told.object counted */
    bool is_told, is_alone;
    bool is_second; /* it waited for somebody else's variant */
    bool is_probe;   /* it asked for /healthz: not in the access log, nor in rates and times */
    bool is_private; /* the origin's answer goes through as it is */
    struct object *stale; /* to be validated; counted */
    enum rule_forward forward;
    int64_t begun_us;
    unsigned status;
    uint64_t body_sent;

    /* its body */
    bool has_upload, is_upload_done, is_upload_bad;
    uint64_t upload_left;
    struct http_chunks upload_chunks;

    /* the answer */
    bool is_head_sent, is_chunked, has_body;
    uint64_t skip, left; /* of the body: before the range; of it */
    struct body_reader reader;
};

/* Takes over the descriptor and `tls` (NULL: none); without memory it closes them. */
void session_new(struct edge *e, int fd, const struct sockaddr *from, struct ssl_st *tls);
void session_free(struct session *s); /* closes at once; NULL is fine */

/* The edge looks at all sessions now and then. */
void sessions_tick(struct edge *e, int64_t now_us);
void sessions_end(struct edge *e);
/* Closes the connection that has been idle longest. false: none is. */
bool sessions_make_room(struct edge *e);

struct session *session_of(void *arg); /* back from a void pointer */

/* ---- for the steps ---- */

void session_set_deadline(struct session *s, int seconds);
void session_rest(struct session *s); /* until the next request */
void session_queue(struct session *s, const char *at, size_t len); /* copied */
void session_queue_segment(struct session *s, struct body_segment *segment, const char *at,
                           size_t len); /* counted, not copied */
void session_flush(struct session *s); /* what is queued, as far as the kernel takes it */
void session_close(struct session *s); /* once all is out */
size_t session_queued(const struct session *s); /* not yet taken by the kernel */
void session_drain(struct session *s, size_t len); /* so much of the input is done with: read on */
long session_read_upload(void *ctx, char *out, size_t room); /* a fetch_read_cb */
void session_abort(struct session *s); /* so that the client sees that the answer is not whole */
void session_reader_begin(struct session *s, struct body *body);

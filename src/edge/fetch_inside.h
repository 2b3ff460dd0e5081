/* fetch_inside.h - what fetch.c, fetch_fields.c, fetch_file.c and fetchers.c share: one transfer, and
 * all of a thread.
 *
 * Threads: the edge's. */
#pragma once

#include <curl/curl.h>
#include <event2/event_struct.h>

#include "fetch.h"

enum { FETCH_MAGIC = 0xfe7c4 };

struct fetch_socket;

struct fetchers {
    struct event_base *base;
    CURLM *multi; /* NULL while there is no memory for it: libcurl's functions then fail */
    struct event timer, tick, later;
    struct fetch *first;   /* all of them */
    struct fetch *changed; /* whose owners are to be told */
    struct fetch_socket *sockets; /* connections in use and kept */
};

struct fetch {
    uint32_t magic;
    struct fetchers *all;
    struct fetch *next, **prev;
    struct fetch *next_changed;
    bool is_changed;
    CURL *easy;
    struct curl_slist *fields, *connect_to;
    bool is_added, is_to_head;
    bool is_paused_in, is_paused_out, wants_resume;
    bool is_upload;
    bool is_spoilt; /* there were octets on the kept connection that nobody had asked for */
    int fd; /* of a file, or -1 */
    bool is_file;
    uint64_t file_left;
    int first_byte_ms, body_idle_ms;
    int64_t deadline_us; /* 0: none */
    int64_t begun_us;
    char *raw; /* of the head */
    size_t raw_len;
    struct http_response_head *head;
    struct http_chunks chunks;
    bool is_chunks_end;
    char curl_error[CURL_ERROR_SIZE], error_text[CURL_ERROR_SIZE + 200];
    struct fetch_view view;
    fetch_read_cb *read;
    void *read_ctx;
    fetch_cb *on_change;
    void *ctx;
};

struct fetch *edge_fetch_of(void *arg); /* back from a void pointer */
struct fetch *edge_fetch_allocate(struct fetchers *all, const struct fetch_spec *spec);

/* Its owner is to be told, once libcurl has returned; or not any more. */
void edge_fetch_note_change(struct fetch *f);
void edge_fetch_forget_change(struct fetch *f);
/* Resumes what wants it, in a moment. */
void edge_fetch_run_later(struct fetchers *all);

bool edge_fetch_set_fields(struct fetch *f, const struct fetch_spec *spec); /* false: no memory */
/* Tells the transfer to keep account of its socket with all the others. */
void edge_fetch_watch_socket(struct fetch *f);
/* Has anything arrived on a connection between these ports that nobody has read? */
bool edge_fetch_is_unread(struct fetchers *all, int own_port, int peer_port);

/* f->raw holds a whole head. false: no parser should take it. */
bool edge_fetch_set_head(struct fetch *f);
void edge_fetch_refuse(struct fetch *f);
void edge_fetch_end(struct fetch *f, CURLcode code);
/* Its outcome is not whole: sets view.error and its text. */
void edge_fetch_explain(struct fetch *f, CURLcode code);

void edge_fetch_read_file(struct fetch *f); /* one more piece of it */

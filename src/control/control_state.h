/* control_state.h - what the parts of this room share: the struct behind the door.
 *
 * Main thread only. What the server was started with is copied: a reload may free the configuration
 * it came from. */
#pragma once

#include <stdint.h>

#include <waymark/conf.h>
#include <waymark/control.h>
#include <waymark/report.h>

#include "totals.h"

struct event;
struct control_socket;
struct map_cache;
struct metrics_server;
struct socket_client;

enum { LAST_LOAD_SHOWN = 20 }; /* by status; the reload's own answer has all that were kept */

/* How the latest reload went. */
struct last_load {
    int64_t at_ms; /* 0: none since the start */
    bool is_done;
    size_t n_errors, n_warnings, n_lines;
    char *lines[REPORT_LINES_MAX]; /* "file:line: error: text" */
};

struct control {
    struct control_hooks hooks;
    char *control_path;
    struct endpoint metrics;
    struct endpoint *listen;
    size_t n_listen;
    struct control_socket *socket;
    struct metrics_server *server;
    struct map_cache *maps; /* see map_page.h */
    struct event *every_ten_s;
    struct rate rate;
    struct last_load last_load;
    struct socket_client *reload_client; /* who waits for the reload; NULL: nobody */
    int64_t reload_began_us;
};

/* Resident memory of this process; 0 when the kernel does not say. */
uint64_t resident_bytes(void);

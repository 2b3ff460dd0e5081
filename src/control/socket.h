/* socket.h - the control socket: a unix stream of lines, a JSON object each way.
 *
 * Threads: the main thread's libevent loop; nothing here blocks.
 * Owner:   control.c. Knows lines, clients and who they are, not what they ask.
 * A client that misbehaves gets a sentence and, where its stream cannot be trusted any more, the
 * end. */
#pragma once

#include <sys/types.h>

#include <jansson.h>

#include <waymark/why.h>

#include "request.h"

struct event_base;
struct control_socket;
struct socket_client;

enum {
    SOCKET_CLIENTS_MAX = 16,
    SOCKET_IDLE_S = 30, /* for a whole request to arrive */
    SOCKET_STUCK_S = 10 /* for the client to take any part of an answer */
};

struct socket_calls {
    void *ctx;
    /* Must lead to one socket_reply, at once or later. */
    void (*on_request)(void *ctx, struct socket_client *client, const struct request *request);
    /* A client left before its reply: forget the pointer. */
    void (*on_gone)(void *ctx, struct socket_client *client);
};

/* Besides root and our own user, `user` may connect; (uid_t)-1: nobody else. 0, or -errno with
 * `why`. -EADDRINUSE: a server answers there already. */
int socket_open(struct event_base *base, const char *path, uid_t user,
                const struct socket_calls *calls, struct control_socket **out,
                char why[static WHY_LEN]);
void socket_close(struct control_socket *socket); /* NULL is fine; on_gone is not called */

/* Takes the reply over; NULL stands for "out of memory". */
void socket_reply(struct socket_client *client, json_t *reply);

/* Binds and listens: a left-over file is replaced, a live server's is not. socket_path.c */
int socket_claim(const char *path, uid_t user, int *out_fd, char why[static WHY_LEN]);

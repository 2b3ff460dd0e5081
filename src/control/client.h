/* client.h - one question to a running server's control socket. In a client process; blocks. */
#pragma once

#include <stdbool.h>

#include <jansson.h>

#include <waymark/why.h>

/* 0 and the reply, an object without "error"; or -errno with `why`: -ECONNREFUSED and -ENOENT when
 * no server is there, -EPROTO when it answers with an error, whose sentence `why` is. Takes
 * `request` over. Waits up to `wait_s` for the reply. */
int client_ask(const char *socket_path, json_t *request, int wait_s, json_t **out,
               char why[static WHY_LEN]);

/* Did it fail because no server is there? */
bool client_is_absent(int err);

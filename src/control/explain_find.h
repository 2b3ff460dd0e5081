/* explain_find.h - an explanation, from the running server or from its files. In a client process.
 */
#pragma once

#include <jansson.h>

#include <waymark/conf.h>
#include <waymark/control.h>
#include <waymark/dns.h>

/* explain_json's object: asked of the running server; without one, or offline, built from the
 * configuration. NULL: it has been said why on standard error. `question` is what `args` say. */
json_t *explain_find(const struct control_explain_args *args, const struct dns_question *question);

/* The socket to ask. The caller frees it; NULL: `why` says why there is none. */
char *explain_socket(const char *socket, const char *conf_file, char why[static WHY_LEN]);

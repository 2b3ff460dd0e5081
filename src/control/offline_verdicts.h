/* offline_verdicts.h - with which verdicts is a question about files answered? With those of the
 * running server, or those that a former one saved, or none: then every target is taken for up. In
 * a client process. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <jansson.h>

#include <waymark/addr.h>
#include <waymark/conf.h>
#include <waymark/control.h>
#include <waymark/why.h>

#include "without.h"

enum verdicts_source { VERDICTS_NONE, VERDICTS_SAVED, VERDICTS_LIVE };

/* What is known of one address of one target, whatever the configuration says. */
struct known_verdict {
    char *target;
    struct addr address; /* family 0 for a CNAME */
    bool is_up, is_checked;
    uint64_t fingerprint;        /* of saved ones, see health.h */
    int64_t since_ms, probed_ms; /* wall clock; 0: not said */
    char *error;                 /* of the last probe that failed; NULL: none */
};

struct verdicts {
    enum verdicts_source source;
    char *where;           /* a socket, or a file */
    char why[2 * WHY_LEN]; /* there is nothing better */
    bool is_any_age;       /* of saved ones */
    int64_t now_ms;        /* wall clock */
    int64_t loaded_ms;     /* of live ones: when the server read its configuration */
    int64_t world;
    bool is_ready; /* likewise: first results are in, or were waited for */
    struct known_verdict *list;
    size_t n, cap;
};

/* As `args` want them; `conf` says where to look. false: it has been said why on standard error. */
bool verdicts_find(struct verdicts *v, const struct control_verdicts_args *args,
                   const struct conf *conf);
void verdicts_fini(struct verdicts *v); /* of zeros is fine */

/* The verdict for that address as the configuration has it, with a check of the same kind and young
 * enough; NULL: none, it is taken for up. */
const struct known_verdict *verdicts_of(const struct verdicts *v, const struct conf *conf,
                                        const struct conf_target *target, size_t address);

/* Takes the strings over. false: out of memory. */
bool verdicts_add(struct verdicts *v, const struct known_verdict *known);

/* offline_live.c: 0: asked; 1: no server is there, and `why` says so; -1: it is there and refuses.
 */
int verdicts_ask(struct verdicts *v, const char *socket_path, char why[static WHY_LEN]);
/* Of its reply. false: out of memory. */
bool verdicts_take(struct verdicts *v, const json_t *reply);
/* offline_saved.c: 0, or -errno with `why`. */
int verdicts_read(struct verdicts *v, const char *path, char why[static WHY_LEN]);

/* Which verdicts were assumed for that configuration, as an object and as the first lines of an
 * output. */
json_t *verdicts_json(const struct verdicts *v, const struct conf *conf,
                      const struct without *down);
void verdicts_text(const json_t *verdicts, FILE *out);
/* "Verdicts: ..." in one sentence. The caller frees it; NULL: out of memory. */
char *verdicts_sentence(const json_t *verdicts);

/* identity.c - is this still the same thing, probed the same way? Pure. */
#include "identity.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <waymark/hash.h>
#include <waymark/health.h>

/* With its length, so that no text can look like two. */
static void put_text(FILE *out, const char *text)
{
    if (text == NULL)
        fputs("-\n", out);
    else
        fprintf(out, "%zu:%s\n", strlen(text), text);
}

static void put_check(FILE *out, const struct conf_check *check)
{
    fprintf(out, "%d %d %d %d %d\n", check->kind, check->every_s, check->timeout_ms, check->fall,
            check->rise);
    put_text(out, check->url);
    put_text(out, check->host);
    put_text(out, check->body);
    put_text(out, check->ca_file);
    for (size_t i = 0; i < check->n_status; i++)
        fprintf(out, "%d ", check->status[i]);
    fputc('\n', out);
}

static void put_target(FILE *out, const struct conf_target *target, size_t address)
{
    char text[ENDPOINT_TEXT_LEN];

    put_text(out, target->name);
    put_text(out, target->cname);
    if (target->cname == NULL) {
        fprintf(out, "%s\n", addr_format(&target->addresses[address], text));
        if (target->n_probe_addresses > 0) {
            size_t at = address % target->n_probe_addresses;
            fprintf(out, "%s\n", endpoint_format(&target->probe_addresses[at], text));
        }
        return;
    }
    fprintf(out, "%d\n", target->min_up);
    for (size_t i = 0; i < target->n_probe_addresses; i++)
        fprintf(out, "%s\n", endpoint_format(&target->probe_addresses[i], text));
}

char *identity_new(const struct conf *conf, const struct conf_target *target, size_t address)
{
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);

    if (out == NULL)
        return NULL;
    put_target(out, target, address);
    if (target->check != CONF_NONE)
        put_check(out, &conf->checks[target->check]);
    if (fclose(out) != 0) {
        free(text);
        return NULL;
    }
    return text;
}

uint64_t identity_hash(const char *identity)
{
    return hash_plain(identity, strlen(identity));
}

uint64_t health_fingerprint(const struct conf *conf, const struct conf_target *target,
                            size_t address)
{
    char *identity = identity_new(conf, target, address);
    uint64_t hash = identity == NULL ? 0 : identity_hash(identity);

    free(identity);
    return hash;
}

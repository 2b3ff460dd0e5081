/* tcp_clients.c - a hash table with chains, from address to client; a TCP thread. What is done
 * about one who has too many connections is for tcp_server.c. */
#include "tcp_clients.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

#include <waymark/rng.h>

enum { IPV6_CLIENT_BITS = 64 }; /* whoever has one address has 2^64 */

int tcp_clients_init(struct tcp_clients *all, size_t n_sessions)
{
    uint8_t octets[SIPHASH_KEY_LEN];

    for (all->n_buckets = 16; all->n_buckets < n_sessions; all->n_buckets *= 2)
        continue;
    all->buckets = calloc(all->n_buckets, sizeof(struct tcp_client *));
    if (all->buckets == NULL || rng_secret(octets, sizeof octets) != 0)
        return -ENOMEM;
    siphash_key_init(&all->key, octets);
    return 0;
}

void tcp_clients_fini(struct tcp_clients *all)
{
    free(all->buckets);
    *all = (struct tcp_clients){ 0 };
}

struct tcp_client *tcp_clients_get(struct tcp_clients *all, const struct addr *from)
{
    struct addr who = from->family == 6 ? addr_mask(from, IPV6_CLIENT_BITS) : *from;
    size_t bucket = siphash(&all->key, who.octets, sizeof who.octets) & (all->n_buckets - 1);
    struct tcp_client *c = all->buckets[bucket];

    while (c != NULL && !addr_equal(&c->who, &who))
        c = c->next;
    if (c != NULL)
        return c;
    c = calloc(1, sizeof *c);
    if (c == NULL)
        return NULL;
    c->who = who;
    c->bucket = bucket;
    c->next = all->buckets[bucket];
    TAILQ_INIT(&c->list);
    all->buckets[bucket] = c;
    return c;
}

void tcp_clients_let_go(struct tcp_clients *all, struct tcp_client *client)
{
    struct tcp_client **at = &all->buckets[client->bucket];

    if (client->n > 0)
        return;
    while (*at != client) {
        assert(*at != NULL);
        at = &(*at)->next;
    }
    *at = client->next;
    free(client);
}

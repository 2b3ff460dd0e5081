/* play.h - a play: the whole director but for sockets and probes, on a simulated clock.
 *
 * A play file holds lines:
 *   file PATH <<            the lines up to "." become that file (waymark.conf is the configuration)
 *   use PATH                that file of the project, by the same path
 *   starting                steered names are not answered before `ready`
 *   ready
 *   at 10s                  the clock; it never goes back
 *   probe T down 3 times    results of T's check; "probe T/1 up" is its second address
 *   reload                  the files again, as they were written last
 *   ask NAME TYPE from ADDRESS [subnet PREFIX] [over tcp] [size N] [opcode N] [class N] [version N]
 *   ask NAME TYPE from 1000 resolvers
 *   expect THING, THING, ...
 * THING: an rcode; "a or b" (targets or data: all records are of these); "both a and b" (each occurs);
 * "ttl N", "ttl at most N", "scope N", "nodata", "silence", "truncated", "referral",
 * "authoritative", "not authoritative", "records N", "authority N", "additional N", "says WORD" and
 * "never says WORD" (a record's text holds it), "soa ttl N", "shares a 60 b 40 within 3" (per cent), "same as before". */
#pragma once

#include <ldns/ldns.h>

#include <waymark/dns.h>
#include <waymark/world.h>

#include "health/track.h"

enum { PLAY_TRACKS_MAX = 256, PLAY_SHARES_MAX = 32 };

struct play_track {
    char target[64];
    unsigned address;
    struct track track;
};

struct play {
    const char *path;    /* of the play */
    char folder[64];     /* where its files are */
    int line;
    unsigned n_failures, n_expectations;
    bool waits_for_ready, is_loaded;
    int64_t now_ms;
    struct conf *conf;
    struct world_hub *hub;
    struct dns_desk desk;
    struct play_track tracks[PLAY_TRACKS_MAX];
    size_t n_tracks;
    uint8_t octets[65535]; /* the last answer */
    size_t len;
    uint8_t former[65535]; /* the one before */
    size_t former_len;
    ldns_pkt *answer; /* NULL: silence */
    unsigned n_asked; /* of "from N resolvers" */
    struct {
        char who[256];
        unsigned n;
    } shares[PLAY_SHARES_MAX];
    size_t n_shares;
};

void play_fail(struct play *p, const char *format, ...) __attribute__((format(printf, 2, 3)));
void play_expect(struct play *p, char *things);
/* Does this answer record stand for `who`: a target's name, or its data? */
bool play_is_of(const struct play *p, const ldns_rr *rr, const char *who);
/* The target that the record stands for, or its data. */
void play_who(const struct play *p, const ldns_rr *rr, char out[static 256]);

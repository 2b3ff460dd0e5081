/* play_expect.c - what a play's answers are held against. */
#include "play.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const ldns_rr_list *answers(const struct play *p)
{
    return ldns_pkt_answer(p->answer);
}

static bool text_equal(const char *a, const char *b)
{
    size_t n = strlen(a);

    if (n > 0 && a[n - 1] == '.') /* ldns writes names with their last dot */
        n--;
    return strlen(b) == n && strncasecmp(a, b, n) == 0;
}

static void data_of(const ldns_rr *rr, char out[static 256])
{
    char *text = ldns_rdf2str(ldns_rr_rdf(rr, 0));

    snprintf(out, 256, "%s", text);
    free(text);
}

static bool is_targets(const struct conf_target *t, const char *data)
{
    char text[ADDR_TEXT_LEN];

    if (t->cname != NULL)
        return text_equal(data, t->cname);
    for (size_t i = 0; i < t->n_addresses; i++)
        if (strcmp(addr_format(&t->addresses[i], text), data) == 0)
            return true;
    return false;
}

void play_who(const struct play *p, const ldns_rr *rr, char out[static 256])
{
    char data[256];

    data_of(rr, data);
    snprintf(out, 256, "%s", data);
    for (size_t i = 0; i < p->conf->n_targets; i++)
        if (is_targets(&p->conf->targets[i], data)) {
            snprintf(out, 256, "%s", p->conf->targets[i].name);
            return;
        }
}

bool play_is_of(const struct play *p, const ldns_rr *rr, const char *who)
{
    char data[256], target[256];

    data_of(rr, data);
    play_who(p, rr, target);
    return text_equal(data, who) || strcmp(target, who) == 0;
}

/* "a or b": every record is of one of these, and there is one. */
static void expect_any(struct play *p, char *names)
{
    char list[512];
    const ldns_rr_list *rrs = answers(p);

    if (ldns_rr_list_rr_count(rrs) == 0)
        play_fail(p, "expected %s, got no record", names);
    for (size_t i = 0; i < ldns_rr_list_rr_count(rrs); i++) {
        bool is_known = false;
        char data[256], *save, *word;
        snprintf(list, sizeof list, "%s", names);
        for (word = strtok_r(list, " ", &save); word != NULL; word = strtok_r(NULL, " ", &save))
            is_known |= strcmp(word, "or") != 0 && play_is_of(p, ldns_rr_list_rr(rrs, i), word);
        data_of(ldns_rr_list_rr(rrs, i), data);
        if (!is_known)
            play_fail(p, "expected %s, got %s", names, data);
    }
}

/* "both a and b": each has a record. */
static void expect_each(struct play *p, char *names)
{
    char *save;

    for (char *w = strtok_r(names, " ", &save); w != NULL; w = strtok_r(NULL, " ", &save)) {
        bool is_there = strcmp(w, "and") == 0;
        for (size_t i = 0; i < ldns_rr_list_rr_count(answers(p)); i++)
            is_there |= play_is_of(p, ldns_rr_list_rr(answers(p), i), w);
        if (!is_there)
            play_fail(p, "%s is not among the answers", w);
    }
}

static void expect_ttl(struct play *p, const ldns_rr_list *rrs, const char *what, bool is_bound)
{
    uint32_t wanted = (uint32_t)atoi(what);

    if (ldns_rr_list_rr_count(rrs) == 0)
        play_fail(p, "expected a TTL of %u, got no record", wanted);
    for (size_t i = 0; i < ldns_rr_list_rr_count(rrs); i++) {
        uint32_t ttl = ldns_rr_ttl(ldns_rr_list_rr(rrs, i));
        if (is_bound ? ttl > wanted || ttl == 0 : ttl != wanted)
            play_fail(p, "expected TTL %s%u, got %u", is_bound ? "at most " : "", wanted, ttl);
    }
}

/* The data of the answer's EDNS option with this code, at least `least` octets; NULL: none. */
static const uint8_t *option_of(const struct play *p, unsigned code, size_t least)
{
    ldns_rdf *options = ldns_pkt_edns_data(p->answer);
    const uint8_t *o = options == NULL ? NULL : ldns_rdf_data(options);
    size_t len = options == NULL ? 0 : ldns_rdf_size(options);

    while (len >= 4) {
        size_t n = wire_get16(o + 2);
        if (wire_get16(o) == code)
            return n < least ? NULL : o + 4;
        o += 4 + n;
        len -= 4 + n;
    }
    return NULL;
}

/* Of the answer's client subnet; -1: there is none. */
static int scope_of(const struct play *p)
{
    const uint8_t *subnet = option_of(p, 8, 4);

    return subnet == NULL ? -1 : subnet[3];
}

/* RFC 8914; -1: none. */
static int extended_error_of(const struct play *p)
{
    const uint8_t *error = option_of(p, 15, 2);

    return error == NULL ? -1 : wire_get16(error);
}

static void expect_share(struct play *p, const char *who, double wanted, double within)
{
    unsigned n = 0;

    for (size_t i = 0; i < p->n_shares; i++)
        if (text_equal(p->shares[i].who, who))
            n = p->shares[i].n;
    double got = 100.0 * n / p->n_asked;
    if (got < wanted - within || got > wanted + within)
        play_fail(p, "expected %s for %.1f %% +- %.1f, got %.1f %%", who, wanted, within, got);
}

/* "a 60 b 40 within 3" */
static void expect_shares(struct play *p, char *text)
{
    char *within = strstr(text, " within ");
    char *save;

    if (within == NULL || p->n_asked == 0) {
        play_fail(p, "shares want `within N` and a question from many resolvers");
        return;
    }
    *within = '\0';
    for (char *w = strtok_r(text, " ", &save); w != NULL; w = strtok_r(NULL, " ", &save)) {
        const char *n = strtok_r(NULL, " ", &save);
        expect_share(p, w, n == NULL ? 0 : atof(n), atof(within + strlen(" within ")));
    }
}

/* Without OPT, which ldns keeps apart. */
static int count_additional(const struct play *p)
{
    return (int)ldns_rr_list_rr_count(ldns_pkt_additional(p->answer));
}

/* Some record of the answer, written out, holds the word. */
static void expect_says(struct play *p, const char *word, bool is_wanted)
{
    bool is_there = false;

    for (size_t i = 0; i < ldns_rr_list_rr_count(answers(p)); i++) {
        char *text = ldns_rr2str(ldns_rr_list_rr(answers(p), i));
        is_there |= strstr(text, word) != NULL;
        free(text);
    }
    if (is_there != is_wanted)
        play_fail(p, "%s record says %s", is_there ? "a" : "no", word);
}

static void expect_number(struct play *p, const char *what, int wanted, int got)
{
    if (wanted != got)
        play_fail(p, "expected %s %d, got %d", what, wanted, got);
}

static bool expect_rcode(struct play *p, const char *thing)
{
    unsigned wanted = 0;

    while (wanted <= WIRE_BADVERS && strcmp(wire_rcode_to_text(wanted), thing) != 0)
        wanted++;
    if (wanted > WIRE_BADVERS)
        return false;
    unsigned got = (unsigned)ldns_pkt_get_rcode(p->answer) |
                   (unsigned)ldns_pkt_edns_extended_rcode(p->answer) << 4;
    if (got != wanted)
        play_fail(p, "expected %s, got %s", thing, wire_rcode_to_text(got));
    return true;
}

static bool starts(char **thing, const char *word)
{
    size_t n = strlen(word);

    if (strncmp(*thing, word, n) != 0)
        return false;
    *thing += n;
    return true;
}

static bool expect_flags(struct play *p, const char *thing)
{
    bool has_answer = ldns_rr_list_rr_count(answers(p)) > 0;

    if (strcmp(thing, "nodata") == 0) {
        if (has_answer || ldns_pkt_get_rcode(p->answer) != 0)
            play_fail(p, "expected no data");
    } else if (strcmp(thing, "truncated") == 0 || strcmp(thing, "not truncated") == 0) {
        if (ldns_pkt_tc(p->answer) != (thing[0] == 't'))
            play_fail(p, "expected an answer that is %s", thing);
    } else if (strcmp(thing, "referral") == 0) {
        if (has_answer || ldns_pkt_aa(p->answer) || ldns_pkt_nscount(p->answer) == 0)
            play_fail(p, "expected a referral");
    } else if (strcmp(thing, "authoritative") == 0 || strcmp(thing, "not authoritative") == 0) {
        if (ldns_pkt_aa(p->answer) != (thing[0] == 'a'))
            play_fail(p, "expected %s", thing);
    } else if (strcmp(thing, "same as before") == 0) {
        if (p->len != p->former_len || memcmp(p->octets, p->former, p->len) != 0)
            play_fail(p, "the answer is not the one before");
    } else {
        return false;
    }
    return true;
}

static void expect_one(struct play *p, char *thing)
{
    if (starts(&thing, "shares "))
        expect_shares(p, thing);
    else if (strcmp(thing, "silence") == 0)
        expect_number(p, "octets", 0, (int)p->len);
    else if (p->answer == NULL)
        play_fail(p, "expected %s, got silence", thing);
    else if (starts(&thing, "ttl at most "))
        expect_ttl(p, answers(p), thing, true);
    else if (starts(&thing, "ttl "))
        expect_ttl(p, answers(p), thing, false);
    else if (starts(&thing, "soa ttl "))
        expect_ttl(p, ldns_pkt_authority(p->answer), thing, false);
    else if (starts(&thing, "scope "))
        expect_number(p, "scope", atoi(thing), scope_of(p));
    else if (starts(&thing, "extended error "))
        expect_number(p, "extended error", atoi(thing), extended_error_of(p));
    else if (starts(&thing, "records "))
        expect_number(p, "records", atoi(thing), (int)ldns_rr_list_rr_count(answers(p)));
    else if (starts(&thing, "authority "))
        expect_number(p, "authority", atoi(thing), (int)ldns_pkt_nscount(p->answer));
    else if (starts(&thing, "additional "))
        expect_number(p, "additional", atoi(thing), count_additional(p));
    else if (starts(&thing, "says "))
        expect_says(p, thing, true);
    else if (starts(&thing, "never says "))
        expect_says(p, thing, false);
    else if (starts(&thing, "both "))
        expect_each(p, thing);
    else if (!expect_rcode(p, thing) && !expect_flags(p, thing))
        expect_any(p, thing);
}

void play_expect(struct play *p, char *things)
{
    char *save;

    p->n_expectations++;
    for (char *t = strtok_r(things, ",", &save); t != NULL; t = strtok_r(NULL, ",", &save)) {
        while (*t == ' ')
            t++;
        expect_one(p, t);
    }
}

/* offline_live.c - the verdicts of the running server, for questions about files. In a client
 * process. */
#include "offline_verdicts.h"

#include <string.h>

#include "client.h"
#include "json_put.h"

enum { VERDICTS_WAIT_S = 30 };

static char *copy(const char *text)
{
    return text == NULL ? NULL : strdup(text);
}

/* What its probes say; NULL is fine. */
static bool add(struct verdicts *v, const json_t *target, const char *address, bool is_up,
                const json_t *probe)
{
    struct known_verdict known = {
        .is_up = is_up,
        .is_checked = get_text(target, "check", NULL) != NULL,
        .since_ms = get_int(probe, "since_ms", 0),
        .probed_ms = get_int(probe, "last_probe_ms", 0),
    };

    if (address != NULL && !addr_parse(address, &known.address))
        return true; /* no server of ours says that */
    known.target = copy(get_text(target, "name", ""));
    known.error = is_up ? NULL : copy(get_text(probe, "error", NULL));
    return verdicts_add(v, &known);
}

/* Its probes stand in the order of its addresses. */
static bool take_target(struct verdicts *v, const json_t *target)
{
    const json_t *addresses = get(target, "addresses"), *probes = get(target, "probes"), *address;
    size_t i;

    if (get_text(target, "cname", NULL) != NULL)
        return add(v, target, NULL, get_bool(target, "is_up", true), json_array_get(probes, 0));
    json_array_foreach (addresses, i, address)
        if (!add(v, target, get_text(address, "address", ""), get_bool(address, "is_up", true),
                 json_array_get(probes, i)))
            return false;
    return true;
}

bool verdicts_take(struct verdicts *v, const json_t *reply)
{
    const json_t *target;
    size_t i;

    v->world = get_int(reply, "world", 0);
    v->is_ready = get_bool(reply, "is_ready", true);
    v->loaded_ms = get_int(reply, "loaded_ms", 0);
    v->now_ms = get_int(reply, "now_ms", v->now_ms);
    json_array_foreach (get(reply, "targets"), i, target)
        if (!take_target(v, target))
            return false;
    return true;
}

int verdicts_ask(struct verdicts *v, const char *socket_path, char why[static WHY_LEN])
{
    json_t *request = json_object(), *reply = NULL;

    put_text(request, "do", "verdicts");
    int err = client_ask(socket_path, request, VERDICTS_WAIT_S, &reply, why);
    if (err != 0)
        return client_is_absent(err) ? 1 : -1;
    bool is_taken = verdicts_take(v, reply);
    json_decref(reply);
    return is_taken ? 0 : why_set(why, -1, "out of memory");
}

/* request.c - one line of the control socket, understood. Pure: the line is whatever a client sent.
 */
#include "request.h"

#include <errno.h>
#include <string.h>

#include "json_put.h"

static const char *const verbs[] = {
    [REQUEST_STATUS] = "status",
    [REQUEST_RELOAD] = "reload",
    [REQUEST_EXPLAIN] = "explain",
    [REQUEST_VERDICTS] = "verdicts",
    [REQUEST_PURGE] = "purge",
    [REQUEST_EDGE] = "edge",
};

static int verb_of(const char *text)
{
    for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++)
        if (strcmp(verbs[i], text) == 0)
            return (int)i;
    return -1;
}

int request_parse(const char *line, size_t len, struct request *out, char why[static WHY_LEN])
{
    json_error_t error;
    json_t *body = json_loadb(line, len, JSON_REJECT_DUPLICATES, &error);
    int err = 0;

    if (body == NULL)
        return why_set(why, -EINVAL, "not JSON: %s (column %d)", error.text, error.column);

    const char *word = get_text(body, "do", NULL);
    int verb = word == NULL ? -1 : verb_of(word);
    if (!json_is_object(body))
        err =
            why_set(why, -EINVAL, "expected one JSON object per line, such as {\"do\":\"status\"}");
    else if (word == NULL)
        err = why_set(why, -EINVAL,
                      "the object names no command: expected \"do\" with one of "
                      "status, reload, explain, verdicts, purge, edge");
    else if (verb < 0)
        err = why_set(why, -EINVAL,
                      "unknown command \"%.40s\": expected status, reload, explain, verdicts, purge or "
                      "edge",
                      word);
    if (err != 0) {
        json_decref(body);
        return err;
    }
    *out = (struct request){ .verb = (enum request_verb)verb, .body = body };
    return 0;
}

void request_fini(struct request *request)
{
    json_decref(request->body);
    request->body = NULL;
}

json_t *request_error(const char *sentence)
{
    json_t *reply = json_object();

    put_text(reply, "error", sentence);
    return reply;
}

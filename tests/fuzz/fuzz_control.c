/* fuzz_control.c - what the admin side reads from others: lines of the control socket, arguments of
 * explain, URLs, HTTP request lines, DNS messages to print, and JSON that a server sent to be rendered.
 *
 * The first octet picks the reader, the rest is its input. */
#include "fuzz.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "control/explain_text.h"
#include "control/fetch_text.h"
#include "control/fetch_url.h"
#include "control/http_request.h"
#include "control/json_put.h"
#include "control/moment.h"
#include "control/offline_verdicts.h"
#include "control/packet_json.h"
#include "control/prom.h"
#include "control/question.h"
#include "control/reply_text.h"
#include "control/request.h"
#include "control/status_text.h"

enum { NOW_MS = 1000 };

static void takes_a_question(const json_t *body)
{
    const struct question_text text = { .name = get_text(body, "name", NULL),
                                        .type = get_text(body, "type", NULL),
                                        .client = get_text(body, "client", NULL),
                                        .resolver = get_text(body, "resolver", NULL),
                                        .at = get_text(body, "at", NULL) };
    struct dns_question q;
    char why[WHY_LEN] = "";

    if (question_parse(&text, NOW_MS, &q, why) != 0) {
        assert(why[0] != '\0');
        return;
    }
    assert(q.name.len > 0 && q.type != 0 && q.resolver.family != 0 && q.now_ms >= 0);
    if (q.ecs.is_present)
        assert((q.ecs.source_bits == 0) == (q.ecs.addr.family == 0));
    if (q.ecs.addr.family != 0) {
        struct addr masked = addr_mask(&q.ecs.addr, q.ecs.source_bits);
        assert(addr_equal(&masked, &q.ecs.addr));
        assert(q.ecs.source_bits <= addr_width(&q.ecs.addr));
    }
}

static void reads_a_line(const char *text, size_t len)
{
    struct request request;
    char why[WHY_LEN] = "";

    if (request_parse(text, len, &request, why) != 0) {
        json_t *reply = request_error(why);
        assert(why[0] != '\0' && get_text(reply, "error", NULL) != NULL);
        json_decref(reply);
        return;
    }
    takes_a_question(request.body);
    request_fini(&request);
}

static void reads_a_packet(const uint8_t *data, size_t size)
{
    json_t *packet = packet_json(data, size);
    char *text = json_dumps(packet, JSON_COMPACT);

    assert(text != NULL && strchr(text, '\n') == NULL);
    free(text);
    json_decref(packet);
}

/* No octet that could steer a terminal may pass. */
static void renders(const char *text, size_t len, void (*render)(const json_t *, FILE *))
{
    json_t *value = json_loadb(text, len, 0, NULL);
    char *page = NULL;
    size_t page_len;
    FILE *out = value == NULL ? NULL : open_memstream(&page, &page_len);

    if (out != NULL) {
        render(value, out);
        fclose(out);
        for (size_t i = 0; i < page_len; i++)
            assert((unsigned char)page[i] >= 0x20 || page[i] == '\n');
    }
    free(page);
    json_decref(value);
}

static void reads_a_request_line(const char *text, size_t len)
{
    struct http_request request;

    if (http_request_parse(text, len, &request))
        assert(request.path[0] == '/' && strlen(request.path) < HTTP_PATH_LEN);
}

static void escapes_a_label(const char *text)
{
    struct prom_label label = { "a", text };
    char *page = NULL;
    size_t page_len;
    FILE *out = open_memstream(&page, &page_len);

    if (out == NULL)
        return;
    prom_int(out, "m", &label, 1, 1);
    fclose(out);
    assert(strchr(page, '\n') == page + page_len - 1); /* one line */
    json_t *utf8 = json_stringn(page, page_len);
    assert(utf8 != NULL);
    json_decref(utf8);
    free(page);
}

static void reads_a_moment(const char *text)
{
    char line[MOMENT_TEXT_LEN];
    int64_t wall_ms, again_ms;

    if (!moment_parse(text, &wall_ms))
        return;
    assert(moment_parse(moment_format(wall_ms, line), &again_ms));
    assert(again_ms == wall_ms - wall_ms % 1000);
}

/* What a server says of its targets. */
static void takes_verdicts(const char *text, size_t len)
{
    json_t *reply = json_loadb(text, len, 0, NULL);
    struct verdicts v = { 0 };

    if (reply != NULL)
        assert(verdicts_take(&v, reply));
    for (size_t i = 0; i < v.n; i++)
        assert(v.list[i].target != NULL);
    verdicts_fini(&v);
    json_decref(reply);
}

static void reads_a_url(const char *text)
{
    struct fetch_url url;
    char why[WHY_LEN] = "";

    if (fetch_url_parse(text, &url, why) != 0)
        assert(why[0] != '\0');
    else
        assert(url.host[0] != '\0' && url.port >= 0 && url.port <= 65535);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    char *text = malloc(size);
    if (text == NULL)
        return 0;
    memcpy(text, data + 1, size - 1);
    text[size - 1] = '\0';

    switch (data[0]) {
    case 'l':
        reads_a_line(text, size - 1);
        break;
    case 'p':
        reads_a_packet(data + 1, size - 1);
        break;
    case 'e':
        renders(text, size - 1, explain_text);
        break;
    case 's':
        renders(text, size - 1, status_text);
        break;
    case 'r':
        renders(text, size - 1, reload_text);
        break;
    case 'd':
        renders(text, size - 1, fetch_text);
        break;
    case 'g':
        renders(text, size - 1, purge_text);
        break;
    case 'v':
        takes_verdicts(text, size - 1);
        renders(text, size - 1, verdicts_text);
        break;
    case 'u':
        reads_a_url(text);
        break;
    case 'h':
        reads_a_request_line(text, size - 1);
        break;
    case 'm':
        reads_a_moment(text);
        break;
    default:
        escapes_a_label(text);
    }
    free(text);
    return 0;
}

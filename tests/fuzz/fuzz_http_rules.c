/* fuzz_http_rules.c - any fields of a request, of the response to it and of a later 304, through the
 * rules of caching: what may never be, is not, whatever the fields say.
 *
 * The first octet chooses options, the second the status. Then lines "Name: value", an empty line
 * between the three heads. */
#include "fuzz.h"

#include <string.h>

#include "edge/http_date.h"
#include "edge/http_lines.h"
#include "edge/key.h"
#include "edge/rule_fresh.h"
#include "edge/rule_match.h"
#include "edge/rule_pass.h"
#include "edge/rule_vary.h"

enum { NOW_S = 1700000000, MS = 1000, DAY_S = 86400 };
static const int64_t now_ms = (int64_t)NOW_S * MS;
static const struct rule_control no_wish = {
    .max_age_s = RULE_NOT_GIVEN, .stale_if_error_s = RULE_NOT_GIVEN,
    .min_fresh_s = RULE_NOT_GIVEN, .max_stale_s = RULE_NOT_GIVEN,
    .s_maxage_s = RULE_NOT_GIVEN, .stale_while_s = RULE_NOT_GIVEN,
};

/* One head's fields, up to an empty line; lines that are none are left out. */
static void read_fields(enum http_side side, struct http_text *rest, struct http_fields *out)
{
    http_fields_init(out);
    while (rest->len > 0) {
        const char *lf = memchr(rest->at, '\n', rest->len);
        struct http_text line = { rest->at, lf == NULL ? rest->len : (size_t)(lf - rest->at) };
        struct http_text name, value;

        rest->at += line.len + (lf != NULL);
        rest->len -= line.len + (lf != NULL);
        if (line.len == 0)
            return;
        if (http_line_field(side, line, &name, &value) == NULL)
            http_fields_add(out, name, value);
    }
}

static struct rule_options options_of(uint8_t bits)
{
    return (struct rule_options){ .ignore_request_no_cache = bits & 1,
                                  .heuristic_pct = bits & 2 ? 10 : 0,
                                  .heuristic_max_s = DAY_S,
                                  .default_ttl_s = bits & 4 ? 60 : 0,
                                  .negative_ttl_s = bits & 8 ? 5 : 0,
                                  .stale_while_s = bits & 16 ? 30 : 0,
                                  .stale_if_error_s = bits & 32 ? 600 : 0 };
}

static bool is_seconds(int64_t s)
{
    return s >= RULE_NOT_GIVEN && s <= RULE_SECONDS_MAX;
}

static void is_bounded(const struct rule_control *c)
{
    assert(is_seconds(c->max_age_s) && is_seconds(c->s_maxage_s) && is_seconds(c->stale_while_s));
    assert(is_seconds(c->stale_if_error_s) && is_seconds(c->min_fresh_s));
    assert(is_seconds(c->max_stale_s) && c->n_named <= RULE_NAMED_MAX);
    for (unsigned i = 0; i < c->n_named; i++)
        assert(http_is_token(c->named[i].name));
}

/* A stored response grows old in one direction only, and is never served against its word. */
static void grows_old(const struct rule_fresh *f, const struct rule_options *options)
{
    int64_t ttl_ms = INT64_MAX, age_s = 0;
    bool was_usable = true, was_rescue = true;

    assert(f->age_ms >= 0 && f->lifetime_ms >= 0);
    assert(f->stale_while_ms >= 0 && f->stale_if_error_ms >= 0);
    for (int64_t later = 0; later <= 4 * (int64_t)RULE_SECONDS_MAX; later = later * 5 + 1) {
        int64_t at_ms = f->response_ms + later * MS;
        enum rule_use use = rule_use(f, &no_wish, options, at_ms);
        bool rescue = rule_use_on_error(f, &no_wish, at_ms);

        assert(rule_ttl_ms(f, at_ms) <= ttl_ms && rule_age_s(f, at_ms) >= age_s);
        ttl_ms = rule_ttl_ms(f, at_ms);
        age_s = rule_age_s(f, at_ms);
        assert(use != RULE_GATEWAY_TIMEOUT);
        assert(use != RULE_USE || (ttl_ms > 0 && !f->always_validate));
        assert(use != RULE_USE_AND_UPDATE || (ttl_ms <= 0 && f->stale_while_ms > -ttl_ms));
        assert(!f->always_validate || (use == RULE_VALIDATE && !rescue));
        assert(was_usable || use != RULE_USE);
        assert(was_rescue || !rescue);
        was_usable = use == RULE_USE;
        was_rescue = rescue;
    }
}

static void expires(struct rule_fresh f, const struct rule_options *options)
{
    rule_fresh_expire(&f, now_ms);
    assert(rule_ttl_ms(&f, now_ms) <= 0);
    assert(rule_use(&f, &no_wish, options, now_ms) != RULE_USE);
}

/* What must not be stored, is not. */
static void is_stored_for_a_reason(const struct http_request_head *request,
                                   const struct rule_control *wish,
                                   const struct http_response_head *response,
                                   const struct rule_control *control,
                                   const struct rule_options *options)
{
    char names[RULE_VARY_LIST_MAX];
    struct rule_fresh f;

    rule_fresh_make(response, control, options, now_ms - MS, now_ms, &f);
    grows_old(&f, options);
    expires(f, options);
    if (rule_why_not_stored(request, wish, response, control, options, now_ms) != NULL)
        return;
    assert(!wish->no_store && !control->is_private && request->method == HTTP_GET);
    assert(!control->no_store || (control->must_understand && rule_understands(response->status)));
    assert(response->status >= 200 && response->status != 206 && response->status != 304);
    assert(rule_vary_names(&response->fields, names) >= 0);
    assert(f.lifetime_ms > 0 || f.can_validate || f.stale_while_ms > 0 || f.stale_if_error_ms > 0);
}

/* Sorted, each once, and the same request has the same mark. */
static void varies(const struct http_fields *request, const struct http_fields *response)
{
    static char first[RULE_VARY_MARK_MAX], second[RULE_VARY_MARK_MAX];
    char names[RULE_VARY_LIST_MAX];
    int len = rule_vary_names(response, names);
    struct http_text list = { names, len < 0 ? 0 : (size_t)len };
    struct http_text before = { NULL, 0 };

    assert(len < RULE_VARY_LIST_MAX + 1);
    for (size_t at = 0; at < list.len;) {
        const char *comma = memchr(names + at, ',', list.len - at);
        struct http_text name = { names + at,
                                  comma == NULL ? list.len - at : (size_t)(comma - names) - at };
        size_t both = name.len < before.len ? name.len : before.len;
        int order = both == 0 ? 0 : memcmp(before.at, name.at, both);

        assert(http_is_token(name) && !http_text_is_word(name, "*"));
        assert(order < 0 || (order == 0 && before.len < name.len));
        before = name;
        at += name.len + 1;
    }
    int n = rule_vary_mark(list, request, first);
    int again = rule_vary_mark(list, request, second);
    assert(n == again && (n <= 0 || memcmp(first, second, (size_t)n) == 0));
}

static void cuts_ranges(const struct http_fields *request, const struct http_fields *response)
{
    static const uint64_t sizes[] = { 0, 1, 10, 1000, INT64_MAX };
    uint64_t first, last;

    for (unsigned i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        enum rule_range range = rule_range(request, response, sizes[i], NOW_S, &first, &last);

        if (range == RULE_PART)
            assert(first <= last && last < sizes[i]);
        assert(range == RULE_WHOLE || http_field_count(request, HTTP_RANGE) == 1);
    }
}

static void answers_conditions(const struct http_fields *request, const struct http_fields *response)
{
    struct http_text tag = http_field_value(response, HTTP_ETAG);

    assert(!rule_is_not_modified(request, response, 404, NOW_S));
    if (rule_is_not_modified(request, response, 200, NOW_S))
        assert(http_field_has(request, HTTP_IF_NONE_MATCH) ||
               http_field_count(request, HTTP_IF_MODIFIED_SINCE) == 1);
    if (rule_etag_is_strong_match(tag, tag))
        assert(rule_etag_is_weak_match(tag, tag) && rule_etag_is_valid(tag));
}

/* A 304 changes fields, never what describes the body. */
static void takes_a_304(const struct http_fields *stored, const struct http_fields *update)
{
    static struct http_fields merged, again;

    (void)rule_304_fits(stored, update, NOW_S);
    if (!rule_merge_304(stored, update, &merged))
        return;
    assert(merged.n <= stored->n + update->n);
    assert(http_text_is(http_field_value(&merged, HTTP_ETAG), http_field_value(stored, HTTP_ETAG)));
    assert(http_field_count(&merged, HTTP_CONTENT_LENGTH) ==
           http_field_count(stored, HTTP_CONTENT_LENGTH));
    if (http_field_has(update, HTTP_CACHE_CONTROL))
        assert(http_text_is(http_field_value(&merged, HTTP_CACHE_CONTROL),
                            http_field_value(update, HTTP_CACHE_CONTROL)));
    if (rule_merge_304(&merged, update, &again))
        assert(again.n == merged.n);
}

/* Dates that can be read, written, are the same moment. */
static void keeps_dates(const struct http_fields *fields)
{
    char text[HTTP_DATE_LEN + 1];
    int64_t at_s, again_s;

    for (uint32_t i = 0; i < fields->n; i++) {
        if (!http_date_parse(fields->list[i].value, NOW_S, &at_s) || at_s < 0)
            continue;
        http_date_write(at_s, text);
        assert(http_date_parse(http_text_of(text), NOW_S, &again_s) && again_s == at_s);
    }
}

/* Nobody can write parts of a key that are not his: as many lines as the route has names. */
static void has_a_key(const struct http_request_head *request, const struct http_fields *response)
{
    static const char *const params[] = { "a", "page" }, *const headers[] = { "Accept", "X-Key" },
                             *const cookies[] = { "lang" };
    static const struct key_rule rule = { KEY_QUERY_ONLY, 2, 2, 1, params, headers, cookies };
    static char text[KEY_MAX], place[KEY_MAX];
    struct key key;
    unsigned lines = 0;

    if (!key_build(request, http_text_of("https"), &rule, text, sizeof text, &key))
        return;
    for (size_t i = 0; i < key.text.len; i++)
        lines += key.text.at[i] == '\n';
    assert(lines == rule.n_headers + rule.n_cookies);
    assert(key.url_len <= key.text.len && memchr(text, '\n', key.url_len) == NULL);

    struct http_text to = http_field_value(response, HTTP_LOCATION);
    int n = key_of_location(&key, to, &rule, place, sizeof place);
    if (n >= 0) {
        assert((size_t)n >= key.path_at && memcmp(place, text, key.path_at) == 0);
        assert(memchr(place, '\n', (size_t)n) == NULL && memchr(place, '#', (size_t)n) == NULL);
    }
    n = key_of_url(to, &rule, place, sizeof place);
    assert(n < 0 || (n > 8 && memcmp(place, "http", 4) == 0));
}

static void speaks_of_itself(const struct http_fields *request)
{
    int loops = rule_loops(request, "waymark");

    assert(loops >= -1 && loops <= HTTP_HEAD_MAX);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint16_t statuses[] = { 200, 206, 304, 404, 500, 302, 299, 410 };
    static struct http_fields update;
    struct http_request_head request = { .method = HTTP_GET, .host = http_text_of("www.example"),
                                         .path = http_text_of("/a/b") };
    struct http_response_head response = { 0 };
    struct rule_control wish, control;

    if (size < 2 || size > HTTP_HEAD_MAX)
        return 0;
    struct rule_options options = options_of(data[0]);
    struct http_text rest = { (const char *)data + 2, size - 2 };
    response.status = statuses[data[1] % 8];
    read_fields(HTTP_REQUEST, &rest, &request.fields);
    read_fields(HTTP_RESPONSE, &rest, &response.fields);
    read_fields(HTTP_RESPONSE, &rest, &update);

    rule_control_request(&request.fields, &wish);
    rule_control_response(&response.fields, &control);
    is_bounded(&wish);
    is_bounded(&control);
    is_stored_for_a_reason(&request, &wish, &response, &control, &options);
    varies(&request.fields, &response.fields);
    cuts_ranges(&request.fields, &response.fields);
    answers_conditions(&request.fields, &response.fields);
    takes_a_304(&response.fields, &update);
    keeps_dates(&response.fields);
    keeps_dates(&request.fields);
    has_a_key(&request, &response.fields);
    speaks_of_itself(&request.fields);
    return 0;
}

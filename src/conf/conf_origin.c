/* conf_origin.c - reads `origins`: where edges fetch what they do not have.
 *
 * Whether a directory or a server is there is for those who fetch. */
#include "conf_parts.h"

#include <string.h>

#include "conf_name.h"
#include "conf_url.h"

/* NULL when the text is the URL of an origin, or a sentence about what was expected. */
static const char *url_trouble(const char *text)
{
    struct conf_url url;

    if (strncmp(text, "http://", 7) != 0 && strncmp(text, "https://", 8) != 0)
        return "expected a URL that begins with http:// or https://";
    const char *trouble = conf_url_parse(text, &url);
    if (trouble != NULL)
        return trouble;
    if (url.has_address || url.has_cname)
        return "expected a host name or an address; placeholders are for checks";
    const char *path = strchr(strstr(text, "//") + 2, '/');
    return path == NULL || path[1] == '\0' ? NULL : "expected nothing after the host and port";
}

/* Without a slash at the end, so that a path can follow. */
static bool read_url(struct conf_reader *r, const config_setting_t *s, void *out)
{
    static const struct conf_option element = { .type = CONF_TYPE_URL, .least = 1, .most = 300 };
    const char *text = conf_text_of(r, s, &element);
    char shown[CONF_SHOW_LEN];

    if (text == NULL)
        return false;
    const char *trouble = url_trouble(text);
    if (trouble != NULL) {
        conf_error(r, s, "\"%s\": %s", conf_show(text, shown), trouble);
        return false;
    }
    size_t len = strlen(text);
    len -= text[len - 1] == '/';
    char *kept = conf_alloc(r, len + 1, 1);
    if (kept == NULL)
        return false;
    *(const char **)out = memcpy(kept, text, len);
    return true;
}

static void read_urls(struct conf_reader *r, const config_setting_t *s, struct conf_origin *origin)
{
    const config_setting_t *single = conf_member(s, OPT_origin_url);
    const void *items;

    if (single == NULL) {
        origin->n_urls = conf_read_elements(r, s, OPT_origin_urls, 0, read_url, &items);
        origin->urls = items;
        return;
    }
    const char **urls = conf_alloc(r, 1, sizeof *urls);
    if (urls == NULL || !read_url(r, single, urls))
        return;
    origin->urls = urls;
    origin->n_urls = 1;
}

static void check_kinds(struct conf_reader *r, const config_setting_t *s)
{
    int n = (conf_member(s, OPT_origin_url) != NULL) + (conf_member(s, OPT_origin_urls) != NULL) +
            (conf_member(s, OPT_origin_directory) != NULL);
    static const enum conf_option_id url_only[] = { OPT_origin_host, OPT_origin_connect_ms,
                                                    OPT_origin_first_byte_ms,
                                                    OPT_origin_body_idle_ms };

    if (n != 1)
        conf_error(r, s, "expected one of url, urls and directory, got %s",
                   n == 0 ? "none" : "several");
    if (n != 1)
        return;
    if (conf_member(s, OPT_origin_directory) == NULL) {
        if (conf_member(s, OPT_origin_cache_control) != NULL)
            conf_error(r, conf_member(s, OPT_origin_cache_control),
                       "has a meaning for a directory only: a server says it by itself");
        return;
    }
    for (size_t i = 0; i < sizeof url_only / sizeof *url_only; i++)
        if (conf_member(s, url_only[i]) != NULL)
            conf_error(r, conf_member(s, url_only[i]), "has no meaning for a directory");
}

static void read_origin(struct conf_reader *r, const config_setting_t *s,
                        struct conf_origin *origin)
{
    origin->name = conf_keep(r, config_setting_name(s));
    origin->where = conf_where(r, s);
    conf_check_name(r, s, origin->name);
    if (!conf_check_group(r, s, CONF_SET(origin)))
        return;
    read_urls(r, s, origin);
    origin->directory = conf_read_text(r, s, OPT_origin_directory);
    origin->cache_control = conf_read_text(r, s, OPT_origin_cache_control);
    origin->host = conf_read_host(r, s, OPT_origin_host, CONF_HOST_PLAIN);
    origin->connect_ms = conf_read_int(r, s, OPT_origin_connect_ms);
    origin->first_byte_ms = conf_read_int(r, s, OPT_origin_first_byte_ms);
    origin->body_idle_ms = conf_read_int(r, s, OPT_origin_body_idle_ms);
    check_kinds(r, s);
}

void conf_read_origins(struct conf_reader *r, const config_setting_t *top)
{
    size_t n;
    const config_setting_t *group = conf_read_named(r, top, OPT_top_origins, &n);
    struct conf_origin *origins = conf_alloc(r, n, sizeof *origins);

    r->origins = conf_index_new(r, n);
    for (size_t i = 0; origins != NULL && i < n; i++) {
        read_origin(r, config_setting_get_elem(group, (unsigned)i), &origins[i]);
        conf_index_add(r->origins, origins[i].name, (int)i);
    }
    conf_index_sort(r->origins);
    r->conf->origins = origins;
    r->conf->n_origins = origins == NULL ? 0 : n;
}

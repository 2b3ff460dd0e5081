/* conf_control.c - where the running server can be asked, also from a file with mistakes.
 *
 * A server goes on with what it had while its file is being mended: then above all somebody wants to
 * ask it. Nothing else of the file is looked at. */
#include <waymark/conf.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <waymark/file.h>
#include <waymark/report.h>

#include "conf_options.h"
#include "conf_scan.h"
#include "conf_token.h"

struct walk {
    struct conf_lexer lexer;
    struct conf_token last, before; /* the two tokens before this one */
    int depth;                      /* of brackets within server's; 0: outside of it */
};

static bool is_name(const struct conf_token *t, const char *name)
{
    return t->kind == CONF_TOKEN_NAME && t->len == strlen(name) &&
           memcmp(t->text, name, t->len) == 0;
}

/* What cannot be understood ends with its line; a text over several is one whose end was forgotten. */
static struct conf_token next(struct conf_lexer *l)
{
    for (;;) {
        const char *from = l->at;
        struct conf_token t = conf_token_next(l);
        bool is_endless = t.kind == CONF_TOKEN_TEXT && memchr(t.text, '\n', t.len) != NULL;
        if (t.kind != CONF_TOKEN_BAD && !is_endless)
            return t;
        from = is_endless ? t.text : from;
        from += from < l->end && *from == '\n';
        const char *end = memchr(from, '\n', (size_t)(l->end - from));
        l->at = end == NULL ? l->end : end + 1;
    }
}

static void count_brackets(struct walk *w, const struct conf_token *t)
{
    bool is_server = w->last.kind == CONF_TOKEN_ASSIGN && is_name(&w->before, "server");

    if (t->kind == CONF_TOKEN_OPEN && (w->depth > 0 || is_server))
        w->depth++;
    else if (t->kind == CONF_TOKEN_CLOSE && w->depth > 0)
        w->depth--;
}

/* Without its quotes, \" and \\ undone. NULL: out of memory. */
static char *text_of(const struct conf_token *t)
{
    char *text = malloc(t->len), *to = text;

    for (size_t i = 1; text != NULL && i + 1 < t->len; i++) {
        i += t->text[i] == '\\' && i + 2 < t->len;
        *to++ = t->text[i];
    }
    if (text != NULL)
        *to = '\0';
    return text;
}

static char *find(struct walk *w)
{
    for (;;) {
        struct conf_token t = next(&w->lexer);
        if (t.kind == CONF_TOKEN_END)
            return strdup(conf_option(OPT_server_control)->preset);
        if (t.kind == CONF_TOKEN_TEXT && w->depth == 1 && w->last.kind == CONF_TOKEN_ASSIGN &&
            is_name(&w->before, "control"))
            return text_of(&t);
        count_brackets(w, &t);
        w->before = w->last;
        w->last = t;
    }
}

char *conf_find_control(const char *path, char why[static WHY_LEN])
{
    char trouble[WHY_LEN];
    struct file_text file = { 0 };
    struct walk w = { 0 };
    struct report *report = report_new();
    char *found = NULL;

    if (report == NULL) {
        why_set(why, -ENOMEM, "out of memory");
        return NULL;
    }
    int err = file_read(path, CONF_TEXT_MAX, &file, trouble);
    if (err != 0) {
        why_set(why, err, "%s: %s", path, trouble);
        goto end;
    }
    w.lexer = (struct conf_lexer){ file.text, file.text + strlen(file.text), 1, path, report };
    found = find(&w);
    if (found == NULL)
        why_set(why, -ENOMEM, "out of memory");
end:
    file_text_free(&file);
    report_free(report);
    return found;
}

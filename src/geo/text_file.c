/* text_file.c - lines of an operator's file. Blocks on the disk only. */
#include "geo/text_file.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <waymark/file.h>
#include <waymark/report.h>

#include "geo/shape.h"

bool geo_text_from(const char *path, const char *text, size_t size, struct geo_text_file *out,
                   struct report *report)
{
    *out = (struct geo_text_file){ .size = size };
    out->text = malloc(size + 1);
    if (out->text == NULL) {
        report_error(report, path, 0, "out of memory");
        return false;
    }
    memcpy(out->text, text, size);
    out->text[size] = '\0';
    return true;
}

bool geo_text_open(const char *path, struct geo_text_file *out, struct report *report)
{
    struct file_text file;
    char why[WHY_LEN];

    *out = (struct geo_text_file){ .size = 0 };
    if (file_read(path, GEO_TEXT_MAX, &file, why) != 0) {
        report_error(report, path, 0, "%s", why);
        return false;
    }
    out->text = file.text;
    out->size = file.len;
    return true;
}

void geo_text_close(struct geo_text_file *file)
{
    free(file->text);
    *file = (struct geo_text_file){ .size = 0 };
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

/* Cuts the comment and outer blanks off; the line stands in writable memory. */
static char *trim(char *line)
{
    bool is_quoted = false;
    char *end = line;

    for (; *end != '\0' && (*end != '#' || is_quoted); end++) {
        if (*end == '"')
            is_quoted = !is_quoted;
        else if (*end == '\\' && is_quoted && end[1] != '\0')
            end++;
    }
    while (end > line && is_blank(end[-1]))
        end--;
    *end = '\0';
    while (is_blank(*line))
        line++;
    return line;
}

static bool is_sound(char *line, size_t len)
{
    for (char *c = line; c < line + len; c++) {
        if (*c == '\t' || (*c == '\r' && c == line + len - 1))
            *c = ' ';
    }
    return geo_text_is_clean((const uint8_t *)line, len);
}

char *geo_text_line(struct geo_text_file *f, const char *path, struct report *report)
{
    while (f->at < f->size) {
        char *line = f->text + f->at;
        char *end = memchr(line, '\n', f->size - f->at);
        size_t len = end == NULL ? f->size - f->at : (size_t)(end - line);

        f->at += len + 1;
        f->line++;
        line[len] = '\0'; /* the text has room for one octet more */
        if (len > GEO_LINE_MAX) {
            report_error(report, path, f->line, "a line of %zu octets, at most %d are taken", len,
                         GEO_LINE_MAX);
        } else if (!is_sound(line, len)) {
            report_error(report, path, f->line, "holds octets that are not UTF-8 text");
        } else {
            line = trim(line);
            if (*line != '\0')
                return line;
        }
    }
    return NULL;
}

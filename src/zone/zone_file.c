/* zone_file.c - master files on the disk. What is in them is for zone_text.c. */
#include "zone/zone_file.h"

#include <errno.h>
#include <string.h>

int zone_file_read(const char *path, size_t max, struct file_text *out, char why[static WHY_LEN])
{
    int err = file_read(path, max, out, why);

    if (err == -EFBIG)
        return why_set(why, err, "is too large: a zone may have %zu octets, includes and all",
                       ZONE_FILE_MAX);
    if (err != 0 || out->len > 0)
        return err;
    file_text_free(out);
    return why_set(why, -EINVAL, "is empty");
}

/* "..", as a whole part of the path? */
static bool climbs(const char *path, size_t len)
{
    for (size_t at = 0; at < len;) {
        const char *slash = memchr(path + at, '/', len - at);
        size_t part = slash == NULL ? len - at : (size_t)(slash - path) - at;
        if (part == 2 && path[at] == '.' && path[at + 1] == '.')
            return true;
        at += part + 1;
    }
    return false;
}

bool zone_file_beside(const char *file, const char *relative, size_t len, char *out, size_t cap)
{
    const char *slash = strrchr(file, '/');
    size_t folder = slash == NULL ? 0 : (size_t)(slash - file) + 1;

    if (len == 0 || *relative == '/' || climbs(relative, len) ||
        memchr(relative, '\0', len) != NULL || folder + len >= cap)
        return false;
    memcpy(out, file, folder);
    memcpy(out + folder, relative, len);
    out[folder + len] = '\0';
    return true;
}

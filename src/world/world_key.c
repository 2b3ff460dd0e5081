/* world_key.c - reads server.draw_key_file. */
#include "world_key.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include <waymark/report.h>
#include <waymark/rng.h>

static bool read_whole(int fd, uint8_t octets[static HASH_KEY_LEN])
{
    return read(fd, octets, HASH_KEY_LEN) == HASH_KEY_LEN;
}

void world_key_read(const char *path, struct hash_key *out, struct report *report)
{
    uint8_t octets[HASH_KEY_LEN];
    int fd = path == NULL ? -1 : open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

    if (fd >= 0) {
        if (!read_whole(fd, octets))
            report_error(report, path, 0,
                         "the draw key is shorter than %d octets: remove the file and let the "
                         "server make a new one, or copy it from another server", HASH_KEY_LEN);
        close(fd);
    } else if (path != NULL && errno != ENOENT && errno != EACCES) {
        report_error(report, path, 0, "the draw key cannot be read: %s", strerror(errno));
    } else if (path != NULL && errno == EACCES) {
        report_warning(report, path, 0,
                       "the draw key is not readable for this user: draws are not the server's");
    }
    if (fd < 0 && rng_secret(octets, sizeof octets) != 0)
        report_error(report, "", 0, "the kernel gave no random octets for a draw key");
    hash_key_init(out, octets);
    explicit_bzero(octets, sizeof octets);
}

/* map_file.c - `waymark map`: the picture of a configuration, into a file. In a client process. */
#include <waymark/control.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "map.h"
#include "offline.h"

static bool write_file(const struct offline *o, size_t service, const char *path)
{
    FILE *out = fopen(path, "w");

    if (out == NULL) {
        fprintf(stderr, "waymark map: %s: %s\n", path, strerror(errno));
        return false;
    }
    map_write(o->world, service, "every target was taken for up but those that it was to do without.",
              out);
    bool is_good = ferror(out) == 0;
    if (fclose(out) == 0 && is_good)
        return true;
    fprintf(stderr, "waymark map: %s: %s\n", path, strerror(errno));
    unlink(path);
    return false;
}

int control_map(const struct control_map_args *args)
{
    struct offline o;
    int status = EXIT_FAILURE;

    if (!offline_open_file(&o, args->conf_file, args->without))
        return EXIT_FAILURE;
    int service = map_service(o.conf, args->service);
    if (service < 0)
        fprintf(stderr, "waymark map: %s\n",
                args->service == NULL ? "the configuration has no service"
                                      : "no service has that name");
    else if (write_file(&o, (size_t)service, args->out_file))
        status = EXIT_SUCCESS;
    offline_close(&o);
    return status;
}

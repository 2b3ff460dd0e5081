/* map_file.c - `waymark map`: the picture of a configuration, into a file. In a client process. */
#include <waymark/control.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "map.h"
#include "offline.h"

static bool write_file(const struct offline *o, size_t service, const char *note, const char *path)
{
    FILE *out = fopen(path, "w");
    struct stat file;

    if (out == NULL) {
        fprintf(stderr, "waymark map: %s: %s\n", path, strerror(errno));
        return false;
    }
    struct map_shares *shares =
        map_shares_new(o->world, steer_plan_of(o->world->base->plans, service));
    errno = ENOMEM;
    bool is_good = shares != NULL && map_write(o->world, service, shares, note, out);
    map_shares_free(shares);
    is_good = is_good && ferror(out) == 0;
    if (fclose(out) == 0 && is_good)
        return true;
    fprintf(stderr, "waymark map: %s: %s\n", path, strerror(errno));
    if (stat(path, &file) == 0 && S_ISREG(file.st_mode))
        unlink(path);
    return false;
}

/* Says it on `out`, and as one sentence in the picture. */
static bool draw(const struct offline *o, size_t service, const char *path, FILE *out)
{
    json_t *verdicts = offline_verdicts(o);
    char *note = verdicts_sentence(verdicts);
    bool is_drawn = note != NULL && write_file(o, service, note, path);
    if (is_drawn)
        verdicts_text(verdicts, out);
    json_decref(verdicts);
    free(note);
    return is_drawn;
}

int control_map(const struct control_map_args *args, FILE *out)
{
    struct offline o;
    int status = EXIT_FAILURE;

    if (!offline_open(&o, args->conf_file, &args->verdicts))
        return EXIT_FAILURE;
    int service = map_service(o.conf, args->service);
    if (service < 0 && args->service == NULL)
        fprintf(stderr, "waymark map: the configuration has no service\n");
    else if (service < 0)
        fprintf(stderr, "waymark map: no service is called \"%s\"\n", args->service);
    else if (draw(&o, (size_t)service, args->out_file, out))
        status = EXIT_SUCCESS;
    offline_close(&o);
    return status;
}

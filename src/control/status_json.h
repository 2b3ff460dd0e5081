/* status_json.h - all that `waymark status` shows, as one object. Main thread. */
#pragma once

#include <jansson.h>

struct control;

json_t *status_json(const struct control *control);

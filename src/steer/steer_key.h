/* steer_key.h - what makes two policies the same, as text that can be compared. */
#pragma once

#include "steer_policy.h"

/* Equal keys: the same classes of clients, with the sites by number. NULL: out of memory. The caller
 * frees. */
char *steer_view_key(const struct steer_policy *policy);

/* Equal keys: the same targets and stages as well, hence the same tables. */
char *steer_plan_key(const struct steer_policy *policy);

/* conf_order.h - targets of a service in tiers, as policies write them. */
#pragma once

#include "conf_read.h"

/* The order that an option gives, without targets when it is not given. */
struct conf_order conf_read_order(struct conf_reader *r, const config_setting_t *group,
                                  enum conf_option_id id, const struct conf_service *service);

bool conf_order_has(const struct conf_order *order, int target);

/* `first`, and behind it those of `then` that it has not. */
struct conf_order conf_order_join(struct conf_reader *r, const struct conf_order *first,
                                  const struct conf_order *then);

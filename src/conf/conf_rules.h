/* conf_rules.h - the rules of the stage `region`. */
#pragma once

#include "conf_read.h"

/* Reads `rules` into the stage: fallbacks followed, circles refused, rules warned of that no client
 * can ever get. */
void conf_read_rules(struct conf_reader *r, const config_setting_t *stage_setting,
                     const struct conf_service *service, struct conf_stage *stage);

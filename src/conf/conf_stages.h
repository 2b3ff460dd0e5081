/* conf_stages.h - which order of stages makes sense. */
#pragma once

#include "conf_read.h"

const char *conf_stage_name(enum conf_stage_kind kind);

/* Fills in what depends on the other stages: the depth of nearest. */
void conf_complete_stages(struct conf_stage *stages, size_t n);

/* Stages at places where they do nothing or harm. `settings` holds one per stage, to blame it. */
void conf_check_stages(struct conf_reader *r, const struct conf_service *service,
                       const config_setting_t *policy, const config_setting_t *const *settings);

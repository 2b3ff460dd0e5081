/* conf_stages.h - which order of stages makes sense. */
#pragma once

#include "conf_read.h"

const char *conf_stage_name(enum conf_stage_kind kind);

/* Fills in what depends on the other stages: depth, and the order where none is written. */
void conf_complete_stages(const struct conf_service *service, struct conf_stage *stages, size_t n);

/* Stages at places where they do nothing or harm. `policy` is the setting to blame. */
void conf_check_stages(struct conf_reader *r, const config_setting_t *policy,
                       const struct conf_service *service);

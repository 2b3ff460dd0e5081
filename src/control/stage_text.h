/* stage_text.h - a policy's stage in words. Pure. */
#pragma once

#include <stdio.h>

#include <waymark/conf.h>

const char *stage_word(enum conf_stage_kind kind); /* as the configuration names it */

/* Its settings, "depth 4, ties within 10 %"; nothing when it has none. */
void stage_write_detail(const struct conf *conf, const struct conf_stage *stage, FILE *out);

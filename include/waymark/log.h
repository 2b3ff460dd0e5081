/* log.h - lines for the operator, on standard error.
 *
 * Threads: any; a line is written whole. Under systemd each line carries its priority
 * (sd-daemon(3)), elsewhere the time. Nothing a stranger sends may cause a line: those are
 * counters. A reader that does not read keeps nobody waiting: lines are lost then, and counted. */
#pragma once

enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARNING, LOG_LEVEL_NOTICE, LOG_LEVEL_INFO };

void log_line(enum log_level level, const char *format, ...) __attribute__((format(printf, 2, 3)));

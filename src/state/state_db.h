/* state_db.h - one open database, for the files of this room. */
#pragma once

#include <sqlite3.h>

#include <waymark/state.h>

enum { STATE_PATH_LEN = 4096 };

struct state {
    sqlite3 *db;
    int ticks_left; /* of the running call, see state_begin_call */
    char path[STATE_PATH_LEN];
};

/* Each call has a budget of work: a file made to keep us busy ends in an error, not in a hang. */
void state_begin_call(struct state *state);

/* Runs statements without results; 0, or -errno with `why`. */
int state_run(struct state *state, const char *sql, char why[static WHY_LEN]);

/* One statement, to be finalized by the caller; 0, or -errno with `why`. */
int state_prepare(struct state *state, const char *sql, sqlite3_stmt **out,
                  char why[static WHY_LEN]);

/* The sentence for what SQLite last said; returns -errno. */
int state_fail(struct state *state, char why[static WHY_LEN]);

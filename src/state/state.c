/* state.c - opens the database of what outlives a restart, and knows its layout.
 *
 * Any one thread. What the rows mean is left to state_verdicts.c. */
#include <waymark/state.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "state_db.h"

enum {
    TICK_STEPS = 10000,      /* SQLite's virtual machine, between two looks at the budget */
    TICKS_MAX = 10000,       /* some seconds of work; a full table needs a tenth */
    ROW_BYTES_MAX = 1 << 20, /* no row of ours comes near */
    BUSY_MS = 100,           /* another process may hold the file while it hands over */
    LAYOUT = 1               /* PRAGMA user_version */
};

static int on_tick(void *ctx)
{
    struct state *state = ctx;

    return state->ticks_left-- <= 0;
}

void state_begin_call(struct state *state)
{
    state->ticks_left = TICKS_MAX;
}

static int errno_of(int status)
{
    switch (status & 0xff) {
    case SQLITE_NOMEM:
        return -ENOMEM;
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_CANTOPEN:
        return -EACCES;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return -EBUSY;
    case SQLITE_FULL:
        return -ENOSPC;
    default:
        return -EIO;
    }
}

int state_fail(struct state *state, char why[static WHY_LEN])
{
    int status = sqlite3_errcode(state->db);
    bool is_broken = status == SQLITE_NOTADB || status == SQLITE_CORRUPT;

    if (status == SQLITE_INTERRUPT)
        return why_set(why, -EIO, "%s: takes too long to read; remove it to start anew",
                       state->path);
    return why_set(why, errno_of(status), "%s: %s%s", state->path, sqlite3_errmsg(state->db),
                   is_broken ? "; remove it to start anew" : "");
}

int state_run(struct state *state, const char *sql, char why[static WHY_LEN])
{
    if (sqlite3_exec(state->db, sql, NULL, NULL, NULL) != SQLITE_OK)
        return state_fail(state, why);
    return 0;
}

int state_prepare(struct state *state, const char *sql, sqlite3_stmt **out,
                  char why[static WHY_LEN])
{
    if (sqlite3_prepare_v2(state->db, sql, -1, out, NULL) != SQLITE_OK)
        return state_fail(state, why);
    return 0;
}

static int read_layout(struct state *state, int *layout, char why[static WHY_LEN])
{
    sqlite3_stmt *stmt;
    int err = state_prepare(state, "PRAGMA user_version", &stmt, why);

    if (err != 0)
        return err;
    if (sqlite3_step(stmt) == SQLITE_ROW)
        *layout = sqlite3_column_int(stmt, 0);
    else
        err = state_fail(state, why);
    sqlite3_finalize(stmt);
    return err;
}

static int other_layout(const struct state *state, int layout, char why[static WHY_LEN])
{
    return why_set(why, -EINVAL,
                   "%s: has layout %d, this version writes layout %d; "
                   "remove it to start anew",
                   state->path, layout, LAYOUT);
}

static int make_layout(struct state *state, char why[static WHY_LEN])
{
    static const char sql[] = "BEGIN IMMEDIATE;"
                              "CREATE TABLE IF NOT EXISTS verdicts ("
                              " target TEXT NOT NULL, address TEXT NOT NULL,"
                              " check_hash INTEGER NOT NULL, is_up INTEGER NOT NULL,"
                              " since_ms INTEGER NOT NULL, checked_ms INTEGER NOT NULL,"
                              " PRIMARY KEY (target, address)) WITHOUT ROWID;"
                              "PRAGMA user_version = 1;"
                              "COMMIT";
    int layout = 0;
    int err = read_layout(state, &layout, why);

    if (err != 0 || layout == LAYOUT)
        return err;
    if (layout != 0)
        return other_layout(state, layout, why);
    err = state_run(state, sql, why);
    if (err != 0)
        sqlite3_exec(state->db, "ROLLBACK", NULL, NULL, NULL);
    return err;
}

/* The file may come from anywhere: no triggers or functions of its making are run. */
static void distrust(struct state *state)
{
    sqlite3_limit(state->db, SQLITE_LIMIT_LENGTH, ROW_BYTES_MAX);
    sqlite3_db_config(state->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    sqlite3_db_config(state->db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
    sqlite3_db_config(state->db, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, NULL);
    sqlite3_db_config(state->db, SQLITE_DBCONFIG_ENABLE_VIEW, 0, NULL);
    sqlite3_busy_timeout(state->db, BUSY_MS);
    sqlite3_progress_handler(state->db, TICK_STEPS, on_tick, state);
}

static int set_up(struct state *state, char why[static WHY_LEN])
{
    distrust(state);
    /* Nothing is mapped, as a write-ahead log's index would be: who cuts a file in place, to bring
     * back a copy of the folder, must not end us (SIGBUS). With synchronous off nothing here waits
     * for the disk. */
    int err = state_run(state,
                        "PRAGMA mmap_size = 0; PRAGMA journal_mode = TRUNCATE;"
                        "PRAGMA synchronous = OFF",
                        why);
    return err != 0 ? err : make_layout(state, why);
}

static int open_file(struct state *state, int flags, char why[static WHY_LEN])
{
    state_begin_call(state);
    if (sqlite3_open_v2(state->path, &state->db, flags | SQLITE_OPEN_NOMUTEX, NULL) == SQLITE_OK)
        return 0;
    return state->db == NULL ? why_set(why, -ENOMEM, "%s: out of memory", state->path)
                             : state_fail(state, why);
}

int state_open(const char *folder, struct state **out, char why[static WHY_LEN])
{
    struct state *state = calloc(1, sizeof *state);
    int err = 0;

    if (state == NULL)
        return why_set(why, -ENOMEM, "%s: out of memory", folder);
    if (mkdir(folder, 0750) != 0 && errno != EEXIST) {
        err = why_set(why, -errno, "%s: cannot make the folder: %s", folder, strerror(errno));
        goto fail;
    }
    int len = snprintf(state->path, sizeof state->path, "%s/verdicts.sqlite", folder);
    if (len < 0 || len >= (int)sizeof state->path) {
        err = why_set(why, -ENAMETOOLONG, "%.64s...: this path is too long", folder);
        goto fail;
    }
    err = open_file(state, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, why);
    if (err == 0)
        err = set_up(state, why);
    if (err != 0)
        goto fail;
    *out = state;
    return 0;
fail:
    state_close(state);
    return err;
}

/* 0 when it can be read: an empty file is one that nobody wrote to yet. */
static int look_at_layout(struct state *state, char why[static WHY_LEN])
{
    int layout = 0, err;

    distrust(state);
    err = state_run(state, "PRAGMA mmap_size = 0", why);
    if (err == 0)
        err = read_layout(state, &layout, why);
    if (err == 0 && layout == 0)
        err = why_set(why, -ENOENT, "%s: nothing was saved there yet", state->path);
    return err != 0 || layout == LAYOUT ? err : other_layout(state, layout, why);
}

int state_open_to_look(const char *path, struct state **out, char why[static WHY_LEN])
{
    struct state *state = calloc(1, sizeof *state);
    struct stat file;
    int err = 0;

    if (state == NULL)
        return why_set(why, -ENOMEM, "%s: out of memory", path);
    bool is_folder = stat(path, &file) == 0 && S_ISDIR(file.st_mode);
    int len = snprintf(state->path, sizeof state->path, is_folder ? "%s/verdicts.sqlite" : "%s", path);
    if (len < 0 || len >= (int)sizeof state->path)
        err = why_set(why, -ENAMETOOLONG, "%.64s...: this path is too long", path);
    else if (stat(state->path, &file) != 0)
        err = why_set(why, -errno, "%s: %s", state->path, strerror(errno));
    if (err == 0)
        err = open_file(state, SQLITE_OPEN_READONLY, why);
    if (err == 0)
        err = look_at_layout(state, why);
    if (err == 0)
        *out = state;
    else
        state_close(state);
    return err;
}

void state_close(struct state *state)
{
    if (state == NULL)
        return;
    if (state->db != NULL)
        sqlite3_progress_handler(state->db, 0, NULL, NULL);
    sqlite3_close(state->db);
    free(state);
}

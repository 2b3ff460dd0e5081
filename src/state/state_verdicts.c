/* state_verdicts.c - the saved verdicts, rows to structs and back.
 *
 * Any one thread. How old a verdict may be is for the caller to say. */
#include <waymark/state.h>

#include <string.h>

#include "state_db.h"

static void bind_verdict(sqlite3_stmt *stmt, const struct state_verdict *v,
                         char address[static ADDR_TEXT_LEN])
{
    sqlite3_bind_text(stmt, 1, v->target, -1, SQLITE_STATIC);
    sqlite3_bind_text(stmt, 2, v->address.family == 0 ? "" : addr_format(&v->address, address), -1,
                      SQLITE_STATIC);
    sqlite3_bind_int64(stmt, 3, (sqlite3_int64)v->check);
    sqlite3_bind_int(stmt, 4, v->is_up);
    sqlite3_bind_int64(stmt, 5, v->since_ms);
    sqlite3_bind_int64(stmt, 6, v->checked_ms);
}

static int save_rows(struct state *state, sqlite3_stmt *stmt, const struct state_verdict *verdicts,
                     size_t n, char why[static WHY_LEN])
{
    char address[ADDR_TEXT_LEN];

    for (size_t i = 0; i < n; i++) {
        if (strlen(verdicts[i].target) > STATE_TARGET_MAX)
            continue;
        bind_verdict(stmt, &verdicts[i], address);
        if (sqlite3_step(stmt) != SQLITE_DONE)
            return state_fail(state, why);
        sqlite3_reset(stmt);
    }
    return 0;
}

int state_save_verdicts(struct state *state, const struct state_verdict *verdicts, size_t n,
                        char why[static WHY_LEN])
{
    sqlite3_stmt *stmt = NULL;

    state_begin_call(state);
    int err = state_run(state, "BEGIN IMMEDIATE", why);
    if (err != 0)
        return err;
    err = state_prepare(state, "INSERT OR REPLACE INTO verdicts VALUES (?, ?, ?, ?, ?, ?)", &stmt,
                        why);
    if (err == 0)
        err = save_rows(state, stmt, verdicts, n, why);
    sqlite3_finalize(stmt);
    if (err == 0)
        err = state_run(state, "COMMIT", why);
    if (err != 0)
        sqlite3_exec(state->db, "ROLLBACK", NULL, NULL, NULL);
    return err;
}

/* false: a row that we did not write. It is passed over. */
static bool read_verdict(sqlite3_stmt *stmt, struct state_verdict *v)
{
    const char *target = (const char *)sqlite3_column_text(stmt, 0);
    const char *address = (const char *)sqlite3_column_text(stmt, 1);

    *v = (struct state_verdict){ .target = target };
    if (target == NULL || address == NULL)
        return false;
    if (target[0] == '\0' || strlen(target) > STATE_TARGET_MAX)
        return false;
    if (address[0] != '\0' && !addr_parse(address, &v->address))
        return false;
    for (int column = 2; column <= 5; column++) {
        if (sqlite3_column_type(stmt, column) != SQLITE_INTEGER)
            return false;
    }
    v->check = (uint64_t)sqlite3_column_int64(stmt, 2);
    v->is_up = sqlite3_column_int64(stmt, 3) != 0;
    v->since_ms = sqlite3_column_int64(stmt, 4);
    v->checked_ms = sqlite3_column_int64(stmt, 5);
    return true;
}

int state_load_verdicts(struct state *state, int64_t from_ms, state_verdict_cb *cb, void *ctx,
                        char why[static WHY_LEN])
{
    struct state_verdict verdict;
    sqlite3_stmt *stmt;
    int status;

    state_begin_call(state);
    int err = state_prepare(state,
                            "SELECT target, address, check_hash, is_up, since_ms, checked_ms"
                            " FROM verdicts WHERE checked_ms >= ? LIMIT ?",
                            &stmt, why);
    if (err != 0)
        return err;
    sqlite3_bind_int64(stmt, 1, from_ms);
    sqlite3_bind_int(stmt, 2, STATE_VERDICTS_MAX);
    while ((status = sqlite3_step(stmt)) == SQLITE_ROW) {
        if (read_verdict(stmt, &verdict))
            cb(ctx, &verdict);
    }
    if (status != SQLITE_DONE)
        err = state_fail(state, why);
    sqlite3_finalize(stmt);
    return err;
}

int state_forget_verdicts(struct state *state, int64_t before_ms, char why[static WHY_LEN])
{
    sqlite3_stmt *stmt;
    int err;

    state_begin_call(state);
    err = state_prepare(state, "DELETE FROM verdicts WHERE checked_ms < ?", &stmt, why);
    if (err != 0)
        return err;
    sqlite3_bind_int64(stmt, 1, before_ms);
    if (sqlite3_step(stmt) != SQLITE_DONE)
        err = state_fail(state, why);
    sqlite3_finalize(stmt);
    return err;
}

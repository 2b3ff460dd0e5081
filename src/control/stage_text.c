/* stage_text.c - a policy's stage in words. Pure. */
#include "stage_text.h"

const char *stage_word(enum conf_stage_kind kind)
{
    switch (kind) {
    case CONF_STAGE_HEALTHY:
        return "healthy";
    case CONF_STAGE_FENCE:
        return "fence";
    case CONF_STAGE_REGION:
        return "region";
    case CONF_STAGE_NEAREST:
        return "nearest";
    case CONF_STAGE_WITHIN:
        return "within";
    case CONF_STAGE_PRIORITY:
        return "priority";
    case CONF_STAGE_WEIGHTED:
        return "weighted";
    case CONF_STAGE_STICKY:
        return "sticky";
    case CONF_STAGE_FLOOR:
        return "floor";
    case CONF_STAGE_TAKE:
        return "take";
    }
    return "?";
}

/* "tokyo, london > fastly": a comma within a tier, > between them. */
static void write_order(const struct conf *conf, const struct conf_order *order, FILE *out)
{
    for (size_t i = 0; i < order->n; i++) {
        if (i > 0)
            fputs(order->tiers[i] == order->tiers[i - 1] ? ", " : " > ", out);
        fputs(conf->targets[order->targets[i]].name, out);
    }
}

void stage_write_detail(const struct conf *conf, const struct conf_stage *stage, FILE *out)
{
    switch (stage->kind) {
    case CONF_STAGE_FENCE:
        fputs(stage->is_hard ? "hard" : "soft", out);
        break;
    case CONF_STAGE_REGION:
        fprintf(out, "%zu rule%s", stage->n_rules, stage->n_rules == 1 ? "" : "s");
        if (stage->order.n > 0)
            fputs("; others: ", out);
        write_order(conf, &stage->order, out);
        break;
    case CONF_STAGE_NEAREST:
        fprintf(out, "depth %d", stage->depth);
        if (stage->tie_pct > 0)
            fprintf(out, ", ties within %g %%", stage->tie_pct);
        break;
    case CONF_STAGE_WITHIN:
        fprintf(out, "%g km", stage->km);
        break;
    case CONF_STAGE_PRIORITY:
        write_order(conf, &stage->order, out);
        break;
    case CONF_STAGE_FLOOR:
        fprintf(out, "at least %g %% each for ", stage->pct);
        write_order(conf, &stage->order, out);
        break;
    case CONF_STAGE_TAKE:
        fprintf(out, "%d", stage->take);
        break;
    case CONF_STAGE_HEALTHY:
    case CONF_STAGE_WEIGHTED:
    case CONF_STAGE_STICKY:
        break;
    }
}

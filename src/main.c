/* main.c - the subcommands, and nothing else: what they do is in serve/, control/ and conf/. */
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <waymark/conf.h>
#include <waymark/control.h>
#include <waymark/report.h>
#include <waymark/serve.h>

enum { EXIT_USAGE = 2 };

enum option_bit {
    OPT_CONF = 1 << 0,
    OPT_SOCKET = 1 << 1,
    OPT_JSON = 1 << 2,
    OPT_CLIENT = 1 << 3,
    OPT_RESOLVER = 1 << 4,
    OPT_AT = 1 << 5,
    OPT_OFFLINE = 1 << 6,
    OPT_HELP = 1 << 7,
    OPT_URL = 1 << 8,
    OPT_PREFIX = 1 << 9,
    OPT_TAG = 1 << 10,
    OPT_ALL = 1 << 11,
    OPT_SOFT = 1 << 12,
    OPT_WITHOUT = 1 << 13,
    OPT_TABLE = 1 << 14,
    OPT_DIFF = 1 << 15,
    OPT_QUERIES = 1 << 16,
    OPT_CSV = 1 << 17,
    OPT_SERVICE = 1 << 18,
    OPT_OUT = 1 << 19,
    OPT_STATE = 1 << 20,
    OPT_ALL_UP = 1 << 21
};

enum {
    OPT_WHAT = OPT_URL | OPT_PREFIX | OPT_TAG | OPT_ALL, /* to purge */
    OPT_VERDICTS = OPT_SOCKET | OPT_OFFLINE | OPT_STATE | OPT_ALL_UP | OPT_WITHOUT,
    NAMES_LEN = 4096
};

struct args {
    unsigned given; /* option bits */
    const char *conf, *socket, *client, *resolver, *at, *url, *prefix, *tag;
    const char *state, *diff, *queries, *service, *out;
    char without[NAMES_LEN]; /* each --without, with commas between */
    char **words;
    int n_words;
};

struct command {
    const char *name, *synopsis, *sentence;
    unsigned takes, needs; /* option bits; any one of `needs` */
    int words_min, words_max;
    int (*run)(const struct args *args);
};

static int run_serve(const struct args *args)
{
    return serve_run(args->conf);
}

static int run_check(const struct args *args)
{
    return serve_check(args->conf, stdout);
}

static int run_options(const struct args *args)
{
    conf_print_options(stdout);
    return 0;
}

static struct control_verdicts_args verdicts_of(const struct args *args)
{
    return (struct control_verdicts_args){
        .socket = args->socket,
        .state = args->state,
        .down = args->without[0] == '\0' ? NULL : args->without,
        .is_offline = (args->given & OPT_OFFLINE) != 0,
        .is_all_up = (args->given & OPT_ALL_UP) != 0,
    };
}

static int run_explain(const struct args *args)
{
    struct control_explain_args question = {
        .conf_file = args->conf,
        .verdicts = verdicts_of(args),
        .name = args->n_words > 0 ? args->words[0] : NULL,
        .type = args->n_words > 1 ? args->words[1] : NULL,
        .client = args->client,
        .resolver = args->resolver,
        .at = args->at,
        .is_json = (args->given & OPT_JSON) != 0,
        .diff = args->diff,
    };

    bool is_for_all = args->diff != NULL || (args->given & OPT_TABLE) != 0;
    if (is_for_all && (args->client != NULL || args->resolver != NULL || args->at != NULL)) {
        fprintf(stderr, "waymark explain: --table and --diff are about all clients at any time: "
                        "--client, --resolver and --at ask for one\n");
        return EXIT_USAGE;
    }
    if (args->diff != NULL)
        return control_explain_diff(&question, stdout);
    if (question.name == NULL) {
        fprintf(stderr, "waymark explain: a name is missing; only --diff does without\n");
        return EXIT_USAGE;
    }
    if ((args->given & OPT_TABLE) != 0)
        return control_explain_table(&question, stdout);
    return control_explain(&question, stdout);
}

static int run_simulate(const struct args *args)
{
    const struct control_simulate_args simulate = {
        .conf_file = args->conf,
        .queries = args->queries,
        .client = args->client,
        .resolver = args->resolver,
        .verdicts = verdicts_of(args),
        .is_csv = (args->given & OPT_CSV) != 0,
    };

    return control_simulate(&simulate, stdout);
}

static int run_map(const struct args *args)
{
    const struct control_map_args map = {
        .conf_file = args->conf,
        .service = args->service,
        .verdicts = verdicts_of(args),
        .out_file = args->out,
    };

    if (args->out == NULL) {
        fprintf(stderr, "waymark map: where to? expected -o FILE\n");
        return EXIT_USAGE;
    }
    return control_map(&map, stdout);
}

/* Where the running server can be asked, also while its file is broken. The caller frees it; NULL:
 * said why on standard error. */
static char *find_socket(const struct args *args)
{
    char why[WHY_LEN];

    if (args->socket != NULL)
        return strdup(args->socket);
    char *path = conf_find_control(args->conf, why);
    if (path == NULL)
        fprintf(stderr, "waymark: %s; without it, name the control socket with --socket PATH\n", why);
    return path;
}

static int run_status(const struct args *args)
{
    char *path = find_socket(args);
    int status = path == NULL ? 1 : control_status(path, (args->given & OPT_JSON) != 0, stdout);

    free(path);
    return status;
}

static int run_reload(const struct args *args)
{
    char *path = find_socket(args);
    int status = path == NULL ? 1 : control_reload(path, stdout);

    free(path);
    return status;
}

static int run_purge(const struct args *args)
{
    const struct control_purge_args purge = {
        .url = args->url,
        .prefix = args->prefix,
        .tag = args->tag,
        .is_all = (args->given & OPT_ALL) != 0,
        .is_soft = (args->given & OPT_SOFT) != 0,
        .is_json = (args->given & OPT_JSON) != 0,
    };
    unsigned what = args->given & OPT_WHAT;

    if (what == 0 || (what & (what - 1)) != 0) {
        fprintf(stderr, "waymark purge: what? expected one of --url, --prefix, --tag and --all\n");
        return EXIT_USAGE;
    }
    char *path = find_socket(args);
    int status = path == NULL ? 1 : control_purge(path, &purge, stdout);
    free(path);
    return status;
}

static int run_edge(const struct args *args)
{
    char *path = find_socket(args);
    int status = path == NULL ? 1 : control_edge(path, args->words[0], args->words[1], stdout);

    free(path);
    return status;
}

static int run_fetch(const struct args *args)
{
    const struct control_fetch_args fetch = {
        .conf_file = args->conf,
        .socket = args->socket,
        .url = args->words[0],
        .client = args->client,
        .resolver = args->resolver,
        .is_json = (args->given & OPT_JSON) != 0,
    };

    return control_fetch(&fetch, stdout);
}

static int run_version(const struct args *args)
{
    puts("waymark " WAYMARK_VERSION);
    return 0;
}

static int run_help(const struct args *args);

static const struct command commands[] = {
    { "serve", "-c FILE", "answer DNS queries until SIGTERM; SIGHUP reloads", OPT_CONF, OPT_CONF, 0,
      0, run_serve },
    { "check", "-c FILE", "load all that serve would, report every mistake; exit 0 or 1", OPT_CONF,
      OPT_CONF, 0, 0, run_check },
    { "explain",
      "-c FILE | --socket PATH NAME [TYPE] [--client ADDRESS[/LEN]] [--resolver ADDRESS] "
      "[--at TIME] [--json] [--without TARGET,...] [--offline] [--state FOLDER | --all-up] | "
      "NAME --table | [NAME] --diff OTHER",
      "why a client gets the answer it gets; asks the running server if there is one. --table: who "
      "serves which part of the address space; --diff: for whom another configuration differs",
      OPT_CONF | OPT_VERDICTS | OPT_CLIENT | OPT_RESOLVER | OPT_AT | OPT_JSON | OPT_TABLE | OPT_DIFF,
      OPT_CONF | OPT_SOCKET, 0, 2, run_explain },
    { "simulate",
      "-c FILE --queries FILE [--client ADDRESS[/LEN]] [--resolver ADDRESS] [--csv] "
      "[--without TARGET,...] [--offline] [--state FOLDER | --all-up]",
      "what each target would get of recorded queries, country by country",
      OPT_CONF | OPT_QUERIES | OPT_CLIENT | OPT_RESOLVER | OPT_VERDICTS | OPT_CSV, OPT_CONF, 0, 0,
      run_simulate },
    { "map",
      "-c FILE [--service NAME] [--without TARGET,...] [--offline] [--state FOLDER | --all-up] "
      "-o FILE",
      "draw the world of a service as SVG: PoPs, and which target each country gets",
      OPT_CONF | OPT_SERVICE | OPT_VERDICTS | OPT_OUT, OPT_CONF, 0, 0, run_map },
    { "status", "-c FILE | --socket PATH [--json]", "what the running server serves and believes",
      OPT_CONF | OPT_SOCKET | OPT_JSON, OPT_CONF | OPT_SOCKET, 0, 0, run_status },
    { "reload", "-c FILE | --socket PATH", "have the running server load its configuration anew",
      OPT_CONF | OPT_SOCKET, OPT_CONF | OPT_SOCKET, 0, 0, run_reload },
    { "fetch",
      "-c FILE | --socket PATH URL [--client ADDRESS[/LEN]] [--resolver ADDRESS] [--json]",
      "a whole delivery: the answer a client gets, then the object from the edge it names",
      OPT_CONF | OPT_SOCKET | OPT_CLIENT | OPT_RESOLVER | OPT_JSON, OPT_CONF | OPT_SOCKET, 1, 1,
      run_fetch },
    { "purge",
      "-c FILE | --socket PATH --url URL | --prefix URL | --tag TAG | --all [--soft] [--json]",
      "have all edges of the running server forget what they stored, or take it for stale",
      OPT_CONF | OPT_SOCKET | OPT_WHAT | OPT_SOFT | OPT_JSON, OPT_CONF | OPT_SOCKET, 0, 0,
      run_purge },
    { "edge", "-c FILE | --socket PATH POP up|draining|down",
      "what an edge's /healthz says, so that checks move its clients away, or back",
      OPT_CONF | OPT_SOCKET, OPT_CONF | OPT_SOCKET, 2, 2, run_edge },
    { "options", "", "print every option of the configuration", 0, 0, 0, 0, run_options },
    { "version", "", "print the version", 0, 0, 0, 0, run_version },
    { "help", "", "print this", 0, 0, 0, 0, run_help },
};

enum { N_COMMANDS = sizeof commands / sizeof *commands };

static void print_command(const struct command *c, FILE *out)
{
    fprintf(out, "  waymark %s%s%s\n      %s\n", c->name, c->synopsis[0] != '\0' ? " " : "",
            c->synopsis, c->sentence);
}

static int run_help(const struct args *args)
{
    puts("Waymark answers DNS queries with the right place for each client.\n");
    for (size_t i = 0; i < N_COMMANDS; i++)
        print_command(&commands[i], stdout);
    return 0;
}

static const struct option long_options[] = {
    { "config", required_argument, NULL, OPT_CONF },
    { "socket", required_argument, NULL, OPT_SOCKET },
    { "json", no_argument, NULL, OPT_JSON },
    { "client", required_argument, NULL, OPT_CLIENT },
    { "resolver", required_argument, NULL, OPT_RESOLVER },
    { "at", required_argument, NULL, OPT_AT },
    { "offline", no_argument, NULL, OPT_OFFLINE },
    { "url", required_argument, NULL, OPT_URL },
    { "prefix", required_argument, NULL, OPT_PREFIX },
    { "tag", required_argument, NULL, OPT_TAG },
    { "all", no_argument, NULL, OPT_ALL },
    { "soft", no_argument, NULL, OPT_SOFT },
    { "without", required_argument, NULL, OPT_WITHOUT },
    { "down", required_argument, NULL, OPT_WITHOUT }, /* the same */
    { "state", required_argument, NULL, OPT_STATE },
    { "all-up", no_argument, NULL, OPT_ALL_UP },
    { "table", no_argument, NULL, OPT_TABLE },
    { "diff", required_argument, NULL, OPT_DIFF },
    { "queries", required_argument, NULL, OPT_QUERIES },
    { "csv", no_argument, NULL, OPT_CSV },
    { "service", required_argument, NULL, OPT_SERVICE },
    { "output", required_argument, NULL, OPT_OUT },
    { "help", no_argument, NULL, OPT_HELP },
    { NULL, 0, NULL, 0 },
};

static int option_of(int letter)
{
    return letter == 'c'   ? OPT_CONF
           : letter == 'o' ? OPT_OUT
           : letter == 'h' ? OPT_HELP
                           : letter;
}

static bool add_names(char names[static NAMES_LEN], const char *more)
{
    size_t used = strlen(names);
    int n = snprintf(names + used, NAMES_LEN - used, "%s%s", used > 0 ? "," : "", more);

    return n >= 0 && (size_t)n < NAMES_LEN - used;
}

/* false: it is too long. */
static bool take_value(struct args *args, int option)
{
    args->given |= (unsigned)option;
    if (option == OPT_CONF)
        args->conf = optarg;
    else if (option == OPT_SOCKET)
        args->socket = optarg;
    else if (option == OPT_CLIENT)
        args->client = optarg;
    else if (option == OPT_RESOLVER)
        args->resolver = optarg;
    else if (option == OPT_AT)
        args->at = optarg;
    else if (option == OPT_URL)
        args->url = optarg;
    else if (option == OPT_PREFIX)
        args->prefix = optarg;
    else if (option == OPT_TAG)
        args->tag = optarg;
    else if (option == OPT_STATE)
        args->state = optarg;
    else if (option == OPT_WITHOUT)
        return add_names(args->without, optarg);
    else if (option == OPT_DIFF)
        args->diff = optarg;
    else if (option == OPT_QUERIES)
        args->queries = optarg;
    else if (option == OPT_SERVICE)
        args->service = optarg;
    else if (option == OPT_OUT)
        args->out = optarg;
    return true;
}

/* false: it has been said what is wrong. argv[0] is the command. */
static bool parse(int argc, char **argv, struct args *args)
{
    int letter;

    opterr = 0;
    while ((letter = getopt_long(argc, argv, ":c:o:h", long_options, NULL)) != -1) {
        if (letter == '?' || letter == ':') {
            fprintf(stderr, "waymark %s: option %s %s\n", argv[0], argv[optind - 1],
                    letter == '?' ? "is not known here, or takes no value" : "wants a value");
            return false;
        }
        if (!take_value(args, option_of(letter))) {
            fprintf(stderr, "waymark %s: so many names are too long\n", argv[0]);
            return false;
        }
    }
    args->words = argv + optind;
    args->n_words = argc - optind;
    return true;
}

/* NULL when the words fit the command. */
static const char *complaint(const struct command *c, const struct args *args)
{
    if ((args->given & ~c->takes) != 0)
        return "one of these options belongs to another command";
    if (c->needs != 0 && (args->given & c->needs) == 0)
        return (c->needs & OPT_SOCKET) != 0 ? "-c FILE or --socket PATH is missing"
                                            : "-c FILE, the configuration, is missing";
    if ((args->given & OPT_STATE) != 0 && (args->given & OPT_ALL_UP) != 0)
        return "--state and --all-up contradict each other";
    if ((args->given & (OPT_OFFLINE | OPT_STATE | OPT_ALL_UP | OPT_TABLE | OPT_DIFF)) != 0 &&
        args->conf == NULL)
        return "the files are asked: -c FILE, the configuration, is missing";
    if (args->n_words < c->words_min)
        return "a word is missing";
    if (args->n_words > c->words_max)
        return "there are too many words";
    return NULL;
}

static int run(const struct command *c, int argc, char **argv)
{
    struct args args = { 0 };
    const char *trouble = NULL;
    bool is_parsed = parse(argc, argv, &args);

    if (is_parsed && (args.given & OPT_HELP) != 0) {
        print_command(c, stdout);
        return 0;
    }
    if (is_parsed)
        trouble = complaint(c, &args);
    if (is_parsed && trouble == NULL)
        return c->run(&args);
    if (trouble != NULL)
        fprintf(stderr, "waymark %s: %s\n", c->name, trouble);
    print_command(c, stderr);
    return EXIT_USAGE;
}

static const struct command *find_command(const char *name)
{
    if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0)
        name = "help";
    if (strcmp(name, "--version") == 0 || strcmp(name, "-V") == 0)
        name = "version";
    for (size_t i = 0; i < N_COMMANDS; i++)
        if (strcmp(commands[i].name, name) == 0)
            return &commands[i];
    return NULL;
}

int main(int argc, char **argv)
{
    const struct command *c = argc > 1 ? find_command(argv[1]) : NULL;

    if (c != NULL)
        return run(c, argc - 1, argv + 1);
    if (argc > 1)
        fprintf(stderr, "waymark: there is no command \"%s\"; `waymark help` lists them\n",
                argv[1]);
    else
        fprintf(stderr, "waymark: which command? `waymark help` lists them\n");
    return EXIT_USAGE;
}

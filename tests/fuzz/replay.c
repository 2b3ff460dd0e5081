/* replay.c - runs a fuzz target over the files of the folders and files named on the command line,
 * with any compiler: what a fuzzer found once stays found. */
#include "fuzz.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

enum { PATH_LEN = 4096, INPUT_MAX = 1 << 20 };

static int replay_file(const char *path, uint8_t *buffer)
{
    FILE *in = fopen(path, "rb");

    if (in == NULL) {
        perror(path);
        return 0;
    }
    size_t len = fread(buffer, 1, INPUT_MAX, in);
    fclose(in);

    /* Its own block, so that the address sanitizer sees the first octet beyond. */
    uint8_t *input = malloc(len > 0 ? len : 1);
    if (input == NULL)
        abort();
    for (size_t i = 0; i < len; i++)
        input[i] = buffer[i];
    printf("%s\n", path);
    fflush(stdout); /* a crash shows on which input */
    LLVMFuzzerTestOneInput(input, len);
    free(input);
    return 1;
}

static int replay_folder(const char *path, uint8_t *buffer)
{
    char file[PATH_LEN];
    struct dirent *entry;
    int n = 0;
    DIR *dir = opendir(path);

    if (dir == NULL) {
        perror(path);
        return 0;
    }
    while ((entry = readdir(dir)) != NULL) {
        if (entry->d_name[0] == '.')
            continue;
        snprintf(file, sizeof file, "%s/%s", path, entry->d_name);
        n += replay_file(file, buffer);
    }
    closedir(dir);
    return n;
}

int main(int argc, char **argv)
{
    uint8_t *buffer = malloc(INPUT_MAX);
    struct stat st;
    int n = 0;

    if (buffer == NULL)
        return 1;
    for (int i = 1; i < argc; i++) {
        bool is_folder = stat(argv[i], &st) == 0 && S_ISDIR(st.st_mode);
        n += is_folder ? replay_folder(argv[i], buffer) : replay_file(argv[i], buffer);
    }
    free(buffer);
    printf("%d inputs\n", n);
    return n > 0 ? 0 : 1;
}

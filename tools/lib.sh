# lib.sh - what the programs in tools/ share; sourced by bash. Goes to the project's root, whoever
# calls from wherever, and sets a locale that every Debian has.

set -u
export LC_ALL=C.UTF-8
unset CDPATH
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P) || exit 1
cd "$root" || exit 1

say()
{
    printf '%s\n' "$*"
}

die()
{
    printf '%s: %s\n' "${0##*/}" "$*" >&2
    exit 1
}

# How many jobs at a time: cores, but a gigabyte of memory each.
jobs_that_fit()
{
    local cores memory_kb

    cores=$(nproc 2>/dev/null || echo 1)
    memory_kb=$(sed -n 's/^MemAvailable: *\([0-9]*\) kB/\1/p' /proc/meminfo 2>/dev/null)
    memory_kb=${memory_kb:-1048576}
    (( cores > memory_kb / 1048576 + 1 )) && cores=$(( memory_kb / 1048576 + 1 ))
    echo "$cores"
}

# configure DIR COMPILER [MESON OPTIONS]: sets up a build folder unless it is; quiet when all is well.
configure()
{
    local dir=$1 compiler=$2 words
    shift 2

    [ -f "$dir/build.ninja" ] && return 0
    rm -rf "$dir"
    if ! words=$(CC=$compiler meson setup "$dir" "$@" 2>&1); then
        tail -n 20 <<<"$words" >&2
        rm -rf "$dir"
        return 1
    fi
}

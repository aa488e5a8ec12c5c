# shellcheck shell=sh
# The shim of a guarded command: lets pass what certainly touches no instance, as if by `guardsh run -- NAME …`.
#
# `guardsh install` copies it to /usr/local/bin/rm and the other names, behind two lines that it needs:
#   #!/bin/sh
#   __guardsh_program=/opt/guardsh/bin/guardsh
#
# POSIX sh (dash, bash, busybox), builtins only, until something may be an instance's business: then guardsh is asked,
# and the command becomes this process in either case. Only "certainly unrelated" is decided here; every doubt is
# guardsh's. What passes here passes there too (tests/properties/test_shim.py). docs/nets.md says what reaches the
# program. Every name begins with __guardsh_, because what happens to be in the environment stays there.
#
# shellcheck disable=SC3013 # test -ef: POSIX.1-2024, and in dash, busybox and bash since long before
# shellcheck disable=SC2154 # __guardsh_program is in front of this file

# The exit statuses of `guardsh permit` for "it may run", and for "done in its place" with status 0 or 1 (moved aside
# instead of deleted): no crash, no empty file and no other program ends like that.
__guardsh_permitted=86
__guardsh_done=87
__guardsh_failed=88

__guardsh_name=${0##*/}

# the real program

# Become it. rm gets its own name as argv[0], as it was called ("rm: cannot remove"); that takes a PATH on which it
# comes first, which rm, starting nothing, does not use. The others find themselves, and what lies beside them, by the
# path in argv[0] (find_my_exec, src/common/exec.c; wal-g starts itself again).
__guardsh_become() {
    if ! __guardsh_find; then
        printf '%s: command not found\n' "$__guardsh_name" >&2
        exit 127
    fi
    case $__guardsh_real in
        */rm) PATH=${__guardsh_real%/rm}:$PATH
              exec rm "$@" ;;
        *) exec "$__guardsh_real" "$@" ;;
    esac
}

# What was here before a diversion; otherwise the next of this name on PATH behind this shim. Never one before it, so
# that two shims cannot call each other for ever.
__guardsh_find() {
    __guardsh_real=$0.guardsh-diverted
    if [ -x "$__guardsh_real" ]; then return 0; fi
    __guardsh_real='' __guardsh_rest=$PATH: __guardsh_own=${0%/*}
    while [ -n "$__guardsh_rest" ]; do
        __guardsh_directory=${__guardsh_rest%%:*}
        __guardsh_rest=${__guardsh_rest#*:}
        if [ "${__guardsh_directory:-.}" = "$__guardsh_own" ]; then __guardsh_real='' __guardsh_own=:; fi
        __guardsh_candidate "${__guardsh_directory:-.}/$__guardsh_name"
    done
    [ -n "$__guardsh_real" ]
}

__guardsh_candidate() {
    if [ -n "$__guardsh_real" ] || [ ! -f "$1" ] || [ ! -x "$1" ] || [ "$1" -ef "$0" ]; then return; fi
    __guardsh_real=$1
    if [ -z "${__guardsh_judged-}" ] || ! __guardsh_shim "$1"; then return; fi
    __guardsh_real=$1.guardsh-diverted
    if [ ! -x "$__guardsh_real" ]; then __guardsh_real=''; fi
}

# Whether this is another shim, which would only ask again: what was there before it is meant.
__guardsh_shim() {
    { IFS= read -r __guardsh_line && IFS= read -r __guardsh_line; } <"$1" || return 1
    case $__guardsh_line in __guardsh_program=*) return 0 ;; *) return 1 ;; esac
} 2>/dev/null

# rm

__guardsh_rm() {
    __guardsh_below=no __guardsh_options=yes __guardsh_seen=''
    # Options may stand behind operands: how far it reaches is known only when all words have been read. Not so with
    # POSIXLY_CORRECT, which bash as sh sets for itself.
    for __guardsh_word; do
        case $__guardsh_options$__guardsh_word in
            operands-?*) return 1 ;;
            yes--) __guardsh_options=no ;;
            yes--recursive | yes--dir) __guardsh_below=yes ;;
            yes--force | yes--verbose | yes--one-file-system | yes--preserve-root | yes--interactive*) ;;
            yes--* | yes-*[!dfiIrRv]*) return 1 ;;
            yes-*[drR]*) __guardsh_below=yes ;;
            yes-?*) ;;
            yes*) if [ -n "${POSIXLY_CORRECT+set}" ]; then __guardsh_options=operands; fi ;;
        esac
    done
    __guardsh_options=yes
    for __guardsh_word; do
        case $__guardsh_options$__guardsh_word in
            yes--) __guardsh_options=no ;;
            yes-?*) ;;
            *) __guardsh_operand "$__guardsh_word" || return 1 ;;
        esac
    done
}

# A name that is no link into somewhere, in a directory that no instance is above of.
__guardsh_operand() {
    set -- "${1%"${1##*[!/]}"}"
    __guardsh_ordinary "${1##*/}" || return 1
    if [ -L "$1" ] && [ ! -f "$1" ]; then return 1; fi
    case $1 in
        /*/*) __guardsh_parent=${1%/*} ;;
        /*) __guardsh_parent=/ ;;
        */*) __guardsh_parent=./${1%/*} ;;
        *) __guardsh_parent=. ;;
    esac
    if [ "$__guardsh_parent" != "$__guardsh_seen" ]; then
        __guardsh_outside "$__guardsh_parent" || return 1
        __guardsh_seen=$__guardsh_parent
    fi
    if [ $__guardsh_below = yes ] && [ -d "$1" ]; then
        case $1 in
            /*) __guardsh_leaf "$1" ;;
            *) __guardsh_leaf "./$1" ;;
        esac
    fi
}

# A name that is no mark of an instance (MARKS of guardsh/fastpath.py), no tablespace's, and not one that files of
# pg_xact have (slru.c, SlruFileName), which a link may have moved to where nothing else tells.
__guardsh_ordinary() {
    case $1 in
        [0123456789ABCDEF][0123456789ABCDEF][0123456789ABCDEF][0123456789ABCDEF]) return 1 ;;
        '' | . | .. | PG_* | archive_status | backup.manifest | backup_label | backup_manifest | pg_clog | pg_control | \
            pg_hba.conf | pg_tblspc | pg_wal | pg_xact | pg_xlog | postgresql.auto.conf | postgresql.conf | \
            postmaster.pid | recovery.conf | recovery.signal | standby.signal) return 1 ;;
        archive.info | archive.info.copy | backup.info | backup.info.copy | pg_wal.tar*) return 1 ;; # of backups
    esac
}

# A directory in which, and above which, there is no mark. `..` of the kernel leads up the real path, through any link.
# Of links that lead nowhere only those count that people make for directories of an instance.
__guardsh_outside() {
    [ -d "$1" ] && __guardsh_way_ordinary "$1" && __guardsh_no_mark "$1"
}

__guardsh_no_mark() {
    while [ -x "$1" ]; do
        # shellcheck disable=SC2166 # one test of all costs half as much, and no operand looks like an operator
        if [ -e "$1/PG_VERSION" -o -e "$1/archive_status" -o -e "$1/backup.manifest" -o -e "$1/backup_label" \
            -o -e "$1/backup_manifest" -o -e "$1/pg_clog" -o -e "$1/pg_control" -o -e "$1/pg_hba.conf" \
            -o -e "$1/pg_tblspc" -o -e "$1/pg_wal" -o -e "$1/pg_xact" -o -e "$1/pg_xlog" \
            -o -e "$1/postgresql.auto.conf" -o -e "$1/postgresql.conf" -o -e "$1/postmaster.pid" \
            -o -e "$1/recovery.conf" -o -e "$1/recovery.signal" -o -e "$1/standby.signal" \
            -o -L "$1/pg_clog" -o -L "$1/pg_tblspc" -o -L "$1/pg_wal" -o -L "$1/pg_xact" -o -L "$1/pg_xlog" ]; then
            return 1
        fi
        if [ "$1/" -ef / ]; then return 0; fi
        set -- "$1/.."
    done
    return 1
}

# Whether no directory on the way has a tablespace's name, as the path says it and as it really is (one process more);
# and no mark is above a link that it goes through.
__guardsh_way_ordinary() {
    case $1 in
        /*) set -- "$1" "$1" ;;
        *) [ "$PWD" -ef . ] || return 1
           set -- "$PWD/$1" "$PWD/$1" ;;
    esac
    case $1 in */PG_*) return 1 ;; esac
    __guardsh_way=
    while [ -n "$2" ]; do
        if [ -L "$2" ]; then
            __guardsh_way=linked
            __guardsh_above=${2%/*}
            __guardsh_no_mark "${__guardsh_above:-/}" || return 1
        fi
        set -- "$1" "${2%/*}"
    done
    [ -n "$__guardsh_way" ] || return 0
    __guardsh_way=$(cd -P -- "$1" && pwd -P) || return 1
    case $__guardsh_way in */PG_*) return 1 ;; esac
}

# A directory with nothing but files in it, none of them a mark, in which and above which no server has anything.
__guardsh_leaf() {
    __guardsh_outside "$1" || return 1
    [ -r "$1" ] || return 1
    for __guardsh_entry in "$1"/* "$1"/.[!.]* "$1"/..?*; do
        __guardsh_ordinary "${__guardsh_entry##*/}" || return 1
        if [ -d "$__guardsh_entry" ] || [ -L "$__guardsh_entry" ]; then return 1; fi
    done
    for __guardsh_process in /proc/[0-9]*; do
        IFS= read -r __guardsh_comm <"$__guardsh_process/comm" || continue # it has ended
        case $__guardsh_comm in
            postgres | postmaster | edb-postgres | edb-postmaster)
                __guardsh_below_one "$1" "$__guardsh_process"/cwd/ "$__guardsh_process"/cwd/* \
                    "$__guardsh_process"/cwd/pg_tblspc/* && return 1 ;;
        esac
    done 2>/dev/null
    return 0
}

# Whether the directory $1 is where a server runs, or where a link in there leads, or is below such a place.
__guardsh_below_one() {
    __guardsh_child=$1
    shift
    for __guardsh_place; do
        case $__guardsh_place in */) ;; *) [ -L "$__guardsh_place" ] || continue ;; esac
        __guardsh_at_or_below "$__guardsh_child" "$__guardsh_place" && return 0
    done
    return 1
}

__guardsh_at_or_below() {
    until [ "$1" -ef "$2" ]; do
        if [ "$1/" -ef / ]; then return 1; fi
        set -- "$1/.." "$2"
    done
}

# A shell reads on only when it has done what it has read: a file or two cost no more than what is above.
if [ "$__guardsh_name" = rm ] && __guardsh_rm "$@"; then __guardsh_become "$@"; fi

# tools that mostly only look or add

# A verb that only reads, or writes to the archive what is not there yet. It is the first word that is neither an
# option nor an option's value.
__guardsh_wal_g() {
    while [ $# -gt 0 ]; do
        case $1 in
            backup-list | backup-push | catchup-list | completion | flags | help) return 0 ;;
            wal-push | wal-receive | wal-show | wal-verify) return 0 ;;
            --help | --turbo | -h | -*=*) ;;
            --config) [ $# -gt 1 ] && shift ;;
            *) return 1 ;;
        esac
        shift
    done
    return 1
}

# The same of a command behind options that have their value in the same word.
__guardsh_pgbackrest() {
    for __guardsh_word; do
        case $__guardsh_word in
            archive-push | backup | check | help | info | verify | version) return 0 ;;
            -*=*) ;;
            *) return 1 ;;
        esac
    done
    return 1
}

# What monitoring runs every minute (LOOKS of guardsh/fastpath/first_word.py): its first word says that it only looks.
__guardsh_looks() {
    case "$__guardsh_name ${1-}" in
        'btrfs balance' | 'btrfs filesystem' | 'btrfs inspect-internal' | 'btrfs property' | 'btrfs qgroup') ;;
        'btrfs quota' | 'btrfs scrub' | 'btrfs send') ;;
        'mdadm --detail' | 'mdadm --examine' | 'mdadm --monitor' | 'mdadm --query') ;;
        'mdadm -D' | 'mdadm -E' | 'mdadm -F' | 'mdadm -Q') ;;
        'nvme error-log' | 'nvme get-feature' | 'nvme get-log' | 'nvme id-ctrl' | 'nvme id-ns' | 'nvme list') ;;
        'nvme list-subsys' | 'nvme smart-log') ;;
        'zfs get' | 'zfs hold' | 'zfs holds' | 'zfs list' | 'zfs send' | 'zfs snapshot' | 'zfs userspace') ;;
        'zfs version') ;;
        'zpool events' | 'zpool get' | 'zpool history' | 'zpool iostat' | 'zpool list' | 'zpool scrub') ;;
        'zpool status' | 'zpool trim' | 'zpool version') ;;
        *) return 1 ;;
    esac
}

# The action may stand anywhere (src/bin/pg_ctl/pg_ctl.c): harmless where the only word that is no common option nor the
# value of one is.
__guardsh_pg_ctl() {
    __guardsh_action=
    while [ $# -gt 0 ]; do
        case $1 in
            -D | --pgdata | -l | --log | -m | --mode | -t | --timeout) [ $# -gt 1 ] && shift ;;
            -s | --silent | -w | --wait | -W | --no-wait) ;;
            logrotate | reload | status)
                [ -z "$__guardsh_action" ] || return 1
                __guardsh_action=$1 ;;
            *) return 1 ;;
        esac
        shift
    done
    [ -n "$__guardsh_action" ]
}

# who asks

# archive_command, restore_command and archive_cleanup_command.
__guardsh_from_server() {
    __guardsh_ancestor postgres postmaster edb-postgres edb-postmaster
}

__guardsh_from_ha_manager() {
    __guardsh_ancestor patroni pg_autoctl repmgrd stolon-keeper
}

# Whether a process above this one has one of these names, and is no shell: a script has any name that somebody gave it.
__guardsh_ancestor() {
    __guardsh_pid=$PPID
    while [ "$__guardsh_pid" -gt 1 ]; do
        __guardsh_process=/proc/$__guardsh_pid
        __guardsh_status "$__guardsh_process/status" || return 1
        for __guardsh_word; do
            if [ "$__guardsh_comm" = "$__guardsh_word" ] && __guardsh_no_shell "$__guardsh_process/exe"; then return 0; fi
        done
    done
    return 1
}

__guardsh_no_shell() {
    [ -e "$1" ] || return 1
    for __guardsh_shell in sh bash dash ksh zsh busybox; do
        if [ "$1" -ef "/bin/$__guardsh_shell" ]; then return 1; fi
    done
}

# Name and parent of a process, from its lines `Name:` and `PPid:` (proc(5)).
__guardsh_status() {
    [ -r "$1" ] || return 1
    __guardsh_pid=0 __guardsh_comm=
    while read -r __guardsh_key __guardsh_value; do
        case $__guardsh_key in
            Name:) __guardsh_comm=$__guardsh_value ;;
            PPid:) __guardsh_pid=$__guardsh_value; return 0 ;;
        esac
    done <"$1"
    return 1
} 2>/dev/null

case $__guardsh_name in
    wal-g) if __guardsh_wal_g "$@" || __guardsh_from_server; then __guardsh_become "$@"; fi ;;
    pgbackrest) if __guardsh_pgbackrest "$@" || __guardsh_from_server; then __guardsh_become "$@"; fi ;;
    pg_archivecleanup) if __guardsh_from_server; then __guardsh_become "$@"; fi ;;
    pg_ctl) if __guardsh_pg_ctl "$@"; then __guardsh_become "$@"; fi ;;
    btrfs | mdadm | nvme | zfs | zpool) if __guardsh_looks "$@"; then __guardsh_become "$@"; fi ;;
esac
if __guardsh_from_ha_manager; then __guardsh_become "$@"; fi

# the engine

# A child, so that what it does when it cannot start is not the last that happens; the terminal's keys are for it.
__guardsh_ask() {
    __guardsh_judged=127
    if __guardsh_can_start; then
        __guardsh_named=$__guardsh_name
        if [ -x "$0.guardsh-diverted" ]; then __guardsh_named=$0; fi
        trap : INT QUIT
        "$__guardsh_program" permit -- "$__guardsh_named" "$@"
        __guardsh_judged=$?
        trap - INT QUIT
    fi
    case $__guardsh_judged in
        "$__guardsh_permitted") __guardsh_become "$@" ;;
        "$__guardsh_done") exit 0 ;;
        "$__guardsh_failed") exit 1 ;;
        77 | 125) exit "$__guardsh_judged" ;;
        129 | 130 | 131 | 143) # hung up, interrupted, quit, terminated: so is this
            kill -s "$(kill -l "$__guardsh_judged")" $$
            exit "$__guardsh_judged" ;;
        *) __guardsh_without_engine "$@" ;;
    esac
}

# Whether it and its interpreter are there; a shell's own message about that would name neither.
__guardsh_can_start() {
    [ -x "$__guardsh_program" ] && IFS= read -r __guardsh_line <"$__guardsh_program" || return 1
    __guardsh_line=${__guardsh_line#??}
    [ -x "${__guardsh_line%% *}" ]
}

# Nobody can judge: what may hold an instance stays, unless somebody says why; the rest runs.
__guardsh_without_engine() {
    if [ -n "${GUARDSH_BREAK_GLASS-}" ]; then
        logger -p auth.warning -t guardsh -- "break glass ($GUARDSH_BREAK_GLASS): $__guardsh_name $*" 2>/dev/null ||
            printf 'guardsh: could not put this on record: no system log\n' >&2
    elif ! __guardsh_holds_nothing "$@"; then
        printf '%s\n' "guardsh: could not start ($__guardsh_program), and what this would touch may hold an instance:" \
            "$__guardsh_found; not run" \
            "hint: to run it all the same, on record: GUARDSH_BREAK_GLASS='REASON' before the command" >&2
        exit 125
    else
        printf '%s\n' "guardsh: could not start ($__guardsh_program); no sign of an instance in what is named, running" >&2
    fi
    __guardsh_become "$@"
}

# Whether what it does certainly leads to nothing of an instance, as far as this can be told here.
__guardsh_holds_nothing() {
    __guardsh_found="$__guardsh_name $*"
    case $__guardsh_name in
        rm | wal-g | pg_ctl | postgres | postmaster | initdb | pg_archivecleanup | pg_basebackup | pg_checksums | \
            pg_combinebackup | pg_createsubscriber | pg_resetwal | pg_rewind | pg_upgrade)
            __guardsh_words_hold_nothing "$@" "${PGDATA-}" "${PGDATAOLD-}" "${PGDATANEW-}" ;;
        fsfreeze | halt | init | kexec | losetup | poweroff | reboot | shutdown | telinit | umount) __guardsh_no_server ;;
        *) return 1 ;; # devices, clusters by their names, repositories
    esac
}

__guardsh_no_server() {
    for __guardsh_process in /proc/[0-9]*; do
        IFS= read -r __guardsh_comm <"$__guardsh_process/comm" || continue # it has ended
        case $__guardsh_comm in postgres | postmaster | edb-postgres | edb-postmaster) return 1 ;; esac
    done 2>/dev/null
}

# Whether no word leads to anything of an instance. Looks for five seconds at most at each.
__guardsh_words_hold_nothing() {
    for __guardsh_word; do
        __guardsh_found=$__guardsh_word
        case $__guardsh_name$__guardsh_word in wal-gdelete) return 1 ;; esac
        case $__guardsh_word in
            *=*) __guardsh_value=${__guardsh_word#*=} ;; # --pgdata=DIRECTORY
            -[!-]?*) __guardsh_value=${__guardsh_word#-?} ;; # -DDIRECTORY
            *) __guardsh_value= ;;
        esac
        __guardsh_search "$__guardsh_word" && __guardsh_search "$__guardsh_value" || return 1
    done
}

# Whether nothing of an instance is at $1, above it, or below it as far as five seconds reach.
__guardsh_search() {
    case $1 in '') return 0 ;; /*) ;; *) set -- "./$1" ;; esac
    if [ ! -e "$1" ] && [ ! -L "$1" ]; then return 0; fi
    if [ ! -d "$1" ]; then
        __guardsh_ordinary "${1##*/}" || return 1
        set -- "${1%/*}"
        __guardsh_outside "${1:-/}"
        return
    fi
    __guardsh_outside "$1" || return 1
    __guardsh_hits=$(timeout 5 find "$1/" \( -name PG_VERSION -o -name 'PG_[0-9]*' -o -name pg_control -o \
        -name archive_status -o -name postmaster.pid \) -print 2>/dev/null) || return 1
    [ -z "$__guardsh_hits" ]
}

__guardsh_ask "$@"

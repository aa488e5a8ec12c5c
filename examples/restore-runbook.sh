#!/usr/bin/env bash
# Restore the replica db-02 from its archive with wal-g, and start it. Run as root, on db-02:
#
#     restore-runbook.sh 2>&1 | tee /root/restore.log       (never into the data directory)
#
# with pg_ctl and wal-g on PATH. Before each step it says what must be true of the node, and stops where it is not.
# The host name is a literal: one that is taken from the machine agrees with every machine.
set -euo pipefail
shopt -s nullglob dotglob
trap 'echo "restore-runbook: stopped in line $LINENO, nothing further was run" >&2' ERR

DATA=${DATA:-/mnt/data/postgresql-14}
BACKUP=${BACKUP:-LATEST}
SOURCE=${SOURCE:-host=db-01 port=5432 user=replication} # the primary that db-02 will stream from
OWNER=${OWNER:-postgres}
as_owner=(runuser -u "$OWNER" --)

step() { printf '\n── %s\n' "$*"; }

step "this is db-02, its arrays are complete, and no server runs in $DATA"
guardsh expect --host db-02 --array healthy
guardsh expect --state stopped --instance "$DATA"
cd /

step "what is left in $DATA is no cluster: an aborted restore, or nothing"
remains=("$DATA"/*)
if ((${#remains[@]})); then
    guardsh check -- rm -rf -- "${remains[@]}"
    guardsh run -- rm -rf -- "${remains[@]}"
fi

step "restore $BACKUP into the empty directory"
guardsh check -- "${as_owner[@]}" wal-g backup-fetch "$DATA" "$BACKUP"
guardsh run -- "${as_owner[@]}" wal-g backup-fetch "$DATA" "$BACKUP"

step "make it a replica of: $SOURCE"
"${as_owner[@]}" chmod 0700 "$DATA"
"${as_owner[@]}" touch "$DATA/standby.signal"
"${as_owner[@]}" tee -a "$DATA/postgresql.auto.conf" <<<"primary_conninfo = '$SOURCE'"

step "it will come up as a replica; start it"
guardsh check -- "${as_owner[@]}" pg_ctl start -D "$DATA"
guardsh run -- "${as_owner[@]}" pg_ctl start -D "$DATA" --no-wait --silent --log="$DATA/startup.log"

step "wait until it streams (hours, perhaps)"
until guardsh expect --quiet --role replica --instance "$DATA"; do
    sleep 2
    "${as_owner[@]}" pg_ctl status -D "$DATA" >/dev/null
done
guardsh expect --host db-02 --role replica --state running --instance "$DATA"

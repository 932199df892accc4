#!/bin/sh
# Copies the primary when there is no copy yet, and follows it.
set -eu
data=/var/lib/postgresql/replica
until [ -f "$data/PG_VERSION" ]; do
  rm -rf "$data"
  pg_basebackup --pgdata "$data" --dbname "host=primary user=onrecord" --write-recovery-conf || sleep 1
done
chmod 0700 "$data"
exec postgres -D "$data" -c listen_addresses='*' -c hot_standby=on

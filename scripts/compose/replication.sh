#!/bin/sh
# Lets the replica connect, as the service's own role, and has commits wait for it: run once, when the cluster is made.
set -eu
echo "host replication $POSTGRES_USER samenet scram-sha-256" >> "$PGDATA/pg_hba.conf"
# From the next start on. Who takes the replica away has to reset it, or appends wait for ever.
psql --username "$POSTGRES_USER" --dbname "$POSTGRES_DB" --command "ALTER SYSTEM SET synchronous_standby_names = '*'"

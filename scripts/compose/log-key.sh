#!/bin/sh
# Makes the key that signs the log, unless it is there, and gives each service a copy: with another it would not start.
set -eu
[ -f /node-1/log-key.pem ] || onrecord log-key new /node-1/log-key.pem
[ -f /node-2/log-key.pem ] || cp /node-1/log-key.pem /node-2
chown -R onrecord /node-1 /node-2
chmod -R go= /node-1 /node-2

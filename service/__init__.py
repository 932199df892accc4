"""Everything that touches the outside: settings, store, sequencer, telemetry, composition, commands."""

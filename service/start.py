"""The way in of the `onrecord` command."""

from service.garbage import loading


def main() -> None:
    """Run a command."""
    with loading():
        from service import cli  # noqa: PLC0415  # what it loads is the point
    cli.main()

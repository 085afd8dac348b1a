"""`pennywren`, also as `python -m pennywren`."""

from pennywren.cli.shell import shell


def main() -> None:
    """Run the command line."""
    shell(prog_name="pennywren")


if __name__ == "__main__":
    main()

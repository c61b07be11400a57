"""`python -m examples.fieldbook`: serve on this machine."""

import sys

import uvicorn


def main(arguments: list[str]) -> None:
    """Serve; `--port` chooses another port than 8200."""
    port = int(arguments[arguments.index("--port") + 1]) if "--port" in arguments else 8200
    uvicorn.run(
        "examples.fieldbook.app:application", factory=True, host="127.0.0.1", port=port, log_level="warning",
        timeout_graceful_shutdown=1,
    )  # fmt: skip


main(sys.argv[1:])

"""`twinloop providers serve`: our providers as servers that the official CLI attaches to."""

from __future__ import annotations

import os
import signal
import threading

from twinloop.cli.nouns import noun
from twinloop.cli.options import As, Stack
from twinloop.cli.output import Json, emit, say
from twinloop.clouds import environment, personas
from twinloop.clouds.home import find_home
from twinloop.clouds.session import open_session

app = noun("Our providers for the official CLI.")


@app.command("serve")
def serve(*, stack: Stack = "", as_persona: As = personas.DEPLOYER, _json: Json = False) -> None:
    """Serve our providers until Ctrl-C, speaking to the twin as a persona.

    Attach the official CLI in another shell by the line this prints; `twinloop twin env -- pulumi ...` does
    all of it for one command.
    """
    from twinloop.providers.serve import serve as start
    from twinloop.stacks.choice import choose
    from twinloop.stacks.official import ATTACH, PACKAGES, attached

    home = find_home()
    session = open_session(home, stack=choose(home, stack), persona=as_persona)
    ended = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: ended.set())
    with environment.applied(session.variables):
        ports, stop = start(PACKAGES)
        attach = attached(ports)
        emit(
            {"ports": ports, "attach": {ATTACH: attach}, "pid": os.getpid()},
            lambda out: out.print(f"export {ATTACH}={attach}", markup=False),
        )
        say("Serving; Ctrl-C ends it.")
        ended.wait()
        stop()

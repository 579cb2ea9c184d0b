"""The hub with translation off: what ``hub serve`` does, with an engine that has no packages."""

from __future__ import annotations

import sys

import uvicorn

from hub.app import create_app
from hub.logs import set_up_logs
from hub.settings import load_settings
from hub.wire import Wire
from tests.language.echo import EchoTranslator

if __name__ == "__main__":
    settings = load_settings()
    set_up_logs(settings.log_format)
    app = create_app(settings, translator=EchoTranslator(failing="no_package"))
    port = int(sys.argv[sys.argv.index("--port") + 1])
    uvicorn.run(app, host="127.0.0.1", port=port, log_config=None, access_log=False, ws=Wire)

"""Charters as files: YAML in and out, Markdown in and out, DOCX in.

What comes in is plain data: the JSON of a state (``rules.read_state``), with ``history`` besides
for earlier versions. What is wrong with a file is raised as ``FileFaults``, all at once.
"""

from hub.charters.files.docx_in import read_docx
from hub.charters.files.faults import LIMIT_BYTES, FileFault, FileFaults
from hub.charters.files.kinds import read_any
from hub.charters.files.markdown import read_markdown, to_markdown
from hub.charters.files.sheet import NO_SOURCE
from hub.charters.files.shelf import shipped
from hub.charters.files.yaml_in import read_yaml, read_yaml_all
from hub.charters.files.yaml_out import to_yaml

__all__ = [
    "LIMIT_BYTES",
    "NO_SOURCE",
    "FileFault",
    "FileFaults",
    "read_any",
    "read_docx",
    "read_markdown",
    "read_yaml",
    "read_yaml_all",
    "shipped",
    "to_markdown",
    "to_yaml",
]

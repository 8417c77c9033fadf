"""The DAG folder: watch it, keep its content as snapshots, parse changed files in children, store versions.

A look at the folder costs one `stat` a file; only what changed is read and hashed. The files found make a
*snapshot*, a manifest of content hashes. A file is parsed when it is new or when one of the things that its
last parse depended on changed: itself, modules that it imported, files that it opened, variables and
connections that it read. A file that failed is parsed again at every change of the folder, since what it
lacked may have come.

What a parse found is written in one transaction. A file that cannot be imported, or declares something that
cannot work, leaves an import error; the last good versions of its DAGs stay in force.
"""

from scheduler.parsing.folder import DagFolder, Parser
from scheduler.parsing.materialize import materialize

__all__ = ["DagFolder", "Parser", "materialize"]

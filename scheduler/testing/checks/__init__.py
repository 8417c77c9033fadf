"""`dirigent dags check`: what can be told of DAG files before any of them runs.

A file is imported in a child, as a server imports it, by `process`: it watches the import (`watching`), reads what was
declared (`branches`, `reach`, `wanted`) and the text (`old_names`), and tells what it found as warnings named after
their rule. `findings` reads them on the other side, where `comments` takes out what the author allows, and `sarif`
and `report` write down the rest.
"""

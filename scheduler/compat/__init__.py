"""Import names of other systems, in processes that load DAG files only."""

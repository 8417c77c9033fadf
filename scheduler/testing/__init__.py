"""What users test their DAGs with: `dag.test()` runs one in this process, without a server."""

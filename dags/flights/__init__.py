"""What the sample DAGs share: reading the data, a folder for their results, charts."""

"""What the API takes and answers, a module a noun; the names and fields are those of Airflow's API."""

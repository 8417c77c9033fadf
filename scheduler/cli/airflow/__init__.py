"""What an Airflow tells of itself: by the files that it exports, and by its API."""

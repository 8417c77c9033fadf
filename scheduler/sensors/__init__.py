"""Built-in sensors: tasks that wait for something."""

"""What people ask for: the one door for page, API, command line and tests. One module a verb."""

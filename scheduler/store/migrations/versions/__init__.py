"""One file a revision; see `scheduler.store.migrations`."""

"""Built-in hooks: the way to another system, by the connection that says where it is."""

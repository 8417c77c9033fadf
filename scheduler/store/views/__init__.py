"""What the pages read: a module a page, a function a question, frozen dataclasses out; nothing writes."""
